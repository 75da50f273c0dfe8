//! The name of a region: short, fixed in size, cheap to copy and to compare.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One datacenter by name, such as `us-east`: 1 to 24 bytes of `[a-z][a-z0-9-]*`.
///
/// Held inline and zero-padded, so that ids of millions of items cost no allocation. Ordered as
/// its text is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegionId([u8; RegionId::BYTES_MAX]);

/// Why a text is not a region's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegionIdError {
    /// Nothing, or more than [`RegionId::BYTES_MAX`] bytes.
    #[error("a region's name has 1 to {max} bytes, this one {actual}", max = RegionId::BYTES_MAX)]
    Length {
        /// How many bytes it had.
        actual: usize,
    },
    /// Something else than `[a-z][a-z0-9-]*`.
    #[error("a region's name is made of a-z, 0-9 and -, and begins with a letter")]
    Alphabet,
}

impl RegionId {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 24;

    /// Checks `name` and takes it.
    pub fn new(name: &str) -> Result<Self, RegionIdError> {
        let bytes = name.as_bytes();
        if bytes.is_empty() || bytes.len() > Self::BYTES_MAX {
            return Err(RegionIdError::Length { actual: bytes.len() });
        }
        let letters = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        if !bytes[0].is_ascii_lowercase() || !bytes.iter().all(letters) {
            return Err(RegionIdError::Alphabet);
        }
        let mut padded = [0; Self::BYTES_MAX];
        padded[..bytes.len()].copy_from_slice(bytes);
        Ok(Self(padded))
    }

    /// The name as three numbers, for hashing.
    #[inline]
    pub fn to_words(self) -> [u64; Self::BYTES_MAX / 8] {
        const {
            assert!(Self::BYTES_MAX == 24);
        }
        let (words, _) = self.0.as_chunks::<8>();
        let word = |nth: usize| u64::from_be_bytes(words[nth]);
        [word(0), word(1), word(2)]
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(Self::BYTES_MAX);
        // Always ASCII by construction; the fallback is unreachable and harmless.
        core::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

/// By words: three comparisons in registers, where bytes would take a call.
impl Ord for RegionId {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let ([first, second, third], theirs) = (self.to_words(), other.to_words());
        first.cmp(&theirs[0]).then(second.cmp(&theirs[1])).then(third.cmp(&theirs[2]))
    }
}

impl PartialOrd for RegionId {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for RegionId {
    type Err = RegionIdError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::new(name)
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RegionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RegionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl serde::de::Visitor<'_> for Name {
            type Value = RegionId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a region's name, such as us-east")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RegionId, E> {
                RegionId::new(name).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was_given() {
        for name in ["a", "us-east", "us-west-california", "abcdefghijklmnopqrstuvwx"] {
            assert_eq!(RegionId::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_outside_the_alphabet_are_refused() {
        assert_eq!(RegionId::new(""), Err(RegionIdError::Length { actual: 0 }));
        let long = "a".repeat(25);
        assert_eq!(RegionId::new(&long), Err(RegionIdError::Length { actual: 25 }));
        for name in ["-a", "1a", "US", "a_b", "a\0", "é"] {
            assert_eq!(RegionId::new(name), Err(RegionIdError::Alphabet), "{name:?}");
        }
    }

    #[test]
    fn ids_are_ordered_as_their_text_is() {
        let ids = ["ab", "a", "a-b", "b"].map(|n| RegionId::new(n).unwrap());
        let mut sorted = ids;
        sorted.sort();
        assert_eq!(sorted.map(|r| r.to_string()), ["a", "a-b", "ab", "b"]);
    }
}
