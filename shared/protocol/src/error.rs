//! Why something could not be encoded or decoded.
//!
//! Both sides keep the same rules: what [`EncodeError`] lets pass, every decoder takes, so that
//! nothing durable is ever unreadable.

use crate::rules::Flaw;

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
    /// Something well-formed, called by a name that this program does not know; as with
    /// [`Self::UnknownKind`], a later version may have written it.
    #[error("{what} is not known here")]
    UnknownName {
        /// What is named.
        what: &'static str,
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
    #[error("{what}: {actual}, at most {max} are allowed")]
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
    #[error("{what} cannot be encoded")]
    Unencodable {
        /// Which format.
        what: &'static str,
    },
    /// It breaks a rule that its author should have kept, and no decoder would take it.
    #[error("malformed {what}")]
    Malformed {
        /// What breaks it.
        what: &'static str,
    },
    /// More than the stated bound.
    #[error("{what}: {actual}, at most {max} are allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// The bound.
        max: usize,
    },
    /// The compressor failed.
    #[error("a batch cannot be compressed")]
    Compression,
}

impl From<Flaw> for DecodeError {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Malformed { what } => Self::Malformed { what },
            Flaw::TooLarge { what, actual, max } => Self::TooLarge { what, actual, max },
        }
    }
}

impl From<Flaw> for EncodeError {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Malformed { what } => Self::Malformed { what },
            Flaw::TooLarge { what, actual, max } => Self::TooLarge { what, actual, max },
        }
    }
}
