//! Text from a region as it may be shown on a terminal.
//!
//! Keys and values are whatever clients have written. Control characters would let them move the
//! cursor, clear the screen or speak to the terminal, so they are shown and not sent.

/// The longest value in a table, in characters.
const CHARS_MAX: usize = 60;

/// `text` with its control characters escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The same, cut to what a table has room for.
pub(crate) fn brief(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => plain(&text[..end]) + "…",
        None => plain(text),
    }
}

/// What changes the direction of the text around it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_speak_to_the_terminal() {
        assert_eq!(plain("a\u{1b}[2J\n\u{9b}é\u{202e}"), "a\\u{1b}[2J\\u{a}\\u{9b}é\\u{202e}");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(brief(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(brief(&"é".repeat(61)), "é".repeat(60) + "…");
    }
}
