//! How items and tables are named.

use core::borrow::Borrow;
use core::fmt;
use std::sync::Arc;

use tombolo_causality::Dot;

/// An item's key within its table: 1 to 512 bytes of UTF-8, neither `.` nor `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Empty, or more than [`Key::BYTES_MAX`] bytes.
    #[error("a key has 1 to {max} bytes, this one {actual}", max = Key::BYTES_MAX)]
    Length {
        /// How many bytes it had.
        actual: usize,
    },
    /// `.` or `..`, which paths give another meaning.
    #[error("`.` and `..` are not keys")]
    Dots,
}

impl Key {
    /// The longest key, in bytes.
    pub const BYTES_MAX: usize = 512;

    /// Checks `text` and takes it.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        match text {
            "." | ".." => Err(KeyError::Dots),
            _ if text.is_empty() || text.len() > Self::BYTES_MAX => {
                Err(KeyError::Length { actual: text.len() })
            }
            _ => Ok(Self(text.into())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// A table's name: `[a-z][a-z0-9_-]{0,62}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName(Arc<str>);

/// Why a text is not a table's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a table's name: 1 to 63 of a-z, 0-9, _ and -, the first a letter")]
pub struct TableNameError {
    /// The text, cut to what a log line bears.
    pub name: String,
}

impl TableName {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 63;

    /// Checks `text` and takes it.
    pub fn new(text: &str) -> Result<Self, TableNameError> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let fits = text.len() <= Self::BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(inner);
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(TableNameError { name: text.chars().take(80).collect() })
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for TableName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table for ever: the dot of its definition. A name can be given again, an id cannot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub Dot);

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One item of the store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ItemKey {
    /// Its table.
    pub table: TableId,
    /// Its key there.
    pub key: Key,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_1_to_512_bytes_and_are_not_dots() {
        assert!(Key::new(&"k".repeat(512)).is_ok());
        assert_eq!(Key::new(&"k".repeat(513)), Err(KeyError::Length { actual: 513 }));
        assert_eq!(Key::new(""), Err(KeyError::Length { actual: 0 }));
        assert_eq!(Key::new(".."), Err(KeyError::Dots));
        assert!(Key::new("a/b c\u{0}😀...").is_ok());
    }

    #[test]
    fn table_names_keep_to_their_alphabet() {
        for name in ["a", "users", "a_b-c9", &"a".repeat(63)] {
            assert!(TableName::new(name).is_ok(), "{name}");
        }
        for name in ["", "A", "9a", "_a", "a b", "é", &"a".repeat(64)] {
            assert!(TableName::new(name).is_err(), "{name}");
        }
    }
}
