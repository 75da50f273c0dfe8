//! Where a scan goes on: the last key that it has looked at, opaque and safe in a URL.
//!
//! It is bound to nothing but this position: not to a table, a view or a region. Its checksum
//! tells one that was damaged or made up from one that was given out; it keeps no secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tombolo_replication::Key;

use crate::DecodeError;
use crate::envelope::versioned;

const VERSION: u8 = 1;
const WHAT: &str = "cursor";

/// The text that stands for the place after `key`.
pub fn encode_cursor(key: &Key) -> String {
    let key = key.as_str().as_bytes();
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&crc32c::crc32c(key).to_le_bytes());
    bytes.extend_from_slice(key);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key after which the scan goes on.
pub fn decode_cursor(text: &str) -> Result<Key, DecodeError> {
    // Four characters carry three bytes; more than the longest has is not worth decoding.
    const CHARS_MAX: usize = (5 + Key::BYTES_MAX).div_ceil(3) * 4;
    if text.len() > CHARS_MAX {
        return Err(DecodeError::TooLarge { what: WHAT, actual: text.len(), max: CHARS_MAX });
    }
    let malformed = DecodeError::Malformed { what: WHAT };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed.clone())?;
    let checked = versioned(WHAT, VERSION, &bytes)?;
    let (checksum, key) = checked.split_first_chunk().ok_or(DecodeError::EndsEarly)?;
    if crc32c::crc32c(key) != u32::from_le_bytes(*checksum) {
        return Err(malformed);
    }
    let key = core::str::from_utf8(key).ok().and_then(|key| Key::new(key).ok());
    key.ok_or(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_the_key_that_it_was_made_of() {
        for text in ["a", "a/b c", "é\u{0}😀", &"k".repeat(Key::BYTES_MAX)] {
            let key = Key::new(text).unwrap();
            assert_eq!(decode_cursor(&encode_cursor(&key)), Ok(key));
        }
    }

    #[test]
    fn no_changed_character_goes_unnoticed() {
        let cursor = encode_cursor(&Key::new("alice").unwrap());
        for at in 0..cursor.len() {
            for other in ["A", "B", "-", "_", "9", "=", "+", " ", ""] {
                let damaged = [&cursor[..at], other, &cursor[at + 1..]].concat();
                let decoded = decode_cursor(&damaged);
                assert!(damaged == cursor || decoded.is_err(), "{damaged}: {decoded:?}");
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused_whatever_it_is() {
        let sealed = |key: &[u8]| {
            let checksum = crc32c::crc32c(key).to_le_bytes();
            URL_SAFE_NO_PAD.encode([&[VERSION][..], &checksum, key].concat())
        };
        let long = "A".repeat(1 << 16);
        for text in ["", "A", "AQ", "null", &long, &sealed(b""), &sealed(b".."), &sealed(b"\xff")] {
            assert!(decode_cursor(text).is_err(), "{text}");
        }
    }
}
