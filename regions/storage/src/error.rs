//! What can go wrong with what a region keeps.

use std::io;

use tombolo_protocol::{DecodeError, EncodeError};

use crate::journal;
use crate::room::is_full;

/// Why the store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The state database failed.
    #[error("the state database failed")]
    State(#[source] Box<redb::Error>),
    /// The journal could not be opened.
    #[error("the journal could not be opened")]
    JournalOpen(#[from] journal::OpenError),
    /// The state database is damaged beyond what its own checks tell.
    #[error("the state database is damaged")]
    StateDamaged,
    /// The journal could not be read.
    #[error("the journal could not be read")]
    JournalRead(#[from] journal::ReadError),
    /// The journal could not be written.
    #[error("the journal could not be written")]
    JournalAppend(#[from] journal::AppendError),
    /// What was stored cannot be understood.
    #[error("stored {what} cannot be understood")]
    Decode {
        /// Which part.
        what: &'static str,
        /// How.
        source: DecodeError,
    },
    /// Something cannot be encoded, so it is not written.
    #[error("it cannot be encoded")]
    Encode(#[from] EncodeError),
    /// A replayed change does not follow from the state: the directory's parts are of different
    /// ages.
    #[error("journal and state do not fit together: {detail}")]
    Mismatched {
        /// What does not fit.
        detail: String,
    },
    /// Some of what the directory has had is gone, as what is left of it says: state or journal
    /// where there is an identity, the identity where there are changes.
    #[error(
        "the data directory has lost its {what}: restore it from a backup, or move the directory \
         away to begin anew and have the peers send what they hold"
    )]
    Lost {
        /// Which part is gone.
        what: &'static str,
    },
    /// A restore has not come to its end here.
    #[error(
        "the data directory is half restored: remove what is in it, and restore the backup again"
    )]
    HalfRestored,
    /// The directory belongs to another region or another cluster.
    #[error("the data directory is that of {found}, not of {expected}")]
    Foreign {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The identity file could not be read or written.
    #[error("the identity file failed")]
    Identity(#[source] io::Error),
    /// The identity file is none.
    #[error("the identity file is malformed: {detail}")]
    IdentityMalformed {
        /// How.
        detail: String,
    },
    /// The disk failed otherwise.
    #[error("the disk failed")]
    Disk(#[source] io::Error),
}

impl StorageError {
    /// Whether there was no room on a disk for what was to be written.
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Disk(error) | Self::Identity(error) => is_full(error),
            Self::State(error) => matches!(&**error, redb::Error::Io(error) if is_full(error)),
            _ => self.is_full_journal(),
        }
    }

    /// Whether the journal found no room and has appended nothing: the same append may succeed
    /// once there is.
    pub fn is_full_journal(&self) -> bool {
        matches!(self, Self::JournalAppend(journal::AppendError::DiskFull { .. }))
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for StorageError {
            fn from(error: $error) -> Self {
                Self::State(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);
