//! What shared may not reach for: time, chance, disks, sockets, threads, tasks.
//!
//! The words are looked for in code outside tests. Lints say some of this to whoever writes a call;
//! this says all of it, for types and imports too.

use crate::code::{code, is_word, line_of, without_tests, words};
use crate::{Finding, Tree};

/// Words that are impure wherever they stand.
const WORDS: [(&str, &str); 9] = [
    ("Instant", "time is handed in"),
    ("SystemTime", "time is handed in"),
    ("HashMap", "iteration order must be defined: BTreeMap"),
    ("HashSet", "iteration order must be defined: BTreeSet"),
    ("RandomState", "chance is handed in"),
    ("serde_json", "JSON is a data type of shared's own"),
    ("rand", "chance is handed in"),
    ("tokio", "the core is called, it does not run"),
    ("async", "the core is called, it does not run"),
];

/// Modules of std that are impure; `std::io` is not, its traits are implemented on memory.
const STD_MODULES: [&str; 5] = ["env", "fs", "net", "process", "thread"];

/// The code of shared is a function of what it is given.
pub fn shared_is_pure(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".rs").filter(|(path, _)| is_core(path)) {
        let code = without_tests(&code(text));
        for (line, word) in words(&code) {
            for (_, why) in WORDS.iter().filter(|(impure, _)| *impure == word) {
                findings.push(Finding::at(path, line, format!("`{word}`: {why}")));
            }
        }
        for (line, module) in std_modules(&code) {
            if STD_MODULES.contains(&module) {
                let what = format!("`std::{module}`: the core does no I/O");
                findings.push(Finding::at(path, line, what));
            }
        }
    }
    findings
}

/// Whether `path` is code of shared rather than its tests, which may read files and the like.
fn is_core(path: &str) -> bool {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    path.starts_with("shared/") && path.contains("/src/") && !is_test
}

/// The modules named after `std::`, also in braces: `std::fs`, `std::{fmt, fs::File}`.
fn std_modules(code: &str) -> Vec<(usize, &str)> {
    const STD: &str = "std::";
    let mut found = Vec::new();
    for (at, _) in code.match_indices(STD) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let start = at + STD.len();
        let rest = &code[start..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(
                heads(list).into_iter().map(|(at, head)| (line_of(code, start + 1 + at), head)),
            ),
            None => found.push((line_of(code, start), head(rest))),
        }
    }
    found
}

/// The first word of each element of a braced list whose opening brace is already past.
fn heads(list: &str) -> Vec<(usize, &str)> {
    let (mut depth, mut is_expected) = (0_usize, true);
    let mut heads = Vec::new();
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_expected = true,
            _ if is_expected && is_word(c) => {
                heads.push((at, head(&list[at..])));
                is_expected = false;
            }
            _ => {}
        }
    }
    heads
}

fn head(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::sample([("shared/x/src/a.rs", text)]);
        shared_is_pure(&tree).iter().filter_map(|finding| finding.line).collect()
    }

    #[test]
    fn each_impure_word_is_found() {
        for (word, _) in WORDS {
            assert_eq!(lines(&format!("\nlet a = {word}::new();")), [2], "{word}");
        }
    }

    #[test]
    fn each_impure_module_is_found_however_it_is_named() {
        for module in STD_MODULES {
            assert_eq!(lines(&format!("\nuse std::{module}::x;")), [2], "{module}");
            assert_eq!(lines(&format!("use std::{{\n  fmt::{{self, A}},\n  {module},\n}};")), [3]);
        }
        assert_eq!(lines("use std::{collections::{BTreeMap, fs}, fmt};"), [] as [usize; 0]);
    }

    #[test]
    fn prose_tests_and_other_folders_may() {
        assert_eq!(lines("// HashMap\n/// std::fs"), [] as [usize; 0]);
        assert_eq!(lines("#[cfg(test)]\nmod tests { use std::fs; }"), [] as [usize; 0]);
        assert_eq!(lines("use core::time::Duration; mystd::fs();"), [] as [usize; 0]);
        for path in ["regions/x/src/a.rs", "shared/x/tests/a.rs", "shared/x/src/a/tests.rs"] {
            assert_eq!(shared_is_pure(&Tree::sample([(path, "use std::fs;")])), [], "{path}");
        }
    }
}
