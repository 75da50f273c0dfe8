//! Links between documents lead somewhere.
//!
//! Seen are `[text](target)`, `![text](target)` and `[label]: target`, outside of code. What has a
//! scheme is not followed, and of `file#heading` only the file is looked for.

use crate::{Finding, Tree};

/// Every relative link of every Markdown file leads to a file or folder of the repository.
pub fn links_lead_somewhere(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".md") {
        for (line, target) in targets(text) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || has_scheme(file) {
                continue;
            }
            if resolve(path, file).is_none_or(|file| !tree.has(&file)) {
                findings.push(Finding::at(path, line, format!("`{target}` leads nowhere")));
            }
        }
    }
    findings
}

/// The targets of all links, with their lines.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_fenced = false;
    for (line, number) in text.lines().zip(1..) {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            is_fenced = !is_fenced;
            continue;
        }
        if is_fenced {
            continue;
        }
        let prose = without_code_spans(line);
        let definition = start
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]:"))
            .filter(|(label, _)| !label.contains(['[', ']']))
            .map(|(_, target)| target);
        let inline =
            prose.match_indices("](").filter_map(|(at, _)| prose[at + 2..].split(')').next());
        found.extend(inline.chain(definition).filter_map(|target| {
            let target = target.split_whitespace().next()?;
            let target = target.trim_start_matches('<').trim_end_matches('>');
            Some((number, target.to_owned()))
        }));
    }
    found
}

/// `line` without what stands between backticks.
fn without_code_spans(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

fn has_scheme(target: &str) -> bool {
    target.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// `target` as seen from the document `from`; `None` where it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    // A leading slash means another place on every host that shows the document.
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let tree = Tree::sample([
            ("ops/README.md", text),
            ("ops/check", ""),
            ("LICENSE-MIT", ""),
            ("shared/causality/src/lib.rs", ""),
        ]);
        links_lead_somewhere(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for target in ["gone.md", "../gone", "/ops/check", "../../outside", "gone.md#a"] {
            let expected = format!("ops/README.md:2: `{target}` leads nowhere");
            assert_eq!(found(&format!("\n[a]({target})")), [expected.as_str()]);
            assert_eq!(found(&format!("\n[a]: {target} \"title\"")), [expected.as_str()]);
        }
        assert_eq!(found("[a](check) and ![b](gone.png \"title\")").len(), 1);
    }

    #[test]
    fn links_that_lead_somewhere_are_not() {
        let text = "[a](check) [b](../LICENSE-MIT#x) [c](../shared/causality/) [d](#here)\n\
                    [e](https://example.org/x) [f](mailto:a@example.org)\n[g]: check";
        assert_eq!(found(text), [] as [&str; 0]);
    }

    #[test]
    fn code_has_no_links() {
        assert_eq!(found("`[a](gone)`\n```\n[b](gone)\n```\n"), [] as [&str; 0]);
    }
}
