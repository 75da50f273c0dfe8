//! The way out of a forked history: what an old copy of a directory wrote before it met its peers is
//! written anew under another name, and the rest is given back by them.
//!
//! ```text
//!  stopped:  ask the peers where the histories part ─▶ new names ─▶ an empty directory beside
//!            the old one, with the changes that no peer has ─▶ exchanged, in one step
//!  started:  the region begins anew, is given what it had ─▶ takes those changes in ─▶ ships them
//! ```
//!
//! The old directory is set aside whole. Nothing is decided while a peer's answer is missing that
//! could tell of more, unless the operator says which peers are to be done without.

mod answering;
mod asking;
mod feeding;
mod recovering;

use std::path::PathBuf;

use tombolo_causality::{Dot, RegionId, ReplicaId};
use tombolo_replication::fork::LeftOver;
use tombolo_storage::StorageError;
use tombolo_storage::disk::DiskOpenError;

pub(crate) use self::answering::tell_history;
pub(crate) use self::feeding::Feeding;
pub use self::recovering::recover_fork;
use crate::error::StartError;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Whose history had forked.
    pub from: ReplicaId,
    /// The last change that is as elsewhere.
    pub common: u64,
    /// Who has written now what came after it.
    pub heir: ReplicaId,
    /// Changes that are written anew.
    pub reauthored: u64,
    /// Changes of others that no peer has, and that are taken in again.
    pub carried: u64,
    /// What cannot be written anew.
    pub left_over: Vec<LeftOver>,
    /// Where the old directory is now.
    pub set_aside: PathBuf,
}

/// Why nothing was done. The directory is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotRecovered {
    /// The directory could not be opened: a region may still run on it.
    #[error(transparent)]
    Directory(#[from] DiskOpenError),
    /// What it holds could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What every start needs is not to be had, or the directory is another region's.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The directory is empty.
    #[error("there is no region in the data directory")]
    Nothing,
    /// No peer knows another history.
    #[error("no peer knows another history of {own}: start the region as ever")]
    NotForked {
        /// Whose history it would be.
        own: ReplicaId,
    },
    /// A peer does not say what it knows.
    #[error("{peer} does not say what it knows of this region: {because}")]
    Unanswered {
        /// Which.
        peer: RegionId,
        /// Why not.
        because: String,
    },
    /// Peers have taken in changes of both histories.
    #[error(
        "{peer} has taken in changes of this history up to {seq}, other peers of the other one: \
         they disagree among themselves, and no region can settle that for them"
    )]
    Split {
        /// One that has this history.
        peer: RegionId,
        /// How far.
        seq: u64,
    },
    /// The logs no longer tell where the histories part.
    #[error(
        "the histories part somewhere between {from} and {to}, and the log of {peer} or of this \
         region no longer tells where; move the data directory away to begin anew, and have the \
         peers give back what they hold: what only this directory has stays in it"
    )]
    LogTooShort {
        /// The peer with the other history.
        peer: RegionId,
        /// Not before this change.
        from: u64,
        /// Not after this one.
        to: u64,
    },
    /// No peer has a change that is here, and the log no longer has it.
    #[error(
        "no peer that has answered has {dot}, and it is no longer in the log here: bring up the \
         region that has it"
    )]
    OnlyHere {
        /// The first such change of its stream.
        dot: Dot,
    },
    /// The file system refused.
    #[error("{} cannot be made or exchanged: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An earlier attempt was broken off.
    #[error(
        "{} is there already: an attempt was broken off. Without a file `identity` in it, it can be \
         removed; with one, it is the old directory, and the region can be started",
        path.display()
    )]
    InTheWay {
        /// What.
        path: PathBuf,
    },
}
