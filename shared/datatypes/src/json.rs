//! A JSON value as the text in which it was sent.
//!
//! Numbers keep their digits and members their order, because nothing is parsed into another form
//! and printed again; only white space between tokens is dropped. Stricter than RFC 8259 where two
//! readers could disagree: a member name may not appear twice in one object, surrogates come in
//! pairs (RFC 7493, I-JSON), and depth is bounded.

mod escapes;
mod number;
mod order;
mod scan;
mod tree;

use core::cmp::Ordering;
use core::fmt;
use std::sync::Arc;

/// A checked, compact JSON text. Cloning it shares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsonText(Arc<str>);

/// Why a text is not a JSON value, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {offset}")]
pub struct JsonError {
    /// How many bytes came before what is wrong.
    pub offset: usize,
    /// What is wrong.
    pub fault: JsonFault,
}

/// What can be wrong with a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// Bytes that are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The text ends within a value.
    #[error("the text ends too early")]
    EndsEarly,
    /// Something that cannot stand there.
    #[error("unexpected character")]
    Unexpected,
    /// Something follows the value.
    #[error("something follows the value")]
    Trailing,
    /// A number outside the grammar.
    #[error("malformed number")]
    Number,
    /// A string with a bad escape, a control character or half a surrogate pair.
    #[error("malformed string")]
    Text,
    /// Arrays and objects nested deeper than [`JsonText::DEPTH_MAX`].
    #[error("nested deeper than {max}", max = JsonText::DEPTH_MAX)]
    TooDeep,
    /// A member name that stands twice in one object.
    #[error("member name {name:?} stands twice in one object")]
    DuplicateName {
        /// The name, unescaped.
        name: String,
    },
}

impl JsonText {
    /// How deep arrays and objects may be nested; a scalar has depth 0.
    pub const DEPTH_MAX: usize = 64;

    /// Checks `bytes` and keeps them, without the white space between tokens.
    ///
    /// Takes time linear in the text (n log n in the number of members of one object) and one copy.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let text = core::str::from_utf8(bytes).map_err(|error| JsonError {
            offset: error.valid_up_to(),
            fault: JsonFault::NotUtf8,
        })?;
        let spaces = scan::check(text)?;
        if spaces == 0 { Ok(Self(text.into())) } else { Ok(Self(scan::compact(text).into())) }
    }

    /// Takes a text that was checked before it was stored: the inverse of [`Self::as_str`].
    ///
    /// The caller vouches for it by a checksum or a running hash.
    pub fn from_checked(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where this value stands to `other` in the one order of all JSON values:
    /// null < boolean < number < string < array < object, and within each by what it means.
    ///
    /// Values that mean the same and are written otherwise (1 and 1.0) are ordered by their bytes,
    /// so that only equal texts are equal. Takes time n log n in the text, however large an
    /// exponent it writes.
    pub fn cmp_value(&self, other: &Self) -> Ordering {
        order::compare(&self.0, &other.0)
    }

    /// The elements of an array; nothing where it is none.
    pub fn elements(&self) -> Option<Vec<Self>> {
        Some(tree::elements(&self.0)?.into_iter().map(|text| Self(text.into())).collect())
    }

    /// Whether it is neither an array nor an object.
    pub fn is_scalar(&self) -> bool {
        !self.0.starts_with(['[', '{'])
    }

    /// The scalar in the one way to write it: a string with no more escapes than it needs, anything
    /// else as it is.
    pub fn canonical_scalar(&self) -> Option<Self> {
        match self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(raw) if raw.contains('\\') => {
                Some(Self(escapes::escaped(&escapes::unescaped(raw)).into()))
            }
            _ => self.is_scalar().then(|| self.clone()),
        }
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<bool> for JsonText {
    fn from(value: bool) -> Self {
        Self(if value { "true" } else { "false" }.into())
    }
}

impl From<i64> for JsonText {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> JsonFault {
        JsonText::parse(text.as_bytes()).unwrap_err().fault
    }

    fn parsed(text: &str) -> String {
        JsonText::parse(text.as_bytes()).unwrap().as_str().to_owned()
    }

    #[test]
    fn numbers_keep_their_digits() {
        for number in ["0", "-0", "1.0", "1e5", "1E+05", "123456789012345678901234567890", "1e400"]
        {
            assert_eq!(parsed(number), number);
        }
        for number in ["01", "1.", ".5", "+1", "1e", "-", "0x1", "NaN", "1.e5", "--1"] {
            assert!(JsonText::parse(number.as_bytes()).is_err(), "{number}");
        }
    }

    #[test]
    fn space_between_tokens_is_dropped_and_within_strings_kept() {
        assert_eq!(parsed(" { \"a b\" : [ 1 ,\t2 ] }\r\n"), r#"{"a b":[1,2]}"#);
        assert_eq!(parsed(r#" "\" x " "#), r#""\" x ""#);
    }

    #[test]
    fn a_member_name_may_stand_once_however_it_is_written() {
        let twice = JsonFault::DuplicateName { name: "a".into() };
        assert_eq!(fault(r#"{"a":1,"b":2,"a":3}"#), twice);
        assert_eq!(fault(r#"{"a":1,"\u0061":2}"#), twice);
        assert_eq!(parsed(r#"{"a":{"a":1},"b":[{"a":2}]}"#), r#"{"a":{"a":1},"b":[{"a":2}]}"#);
        let many: Vec<_> = (0..100).map(|n| format!("\"{n}\":0")).collect();
        assert!(JsonText::parse(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
        assert!(JsonText::parse(format!("{{{},\"7\":1}}", many.join(",")).as_bytes()).is_err());
    }

    #[test]
    fn depth_64_is_taken_and_65_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(parsed(&nested(64)), nested(64));
        assert_eq!(fault(&nested(65)), JsonFault::TooDeep);
        assert_eq!(fault(&"[".repeat(1_000_000)), JsonFault::TooDeep);
    }

    #[test]
    fn strings_are_checked() {
        for text in [r#""\ud83d\ude00""#, r#""😀 \" \\ \/ \b\f\n\r\t \u00e9""#, "\"\u{7f}\""] {
            assert_eq!(parsed(text), text);
        }
        for text in
            [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\x""#, "\"\n\"", r#""\u12g4""#]
        {
            assert_eq!(fault(text), JsonFault::Text, "{text}");
        }
        assert_eq!(fault("\"abc"), JsonFault::EndsEarly);
        assert_eq!(JsonText::parse(b"\"\xff\"").unwrap_err().fault, JsonFault::NotUtf8);
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert_eq!(fault("1 2"), JsonFault::Trailing);
        assert_eq!(fault("{}]"), JsonFault::Trailing);
        for text in ["", " ", "[1,", "{\"a\":", "tru"] {
            assert_eq!(fault(text), JsonFault::EndsEarly, "{text:?}");
        }
        for text in ["[1,]", "{,}", "{\"a\"}", "{1:2}", "nulL", "'a'"] {
            assert_eq!(fault(text), JsonFault::Unexpected, "{text:?}");
        }
    }

    proptest! {
        /// `serde_json` is the oracle: what it takes is taken and means the same.
        #[test]
        fn any_text_is_judged_as_an_established_parser_does(
            text in r#"[\[\]{},:"0-9eE+\-. a\\un]{0,12}"#
        ) {
            let ours = JsonText::parse(text.as_bytes());
            let oracle = serde_json::from_str::<serde_json::Value>(&text);
            match (&ours, &oracle) {
                (Ok(ours), Ok(oracle)) => {
                    let again: serde_json::Value = serde_json::from_str(ours.as_str()).unwrap();
                    prop_assert_eq!(&again, oracle);
                }
                (Err(error), Ok(_)) => {
                    let stricter = matches!(error.fault, JsonFault::DuplicateName { .. });
                    prop_assert!(stricter, "{:?}", error);
                }
                // The oracle keeps numbers as doubles and refuses what does not fit.
                (Ok(_), Err(error)) => {
                    prop_assert!(error.to_string().contains("number out of range"), "{}", error);
                }
                (Err(_), Err(_)) => {}
            }
        }

        #[test]
        fn compacting_twice_changes_nothing(text in r#"[\[\]{},:"0-9 a\n]{0,16}"#) {
            if let Ok(once) = JsonText::parse(text.as_bytes()) {
                prop_assert_eq!(JsonText::parse(once.as_str().as_bytes()), Ok(once));
            }
        }
    }
}
