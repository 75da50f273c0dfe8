//! The escapes of JSON strings: resolved, and written again with no more than are needed.

use std::borrow::Cow;

/// The text of a checked string, with its escapes resolved.
pub(super) fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut units = Vec::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' { chars.next().unwrap_or(c) } else { push(&mut units, c) };
        match c {
            '\0' => {}
            'b' => units.push(0x08),
            'f' => units.push(0x0c),
            'n' => units.push(0x0a),
            'r' => units.push(0x0d),
            't' => units.push(0x09),
            'u' => {
                let digits = chars.by_ref().take(4).filter_map(|c| c.to_digit(16));
                let unit = digits.fold(0, |unit, digit| unit << 4 | digit);
                units.push(u16::try_from(unit).unwrap_or_default());
            }
            literal => drop(push(&mut units, literal)),
        }
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

/// Appends `c` as UTF-16 and answers NUL, which never stands for itself in a checked string.
fn push(units: &mut Vec<u16>, c: char) -> char {
    units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    '\0'
}

/// `text` as a JSON string, with only the escapes that the grammar asks for.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' => {
                let digit =
                    |at: u32| char::from_digit((u32::from(c) >> at) & 0xf, 16).unwrap_or('0');
                out.extend(['\\', 'u', '0', '0', digit(4), digit(0)]);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
