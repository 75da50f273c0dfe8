//! What clients ask of a region, and what they are told.

use tombolo_causality::{Dot, Session, VersionVector};
use tombolo_datatypes::{Operation, Verdict};
use tombolo_replication::idempotency::NamedRequest;
use tombolo_replication::leader::{Condition, Refusal};
use tombolo_replication::read_router::Hop;
use tombolo_replication::{Consistency, Key, TableShape};

/// One request of one client.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) client: usize,
    /// Counts the client's requests, retries included.
    pub(crate) number: u64,
    pub(crate) session: Session,
    pub(crate) consistency: Consistency,
    pub(crate) wait_ms: u64,
    pub(crate) hop: Hop,
    pub(crate) what: What,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// An item's value.
    Read { table: &'static str, key: Key },
    /// To write an item.
    Write {
        table: &'static str,
        key: Key,
        operation: Operation,
        condition: Option<Condition>,
        named: Option<NamedRequest>,
    },
    /// To settle the first open conflict of an item, or to undo that of the first settled one, where
    /// there is one.
    Settle { table: &'static str, key: Key, verdict: Verdict },
    /// To define a table.
    Define { table: &'static str, shape: TableShape },
}

/// What is told.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The item's value, or none.
    Read {
        /// The item's version.
        context: VersionVector,
        /// What the region showed; for whoever checks, and not for the client.
        vector: VersionVector,
    },
    /// It is done.
    Wrote { dot: Dot, context: VersionVector, shown: Option<Vec<String>>, repeated: bool },
    /// The table is defined, or dropped.
    Tables,
    /// It is not done, and will not be.
    Refused(Refusal),
    /// There is nothing to settle.
    NothingToSettle,
    /// This region is behind, and so is everybody who can be asked.
    Stale,
    /// No room on the disk.
    StorageFull,
    /// Too much at once.
    Overloaded,
    /// There is no such table here yet.
    NoSuchTable,
    /// Nobody listens.
    Unreachable,
    /// It may be done, now or later, or not at all.
    Unknown,
}
