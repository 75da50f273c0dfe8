//! Nothing is left for later, and no test waits for time to pass.

use crate::code::code;
use crate::{Finding, Tree};

/// What must not stand in code; prose and literals may name it.
const IN_CODE: [(&str, &str); 5] = [
    ("todo!", "is a stub"),
    ("unimplemented!", "is a stub"),
    ("#[ignore", "a test that does not run holds nothing"),
    (", ignore", "a test that does not run holds nothing"),
    ("thread::sleep", "wait for an event, not for a time"),
];

/// What must not stand anywhere; taken apart so as not to be found here.
const IN_TEXT: [&str; 3] = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("X", "XX")];

/// No stubs, no ignored tests, no sleeping threads, no notes to oneself.
pub fn nothing_is_unfinished(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".rs") {
        for (line, number) in code(text).lines().zip(1..) {
            for (pattern, why) in IN_CODE.iter().filter(|(pattern, _)| line.contains(pattern)) {
                let pattern = pattern.trim_start_matches([',', ' ', '#', '[']);
                findings.push(Finding::at(path, number, format!("`{pattern}`: {why}")));
            }
        }
    }
    for (path, text) in tree.texts() {
        for (line, number) in text.lines().zip(1..) {
            for mark in IN_TEXT.iter().filter(|mark| has_word(line, mark)) {
                let what = format!("`{mark}`: do it, or open an issue");
                findings.push(Finding::at(path, number, what));
            }
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        nothing_is_unfinished(&Tree::sample([("a.rs", text)])).iter().map(|f| f.line).collect()
    }

    #[test]
    fn each_of_them_is_found() {
        for text in [
            "fn f() { todo!() }",
            "fn f() { unimplemented!(\"later\") }",
            "#[ignore = \"slow\"]",
            "#[cfg_attr(windows, ignore)]",
            "std::thread::sleep(d);",
            concat!("// FIX", "ME: wrong"),
            concat!("let a = \"TO", "DO\";"),
        ] {
            assert_eq!(lines(&format!("\n{text}")), [Some(2)], "{text}");
        }
    }

    #[test]
    fn a_note_in_any_text_is_found() {
        let tree = Tree::sample([("ops/run", concat!("# X", "XX"))]);
        assert_eq!(nothing_is_unfinished(&tree).len(), 1);
    }

    #[test]
    fn prose_and_literals_may_name_them() {
        assert_eq!(lines("// no todo!() here\nlet a = \"thread::sleep\"; \"aXXXb\""), []);
    }
}
