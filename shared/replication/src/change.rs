//! A change: what is atomic, ordered, journaled and shipped.

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, VersionVector};
use tombolo_datatypes::Delta;

use crate::{
    Consistency, IdempotencyRecord, Key, Membership, SpanContext, TableDefinition, TableId,
};

/// An atomic group of item deltas with one name, one time and one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name, for ever.
    pub dot: Dot,
    /// Its author's hybrid time: larger than that of everything the author had applied.
    pub stamp: HybridTimestamp,
    /// What its author had applied of the other streams; of its own, everything before it. Orders
    /// delivery, decides nothing.
    pub deps: Arc<VersionVector>,
    /// Up to where its author had forgotten removals.
    pub cut: Arc<VersionVector>,
    /// What it does.
    pub body: Body,
    /// The answer to the request that it does, where the client gave that a name.
    pub idempotency: Option<IdempotencyRecord>,
    /// The span of the request that made it, where that is traced. Whoever applies it may link to
    /// it; it decides nothing.
    pub span: Option<SpanContext>,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Writes items, each at most once.
    Items(Vec<ItemDelta>),
    /// Defines a table. Its id is the change's dot.
    Define(TableDefinition),
    /// Drops a table with its items.
    Drop(TableId),
    /// Gives a table another default consistency.
    Alter {
        /// The table.
        table: TableId,
        /// What a read of it counts on from then on, where it does not say.
        consistency: Consistency,
    },
    /// Adds or removes a member: the list after it.
    Members(Box<Membership>),
    /// Wrote items of tables that the receiver does not hold: no keys, no values.
    Stub(Vec<TableId>),
}

/// What a change does to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemDelta {
    /// The item's table, by id.
    pub table: TableId,
    /// The item's key.
    pub key: Key,
    /// What is done to it.
    pub delta: Delta,
}

/// A change with the bytes in which its author encoded it.
///
/// Encoded once, and verbatim ever after: in every journal, on every link, under the running hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedChange {
    /// The change.
    pub change: Change,
    /// Its encoding.
    pub bytes: Arc<[u8]>,
}
