//! Percent-encoding, undone once and strictly (RFC 3986, section 2.1).
//!
//! What is no escape, and what is not UTF-8 afterwards, is refused: a lenient decoder lets two
//! different texts name one item, or one text two.

use std::borrow::Cow;

/// What a `+` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    /// Itself, as in a path.
    Literal,
    /// A space, as programs write query strings.
    Space,
}

/// Why a text cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PercentError {
    /// A `%` without two hexadecimal digits.
    #[error("% at byte {offset} begins no escape")]
    Escape {
        /// How many bytes came before it.
        offset: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the decoded bytes are not UTF-8")]
    NotUtf8,
}

/// Decodes `raw`; borrows it where there is nothing to decode.
pub(crate) fn decode(raw: &str, plus: Plus) -> Result<Cow<'_, str>, PercentError> {
    let is_plain = |byte: u8| byte != b'%' && (byte != b'+' || plus == Plus::Literal);
    if raw.bytes().all(is_plain) {
        return Ok(Cow::Borrowed(raw));
    }
    let bytes = raw.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let pair =
                    bytes.get(at + 1..at + 3).and_then(|pair| <[u8; 2]>::try_from(pair).ok());
                let escaped = pair.and_then(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
                decoded.push(escaped.ok_or(PercentError::Escape { offset: at })?);
                at += 3;
            }
            b'+' if plus == Plus::Space => {
                decoded.push(b' ');
                at += 1;
            }
            other => {
                decoded.push(other);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| PercentError::NotUtf8)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> Result<String, PercentError> {
        decode(raw, Plus::Literal).map(Cow::into_owned)
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(path("a%2Fb%2fc"), Ok("a/b/c".to_owned()));
        assert_eq!(path("%252F"), Ok("%2F".to_owned()));
        assert_eq!(path("%F0%9F%98%80é%00"), Ok("😀é\0".to_owned()));
        assert_eq!(path("a+b"), Ok("a+b".to_owned()));
    }

    #[test]
    fn nothing_to_decode_is_borrowed() {
        assert!(matches!(decode("alice+é", Plus::Literal), Ok(Cow::Borrowed("alice+é"))));
    }

    #[test]
    fn a_plus_in_a_query_is_a_space() {
        assert_eq!(decode("a+b%2Bc", Plus::Space).unwrap(), "a b+c");
    }

    #[test]
    fn half_an_escape_and_what_is_not_utf_8_are_refused() {
        for (raw, offset) in [("%", 0), ("a%4", 1), ("%4g", 0), ("%%41", 0), ("ab%é", 2)] {
            assert_eq!(path(raw), Err(PercentError::Escape { offset }), "{raw}");
        }
        for raw in ["%ff", "%C3", "%ED%A0%80", "%C0%AF"] {
            assert_eq!(path(raw), Err(PercentError::NotUtf8), "{raw}");
        }
    }
}
