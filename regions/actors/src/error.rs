//! What a region answers when it cannot do what it was asked.

use std::io;
use std::net::SocketAddr;

use tombolo_causality::RegionId;
use tombolo_replication::leader::Refusal;
use tombolo_storage::StorageError;
use tombolo_storage::disk::DiskOpenError;

use crate::ordering::Unconfirmed;

/// Why a region did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data directory could not be opened, or another process has it.
    #[error(transparent)]
    Directory(#[from] DiskOpenError),
    /// What it holds could not be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The replication listener could not be bound.
    #[error("cannot listen for other regions on {address}: is another process there?")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// A thread could not be started or has ended.
    #[error("a thread of the region ended while it was starting")]
    Thread,
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Random(#[source] io::Error),
}

/// Why a command was not done.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// More waits than may wait. Nothing was done.
    #[error("the region has more to do than it may keep waiting")]
    Overloaded,
    /// The disk is full. Nothing was done.
    #[error("the disk is full; reads go on, and so do writes once there is room")]
    StorageFull,
    /// The region is still making sure of who it is. Nothing was done.
    #[error("the region is starting")]
    Starting,
    /// The region catches up by state. Nothing was done.
    #[error("the region catches up: it has items without what they rest on")]
    CatchingUp,
    /// The region was removed from its cluster. Nothing was done.
    #[error("this region is no longer a member")]
    NotAMember,
    /// The region is stopping. Nothing was done.
    #[error("the region is stopping")]
    Stopping,
    /// Refused. Nothing was done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The present state could not be read. Nothing was done.
    #[error("the present state cannot be read: {detail}")]
    Unreadable {
        /// Why.
        detail: String,
    },
    /// Making it durable failed: it may or may not be. The region stops.
    #[error("the disk failed while the write was being made durable")]
    Unknown,
}

/// Why a request is answered nowhere. Nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// As many requests wait as may.
    #[error("as many requests wait as may wait")]
    Overloaded,
    /// This region does not show what is required, and no region that does can be reached.
    #[error("no region that can be reached is known to show what this session has seen")]
    Stale,
    /// The region is stopping.
    #[error("the region is stopping")]
    Stopping,
}

/// Why a call on a table was not done, or is not known to be.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Done, and another call has dropped the table since.
    #[error("the table was dropped by another call at the same time")]
    Gone,
    /// Done, but not yet confirmed by these regions.
    #[error("not yet confirmed by {regions:?}")]
    Pending {
        /// Who has not confirmed.
        regions: Vec<RegionId>,
    },
    /// The region that orders definitions cannot be reached. Nothing was done, or nobody knows.
    #[error("{region}, which orders table definitions, cannot be reached")]
    OrdererUnreachable {
        /// That region.
        region: RegionId,
    },
    /// Not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Why a member was not added or removed, or is not known to be.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// Done, but not yet confirmed by these regions.
    #[error("not yet confirmed by {regions:?}")]
    Pending {
        /// Who has not confirmed.
        regions: Vec<RegionId>,
    },
    /// The region that is to be added was removed before, which these regions have not confirmed.
    /// Nothing was done.
    #[error("its earlier removal is not yet confirmed by {regions:?}")]
    RemovalPending {
        /// Who has not confirmed.
        regions: Vec<RegionId>,
    },
    /// The region that is asked would itself be removed: only one that stays can say when that is
    /// agreed. Nothing was done.
    #[error("the region that is asked is the one that is to be removed")]
    AskedToLeave,
    /// The region that orders members cannot be reached. Nothing was done, or nobody knows.
    #[error("{region}, which orders members, cannot be reached")]
    OrdererUnreachable {
        /// That region.
        region: RegionId,
    },
    /// Not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl From<Unconfirmed> for MemberError {
    fn from(unconfirmed: Unconfirmed) -> Self {
        match unconfirmed {
            Unconfirmed::Pending(regions) => Self::Pending { regions },
            Unconfirmed::Stopping => Self::Submit(SubmitError::Stopping),
        }
    }
}

impl From<Unconfirmed> for TableError {
    fn from(unconfirmed: Unconfirmed) -> Self {
        match unconfirmed {
            Unconfirmed::Pending(regions) => Self::Pending { regions },
            Unconfirmed::Stopping => Self::Submit(SubmitError::Stopping),
        }
    }
}

/// No region of that name is a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{peer} is not a peer of this region")]
pub struct UnknownPeer {
    /// The name.
    pub peer: RegionId,
}
