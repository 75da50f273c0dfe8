//! Why bytes could not be decoded.

/// Every way in which an encoding can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No bytes at all, or fewer than the format needs.
    #[error("the encoding ends too early")]
    EndsEarly,
    /// A format version that this program does not know.
    #[error("format version {version} of {what} is not known here")]
    UnknownVersion {
        /// Which format.
        what: &'static str,
        /// The version found.
        version: u8,
    },
    /// A kind that this program does not know. What carries it may be stored or passed on, never
    /// acknowledged and dropped.
    #[error("kind {kind} of {what} is not known here")]
    UnknownKind {
        /// Which family of kinds.
        what: &'static str,
        /// The kind found.
        kind: u8,
    },
    /// The structure is not that of the format.
    #[error("malformed {what}")]
    Malformed {
        /// Which format.
        what: &'static str,
    },
    /// Something follows the encoding.
    #[error("{bytes} bytes follow the encoding of {what}")]
    Trailing {
        /// Which format.
        what: &'static str,
        /// How many bytes.
        bytes: usize,
    },
    /// More than the stated bound.
    #[error("{what} has {actual}, at most {max} are allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is or says it is.
        actual: usize,
        /// The bound.
        max: usize,
    },
}

/// Why a value could not be encoded. Nothing of it may be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The serializer refused it.
    #[error("the value cannot be encoded")]
    Unencodable,
    /// A part is longer than its length can be written.
    #[error("a part of {bytes} bytes is too large to be encoded")]
    TooLarge {
        /// How long it is.
        bytes: usize,
    },
    /// The compressor failed.
    #[error("a batch cannot be compressed")]
    Compression,
}

/// Decodes the whole of `bytes` as a `T`.
pub(crate) fn whole<'a, T: serde::Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(DecodeError::Trailing { what, bytes: rest.len() }),
        Err(postcard::Error::DeserializeUnexpectedEnd) => Err(DecodeError::EndsEarly),
        Err(_) => Err(DecodeError::Malformed { what }),
    }
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

/// Appends the encoding of `value` to `out`.
pub(crate) fn append<T: serde::Serialize>(out: Vec<u8>, value: &T) -> Result<Vec<u8>, EncodeError> {
    postcard::to_extend(value, out).map_err(|_| EncodeError::Unencodable)
}

/// A length as the formats write it.
pub(crate) fn length(bytes: usize) -> Result<u32, EncodeError> {
    u32::try_from(bytes).map_err(|_| EncodeError::TooLarge { bytes })
}
