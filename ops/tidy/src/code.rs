//! Rust source with all that does not run blanked out.
//!
//! Comments and the contents of literals become spaces, line for line, so that a rule about code is
//! not broken by prose. [`without_tests`] further blanks what stands under `#[cfg(test)]`. Balanced
//! braces are assumed: the compiler sees to that.

mod blank;

use blank::Blanker;

/// `source` with comments and the contents of string and character literals blanked.
pub(crate) fn code(source: &str) -> String {
    Blanker::new(source).run()
}

/// `code`, as [`code`] returns it, with every item under `#[cfg(test)]` blanked.
pub(crate) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let end = item_end(item);
        out.extend(item[..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &item[end..];
    }
    out.push_str(rest);
    out
}

/// Where the item ends that starts at 0: after the first `;` or balanced `{…}` outside brackets.
fn item_end(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if c == '}' && depth == 0 {
                    return at + 1 + usize::from(item[at + 1..].starts_with(';'));
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// The identifiers and keywords of `code`, each with its line, from 1.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().zip(1..).flat_map(|(line, number)| {
        line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()).map(move |w| (number, w))
    })
}

/// Whether `c` may stand in an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The line on which byte `at` of `text` stands, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_under_test_are_blanked_and_lines_stay() {
        let source = "a();\n#[cfg(test)]\nmod tests {\n  fn f() { b(); }\n}\nc();\n";
        let left = without_tests(&code(source));
        assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["a();", "c();"]);
        assert_eq!(left.lines().count(), source.lines().count());
    }

    #[test]
    fn a_use_under_test_ends_at_its_semicolon() {
        let left = without_tests("#[cfg(test)]\nuse x::{y, z};\nfn kept(a: [u8; 2]) {}");
        assert_eq!(left.trim(), "fn kept(a: [u8; 2]) {}");
    }

    #[test]
    fn words_carry_their_lines() {
        let found: Vec<_> = words("let a_1 = b;\nc::d").collect();
        assert_eq!(found, [(1, "let"), (1, "a_1"), (1, "b"), (2, "c"), (2, "d")]);
    }
}
