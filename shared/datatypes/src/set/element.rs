//! An element of a set: a JSON scalar, by its canonical text.

use core::cmp::Ordering;

use crate::JsonText;

/// A scalar, a string in the one way to write it, a number with the digits it was sent with: 1 and
/// 1.0 are two elements. Ordered as JSON values are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Element(JsonText);

impl Element {
    /// The element that `value` writes; nothing where it is an array or an object.
    pub fn new(value: &JsonText) -> Option<Self> {
        value.canonical_scalar().map(Self)
    }

    /// Takes an element's text as it was stored: the inverse of [`Self::text`].
    pub fn from_checked(text: &str) -> Self {
        Self(JsonText::from_checked(text))
    }

    /// Its canonical text.
    pub fn text(&self) -> &JsonText {
        &self.0
    }
}

impl Ord for Element {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp_value(&other.0)
    }
}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(text: &str) -> Option<String> {
        let element = Element::new(&JsonText::parse(text.as_bytes()).unwrap())?;
        Some(element.text().as_str().to_owned())
    }

    #[test]
    fn a_string_is_one_element_however_it_is_escaped() {
        for text in [r#""a/b\"é\n""#, r#""\u0061\/b\u0022\u00e9\u000a""#] {
            assert_eq!(element(text).unwrap(), r#""a/b\"é\n""#);
        }
        assert_eq!(element(r#""\u0001\ud83d\ude00\\""#).unwrap(), r#""\u0001😀\\""#);
    }

    #[test]
    fn other_scalars_are_as_they_were_sent() {
        for text in ["null", "true", "1.0", "1", "-0", "1E400"] {
            assert_eq!(element(text).unwrap(), text);
        }
        assert_eq!((element("[]"), element("{}")), (None, None));
    }
}
