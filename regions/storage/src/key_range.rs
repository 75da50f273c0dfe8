//! Which keys of a table a scan visits.
//!
//! Keys are ordered by the bytes of their UTF-8, which is the order of their characters. Bounds are
//! texts and need not be keys themselves.

use core::ops::Bound;

use tombolo_replication::Key;

/// See the module. Every further bound narrows it; the default is all keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRange {
    prefix: String,
    from: String,
    to: Option<String>,
    after: Option<Key>,
}

impl KeyRange {
    /// All keys.
    pub fn all() -> Self {
        Self::default()
    }

    /// Those that begin with `prefix`.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Those from `from` on, itself included.
    #[must_use]
    pub fn starting_at(self, from: impl Into<String>) -> Self {
        Self { from: from.into(), ..self }
    }

    /// Those before `to`.
    #[must_use]
    pub fn before(self, to: impl Into<String>) -> Self {
        Self { to: Some(to.into()), ..self }
    }

    /// Those that come after `key`.
    #[must_use]
    pub fn after(self, key: Key) -> Self {
        Self { after: Some(key), ..self }
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> Bound<&str> {
        let first = self.prefix.as_str().max(&self.from);
        match &self.after {
            Some(key) if key.as_str() >= first => Bound::Excluded(key.as_str()),
            _ => Bound::Included(first),
        }
    }

    /// Whether `key`, the bytes of one not before its start, is still in it. Of keys in their
    /// order, all that follow one that is not are not either.
    pub(crate) fn reaches(&self, key: &[u8]) -> bool {
        key.starts_with(self.prefix.as_bytes())
            && self.to.as_ref().is_none_or(|to| key < to.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    #[test]
    fn it_begins_at_the_last_of_its_lower_bounds() {
        let start = |range: &KeyRange| range.start().map(str::to_owned);
        let included = |text: &str| Bound::Included(text.to_owned());
        assert_eq!(start(&KeyRange::all()), included(""));
        assert_eq!(start(&KeyRange::all().with_prefix("b").starting_at("a")), included("b"));
        assert_eq!(start(&KeyRange::all().with_prefix("b").starting_at("ba")), included("ba"));
        assert_eq!(start(&KeyRange::all().starting_at("b").after(key("a"))), included("b"));
        let excluded = Bound::Excluded("b".to_owned());
        assert_eq!(start(&KeyRange::all().starting_at("b").after(key("b"))), excluded);
        assert_eq!(start(&KeyRange::all().starting_at("a").after(key("b"))), excluded);
    }

    #[test]
    fn it_reaches_to_the_first_of_its_upper_bounds() {
        let range = KeyRange::all().with_prefix("b").before("bc");
        for (key, reached) in [("b", true), ("bbz", true), ("bc", false), ("c", false)] {
            assert_eq!(range.reaches(key.as_bytes()), reached, "{key}");
        }
        assert!(KeyRange::all().reaches(&[0xff; 600]));
        assert!(!KeyRange::all().before("").reaches(b"a"));
    }
}
