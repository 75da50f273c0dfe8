//! The structures as they are written, in version 1 of each format.
//!
//! Their shape is frozen by the golden vectors: a new shape is a new version beside it.

use serde::{Deserialize, Serialize};
use tombolo_causality::{Dot, RegionId, ReplicaId};
use tombolo_replication::{RunningHash, StreamPosition};

use crate::definition::TableV1;
use crate::frame::Purpose;
use crate::replica_table::WireDot;
use crate::vector::VectorV1;

/// Kinds of change bodies.
pub(crate) mod body_kind {
    pub(crate) const ITEMS: u8 = 1;
    pub(crate) const DEFINE: u8 = 2;
    pub(crate) const DROP: u8 = 3;
    pub(crate) const STUB: u8 = 4;
    pub(crate) const ALTER: u8 = 5;
    pub(crate) const MEMBERS: u8 = 10;
}

/// Kinds of deltas and of item states: one number per data type.
pub(crate) mod type_kind {
    pub(crate) const REGISTER: u8 = 1;
    pub(crate) const COUNTER: u8 = 2;
    pub(crate) const SET: u8 = 3;
    pub(crate) const FLAG: u8 = 4;
}

/// A change. The author is replica 0.
#[derive(Serialize, Deserialize)]
pub(crate) struct ChangeV1<'a> {
    pub(crate) seq: u64,
    pub(crate) replicas: Vec<ReplicaId>,
    pub(crate) stamp: u64,
    pub(crate) deps: Vec<WireDot>,
    pub(crate) cut: Vec<WireDot>,
    pub(crate) body_kind: u8,
    #[serde(borrow)]
    pub(crate) body: &'a [u8],
    #[serde(borrow)]
    pub(crate) idempotency: Option<IdempotencyV1<'a>>,
    /// Trace and span.
    pub(crate) span: Option<([u8; 16], [u8; 8])>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct IdempotencyV1<'a> {
    pub(crate) name: [u8; 16],
    pub(crate) request_hash: [u8; 16],
    pub(crate) existed: bool,
    pub(crate) context: Vec<WireDot>,
    #[serde(borrow)]
    pub(crate) told: ToldV1<'a>,
}

/// What an answer tells.
#[derive(Serialize, Deserialize)]
pub(crate) enum ToldV1<'a> {
    Nothing,
    Shown(&'a str),
    #[serde(borrow)]
    Settled(GivenRecordV1<'a>),
    Table(TableV1<Vec<u8>>),
}

/// The record of a conflict as it was answered.
#[derive(Serialize, Deserialize)]
pub(crate) struct GivenRecordV1<'a> {
    pub(crate) table: WireDot,
    pub(crate) key: &'a str,
    pub(crate) element: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) lost: RecordedWriteV1<'a>,
    #[serde(borrow)]
    pub(crate) kept: RecordedWriteV1<'a>,
    pub(crate) resolver: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) outcome: u8,
}

/// A write in it: dot, stamp and value.
pub(crate) type RecordedWriteV1<'a> = (WireDot, u64, RecordedValueV1<'a>);

/// What a recorded write wrote.
#[derive(Serialize, Deserialize)]
pub(crate) enum RecordedValueV1<'a> {
    Removed,
    Json(&'a str),
    /// Of what is kept: what the lost one wrote, as it is where that was restored.
    AsLost,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ItemDeltaV1<'a> {
    pub(crate) table: WireDot,
    pub(crate) key: &'a str,
    pub(crate) ctx: Vec<WireDot>,
    pub(crate) kind: u8,
    #[serde(borrow)]
    pub(crate) body: &'a [u8],
    #[serde(borrow)]
    pub(crate) settling: Option<SettlingV1<'a>>,
}

/// What a delta decides about writes in one place.
#[derive(Serialize, Deserialize)]
pub(crate) struct SettlingV1<'a> {
    pub(crate) element: Option<&'a str>,
    pub(crate) outcomes: Vec<(WireDot, u8)>,
}

/// What a register's delta writes.
#[derive(Serialize, Deserialize)]
pub(crate) enum RegisterDeltaV1<'a> {
    Deleted,
    Put(&'a str),
    /// A value in the generation that the deletion of that dot and stamp opened.
    PutInGeneration(WireDot, u64, &'a str),
    /// Nothing: it only ends what its ctx names.
    Nothing,
}

/// What a set's delta does to one element.
#[derive(Serialize, Deserialize)]
pub(crate) struct TouchV1<'a> {
    pub(crate) element: &'a str,
    pub(crate) replaced: Vec<WireDot>,
    pub(crate) presence: u8,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SetDeltaV1<'a> {
    #[serde(borrow)]
    pub(crate) touched: Vec<TouchV1<'a>>,
    pub(crate) exists: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum CounterDeltaV1 {
    Adjusted { up: u128, down: u128 },
    Reset(Vec<TallyV1>),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TallyV1 {
    pub(crate) replica: u32,
    pub(crate) up: u128,
    pub(crate) down: u128,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DefinitionV1<'a> {
    pub(crate) name: &'a str,
    pub(crate) data_type: &'a str,
    pub(crate) resolver: &'a str,
    pub(crate) strategy: &'a str,
    pub(crate) consistency: &'a str,
    /// The regions that hold it; none means all.
    pub(crate) regions: Vec<&'a str>,
}

/// An item's state.
#[derive(Serialize, Deserialize)]
pub(crate) struct RowV1<'a> {
    pub(crate) replicas: Vec<ReplicaId>,
    pub(crate) context: Vec<WireDot>,
    pub(crate) kind: u8,
    #[serde(borrow)]
    pub(crate) body: &'a [u8],
    #[serde(borrow)]
    pub(crate) marks: Vec<MarkV1<'a>>,
}

/// What was last decided about a live entry.
#[derive(Serialize, Deserialize)]
pub(crate) struct MarkV1<'a> {
    pub(crate) element: Option<&'a str>,
    pub(crate) write: WireDot,
    /// Dot and stamp.
    pub(crate) by: (WireDot, u64),
    pub(crate) outcome: u8,
}

/// A live entry: dot, stamp, and what it wrote.
pub(crate) type EntryV1<T> = (WireDot, u64, T);

/// What a register's entry wrote.
#[derive(Serialize, Deserialize)]
pub(crate) enum WriteV1<'a> {
    Deleted,
    Put(&'a str),
    PutInGeneration(WireDot, u64, &'a str),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RegisterRowV1<'a> {
    #[serde(borrow)]
    pub(crate) live: Vec<EntryV1<WriteV1<'a>>>,
    #[serde(borrow)]
    pub(crate) kept: Option<EntryV1<WriteV1<'a>>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SetRowV1<'a> {
    #[serde(borrow)]
    pub(crate) elements: Vec<(&'a str, Vec<EntryV1<bool>>)>,
    pub(crate) live: Vec<EntryV1<()>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CounterRowV1 {
    pub(crate) totals: Vec<TallyV1>,
    pub(crate) bases: Vec<TallyV1>,
    pub(crate) live: Vec<EntryV1<()>>,
}

/// A stream and where it stands.
#[derive(Serialize, Deserialize)]
pub(crate) struct StreamV1 {
    pub(crate) replica: ReplicaId,
    pub(crate) seq: u64,
    pub(crate) hash: [u8; 16],
}

impl StreamV1 {
    pub(crate) fn new(replica: ReplicaId, at: StreamPosition) -> Self {
        Self { replica, seq: at.seq, hash: at.hash.0 }
    }

    pub(crate) fn position(&self) -> StreamPosition {
        StreamPosition { seq: self.seq, hash: RunningHash(self.hash) }
    }
}

/// The first frame of who dials.
#[derive(Serialize, Deserialize)]
pub(crate) struct HelloV1<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) region: RegionId,
    pub(crate) replica: ReplicaId,
    pub(crate) protocol_min: u8,
    pub(crate) protocol_max: u8,
    pub(crate) vector: VectorV1,
    pub(crate) purpose: Purpose,
}

/// The answer to it.
#[derive(Serialize, Deserialize)]
pub(crate) struct WelcomeV1 {
    pub(crate) replica: ReplicaId,
    pub(crate) protocol: u8,
    pub(crate) vector: VectorV1,
    pub(crate) seq: u64,
    pub(crate) hash: [u8; 16],
}

/// Consecutive changes of one stream, packed.
#[derive(Serialize, Deserialize)]
pub(crate) struct BatchV1<'a> {
    pub(crate) origin: ReplicaId,
    pub(crate) hash_before: [u8; 16],
    pub(crate) unpacked_bytes: u32,
    #[serde(borrow)]
    pub(crate) packed: &'a [u8],
}

/// Who a peer is, and what it has.
pub(crate) type HolderV1 = (ReplicaId, VectorV1);

/// A client's request for a peer to answer.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForwardV1<'a> {
    pub(crate) request: u64,
    pub(crate) timeout_ms: u64,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    #[serde(borrow)]
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    pub(crate) body: &'a [u8],
}

/// The answer to it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForwardedV1<'a> {
    pub(crate) request: u64,
    pub(crate) status: u16,
    #[serde(borrow)]
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    pub(crate) body: &'a [u8],
}

/// What the asker has of some items.
#[derive(Serialize, Deserialize)]
pub(crate) struct CompareV1<'a> {
    pub(crate) request: u64,
    pub(crate) vector: VectorV1,
    #[serde(borrow)]
    pub(crate) span: SpanV1<'a>,
    pub(crate) digest: [u8; 16],
}

/// Consecutive keys of a table.
#[derive(Serialize, Deserialize)]
pub(crate) struct SpanV1<'a> {
    pub(crate) table: Dot,
    #[serde(borrow)]
    pub(crate) after: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) to: Option<&'a str>,
}

/// The answer to it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ComparedV1<'a> {
    pub(crate) request: u64,
    pub(crate) vector: VectorV1,
    #[serde(borrow)]
    pub(crate) answer: ComparisonV1<'a>,
}

/// What came of comparing.
#[derive(Serialize, Deserialize)]
pub(crate) enum ComparisonV1<'a> {
    Same,
    /// The items by key and digest, and up to where that is all.
    Differs(#[serde(borrow)] Vec<(&'a str, [u8; 16])>, #[serde(borrow)] Option<&'a str>),
    NoSuchTable,
}

/// The asker's states of some items.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfferV1<'a> {
    pub(crate) request: u64,
    pub(crate) vector: VectorV1,
    pub(crate) table: Dot,
    pub(crate) speaks_for: Vec<RegionId>,
    #[serde(borrow)]
    pub(crate) items: Vec<(&'a str, HeldV1<'a>)>,
}

/// The answer to it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfferedV1<'a> {
    pub(crate) request: u64,
    pub(crate) vector: VectorV1,
    #[serde(borrow)]
    pub(crate) items: Vec<HeldV1<'a>>,
}

/// What a region has of an item: a row where it has one.
#[derive(Serialize, Deserialize)]
pub(crate) enum HeldV1<'a> {
    Nothing,
    State(&'a [u8]),
    TooLarge,
}

/// A state that the leader joined: the item and its row.
#[derive(Serialize, Deserialize)]
pub(crate) struct JoinedV1<'a> {
    pub(crate) table: Dot,
    pub(crate) key: &'a str,
    #[serde(borrow)]
    pub(crate) row: &'a [u8],
}

/// What is asked for by a region that catches up.
#[derive(Serialize, Deserialize)]
pub(crate) enum WantedV1<'a> {
    Head,
    Items(#[serde(borrow)] SpanV1<'a>),
    /// Behind the answer of that stamp and name.
    Requests(Option<(u64, [u8; 16])>),
}

/// A part of what a region shows.
#[derive(Serialize, Deserialize)]
pub(crate) struct PulledV1<'a> {
    pub(crate) request: u64,
    pub(crate) until: VectorV1,
    pub(crate) is_last: bool,
    #[serde(borrow)]
    pub(crate) content: ContentV1<'a>,
}

/// What is in it.
#[derive(Serialize, Deserialize)]
pub(crate) enum ContentV1<'a> {
    /// A position, a catalog and exceptions, as they are stored.
    Head(&'a [u8], &'a [u8], &'a [u8]),
    /// A table, and rows by key.
    Items(Dot, #[serde(borrow)] Vec<(&'a str, &'a [u8])>),
    NoSuchTable,
    /// Request records, as they are stored.
    Requests(#[serde(borrow)] Vec<&'a [u8]>),
}
