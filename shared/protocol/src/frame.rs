//! Frames: what regions say to each other.
//!
//! ```text
//! length u32 le │ crc32c u32 le │ version u8 │ kind u8 │ postcard
//! ```
//!
//! The length counts what follows the checksum. A reader checks it against its own bound before it
//! reads on, and against a small one until the peer has said who it is. Of the enums here that
//! travel as they are, a variant's number is its place: new variants go to the end.

mod batch;
mod catch_up;
mod codec;
mod forward;
mod members;
mod reconcile;
mod tables;

use serde::{Deserialize, Serialize};
use tombolo_causality::{Dot, RegionId, ReplicaId, VersionVector};
use tombolo_replication::catch_up::{Pull, Pulled};
use tombolo_replication::reconciler::{Compare, Compared, Offer, Offered};
use tombolo_replication::{RunningHash, StreamPosition};

pub use self::codec::{FRAME_HEADER_BYTES, FrameError, FrameHeader, decode_frame, encode_frame};
pub use self::forward::{Forward, Forwarded};
pub use self::members::{MemberAction, MemberReply};
pub use self::tables::{TableAction, TableReply, TableRequest};

/// What one region says to another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// The first frame of who dials.
    Hello(Hello),
    /// The answer to it.
    Welcome(Welcome),
    /// The end of the connection, with the reason.
    Refused {
        /// Why, for programs.
        code: RefusalCode,
        /// Why, for people.
        detail: String,
    },
    /// Consecutive changes of one stream.
    Batch(BatchFrame),
    /// Changes of `origin` after `after` up to `up_to` are missing.
    Ask {
        /// Whose changes.
        origin: ReplicaId,
        /// Everything up to here is here.
        after: u64,
        /// Everything up to here is needed.
        up_to: u64,
    },
    /// The sender is alive and has written, and shows, `watermark`.
    Heartbeat {
        /// The sender's monotonic clock, to be echoed, in µs.
        sent_us: u64,
        /// What it shows.
        watermark: VersionVector,
        /// What it knows others to have durably and to show, by replica: for whom the way to them
        /// is cut.
        others: Vec<(ReplicaId, VersionVector)>,
    },
    /// The sender has `vector` durably and shows it.
    Acknowledge {
        /// What it has.
        vector: VersionVector,
        /// The latest heartbeat, where this answers one.
        echo: Option<Echo>,
    },
    /// A question about a table, for the region that orders them.
    TableRequest {
        /// Chosen by the asker, unique on this connection.
        request: u64,
        /// What is asked.
        what: TableRequest,
    },
    /// The answer to it.
    TableReply {
        /// The request.
        request: u64,
        /// The answer.
        reply: TableReply,
    },
    /// A wish to add or to remove a member, for the region that orders that.
    MemberRequest {
        /// Chosen by the asker, unique on this connection.
        request: u64,
        /// What is asked.
        what: MemberAction,
    },
    /// The answer to it.
    MemberReply {
        /// The request.
        request: u64,
        /// The answer.
        reply: MemberReply,
    },
    /// A client's request that the sender cannot answer.
    Forward(Forward),
    /// The answer to it.
    Forwarded(Forwarded),
    /// What the sender has of some items, in a digest.
    Compare(Compare),
    /// The answer to it.
    Compared(Compared),
    /// The sender's states of items that differ.
    Offer(Offer),
    /// The answer to it.
    Offered(Offered),
    /// A part of what the peer shows is asked for.
    Pull(Pull),
    /// The answer to it.
    Pulled(Pulled),
    /// The sender no longer has what the peer lacks: it must catch up by state.
    OutOfLog {
        /// Whose changes.
        origin: ReplicaId,
        /// Those after this one.
        after: u64,
    },
    /// What the sender has and does not show: changes that it could not apply, in ascending order.
    /// Said before the first acknowledgement or heartbeat whose vector contains one of them.
    SetAside {
        /// All that it has set aside.
        dots: Vec<Dot>,
    },
    /// What the stream of `origin` was up to `seq`: asked by who looks for where two histories part.
    AskHistory {
        /// Whose stream.
        origin: ReplicaId,
        /// Up to and including this one.
        seq: u64,
    },
    /// The answer to it.
    History {
        /// Up to and including this one.
        seq: u64,
        /// The running hash; nothing where the log no longer tells, or does not reach that far.
        hash: Option<RunningHash>,
    },
}

/// The answer to a heartbeat, from which its sender learns the round trip and the other's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// The heartbeat's `sent_us`.
    pub sent_us: u64,
    /// The wall clock of who answers, at that moment, in µs since 1970.
    pub wall_us: u64,
}

/// Who dials, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The cluster that both must be of.
    pub cluster: String,
    /// Who dials.
    pub region: RegionId,
    /// Its replica.
    pub replica: ReplicaId,
    /// The oldest protocol it speaks.
    pub protocol_min: u8,
    /// The newest.
    pub protocol_max: u8,
    /// What it has durably.
    pub vector: VersionVector,
    /// What for.
    pub purpose: Purpose,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To ship the dialler's changes.
    Replicate,
    /// To learn how much of the dialler's stream is known, after an unclean start.
    Identify,
    /// To have clients' requests answered.
    Forward,
    /// To compare what both hold, and to repair it.
    Verify,
    /// To be sent what the peer shows.
    CatchUp,
}

/// Who was dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Who it is.
    pub replica: ReplicaId,
    /// The protocol to be spoken.
    pub protocol: u8,
    /// What it has durably.
    pub vector: VersionVector,
    /// Where the dialler's stream stands there, with its running hash.
    pub yours: StreamPosition,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalCode {
    /// An operator has paused the link.
    Paused,
    /// Another cluster.
    WrongCluster,
    /// Not a member, or not whom it was taken for.
    UnknownRegion,
    /// No protocol in common.
    Protocol,
    /// A stream differs from what is known here.
    Forked,
    /// A stream stamps too far ahead.
    ClockAhead,
    /// A frame was malformed.
    Malformed,
    /// Something that this version does not know.
    UnknownKind,
    /// The region is starting or stopping.
    Unavailable,
    /// A change that cannot be applied, where as many are set aside as may be.
    TooManyExceptions,
    /// The caller was removed, or its directory is that of a life that was.
    Removed,
    /// The caller is a member that is to take states before it takes part.
    Newcomer,
}

/// Consecutive changes of one stream, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFrame {
    /// Whose changes.
    pub origin: ReplicaId,
    /// The running hash before the first.
    pub hash_before: RunningHash,
    /// How many bytes `packed` unpacks to.
    pub unpacked_bytes: u32,
    /// (length u32 le, change)*, compressed with zstd.
    pub packed: Vec<u8>,
}
