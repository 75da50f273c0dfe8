//! What all formats share: the version byte, postcard that uses up its bytes, length prefixes.

use serde::{Deserialize, Serialize};

use crate::{DecodeError, EncodeError};

/// Room for one small value and what goes with it.
const ROOM_BYTES: usize = 256;

/// Appends the encoding of `value` to `out`.
pub(crate) fn append<T: Serialize + ?Sized>(
    what: &'static str,
    mut out: Vec<u8>,
    value: &T,
) -> Result<Vec<u8>, EncodeError> {
    // What is encoded on the path of a write mostly fits, and then grows no further.
    if out.capacity() < ROOM_BYTES {
        out.reserve(ROOM_BYTES);
    }
    postcard::to_extend(value, out).map_err(|_| EncodeError::Unencodable { what })
}

/// Decodes the whole of `bytes` as a `T`.
pub(crate) fn whole<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, DecodeError> {
    match take(what, bytes)? {
        (value, []) => Ok(value),
        (_, rest) => Err(DecodeError::Trailing { what, bytes: rest.len() }),
    }
}

/// Decodes a `T` from the beginning of `bytes`, and answers what follows.
///
/// Memory is bounded by the bytes that are there, never by a length that they claim.
pub(crate) fn take<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes).map_err(|error| match error {
        postcard::Error::DeserializeUnexpectedEnd => DecodeError::EndsEarly,
        _ => DecodeError::Malformed { what },
    })
}

/// Takes the version byte off and checks it.
pub(crate) fn versioned<'a>(
    what: &'static str,
    version: u8,
    bytes: &'a [u8],
) -> Result<&'a [u8], DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::EndsEarly),
        Some((found, rest)) if *found == version => Ok(rest),
        Some((found, _)) => Err(DecodeError::UnknownVersion { what, version: *found }),
    }
}

/// A length as the formats write it.
pub(crate) fn length(what: &'static str, bytes: usize) -> Result<u32, EncodeError> {
    let max = bytes_of(u32::MAX);
    u32::try_from(bytes).map_err(|_| EncodeError::TooLarge { what, actual: bytes, max })
}

/// A length that was read. Where it does not fit, there are not so many bytes either.
pub(crate) fn bytes_of(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Appends `bytes` behind their length, u32 little-endian.
pub(crate) fn append_prefixed(
    what: &'static str,
    out: &mut Vec<u8>,
    bytes: &[u8],
) -> Result<(), EncodeError> {
    out.extend_from_slice(&length(what, bytes.len())?.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// The inverse of [`append_prefixed`]: the bytes, and what follows.
pub(crate) fn take_prefixed(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let (length, rest) = bytes.split_first_chunk().ok_or(DecodeError::EndsEarly)?;
    let length = bytes_of(u32::from_le_bytes(*length));
    rest.split_at_checked(length).ok_or(DecodeError::EndsEarly)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_32_bits_is_an_error_and_never_another_length() {
        let max = bytes_of(u32::MAX);
        assert_eq!(length("it", max), Ok(u32::MAX));
        let refused = EncodeError::TooLarge { what: "it", actual: max + 1, max };
        assert_eq!(length("it", max + 1), Err(refused));
    }

    #[test]
    fn what_follows_is_an_error_and_so_is_what_is_missing() {
        assert_eq!(whole::<u8>("it", &[7]), Ok(7));
        assert_eq!(
            whole::<u8>("it", &[7, 8, 9]),
            Err(DecodeError::Trailing { what: "it", bytes: 2 })
        );
        assert_eq!(whole::<u8>("it", &[]), Err(DecodeError::EndsEarly));
        assert_eq!(whole::<bool>("it", &[2]), Err(DecodeError::Malformed { what: "it" }));
    }

    #[test]
    fn a_prefix_that_claims_more_than_there_is_is_an_error() {
        let mut out = Vec::new();
        append_prefixed("it", &mut out, b"abc").unwrap();
        assert_eq!(out, [3, 0, 0, 0, b'a', b'b', b'c']);
        assert_eq!(take_prefixed(&out), Ok((&b"abc"[..], &[][..])));
        assert_eq!(take_prefixed(&out[..6]), Err(DecodeError::EndsEarly));
        assert_eq!(take_prefixed(&out[..3]), Err(DecodeError::EndsEarly));
    }
}
