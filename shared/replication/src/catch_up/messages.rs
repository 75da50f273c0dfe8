//! What a region that catches up asks, and what it is answered.

use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, VersionVector};
use tombolo_datatypes::ItemState;

use crate::idempotency::{KeptRecord, RequestName};
use crate::reconciler::Span;
use crate::{Catalog, Key, Streams, TableId};

/// Send me this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Chosen by the asker, ascending on a connection.
    pub request: u64,
    /// What.
    pub what: Wanted,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Where the streams stand, and the tables.
    Head,
    /// The items of a span, with all that is remembered of them.
    Items(Span),
    /// The answers to named requests, in the order of their places, behind this one.
    Requests {
        /// All from the first where there is none.
        after: Option<RequestPlace>,
    },
}

/// Where the answer to a named request stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestPlace {
    /// When it was given.
    pub stamp: HybridTimestamp,
    /// The request.
    pub name: RequestName,
}

/// A part of what a region shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The request.
    pub request: u64,
    /// All that the part may have seen.
    pub until: VersionVector,
    /// The part.
    pub content: Content,
    /// Whether it is the last of what was asked for.
    pub is_last: bool,
}

/// What is in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Where the streams stand, and the tables.
    Head(Head),
    /// Items, in the order of their keys.
    Items {
        /// Their table.
        table: TableId,
        /// The items.
        items: Vec<(Key, Arc<ItemState>)>,
    },
    /// There is no such table.
    NoSuchTable,
    /// Answers to named requests, in the order of their places.
    Requests(Vec<KeptRecord>),
}

/// Where a region stands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Head {
    /// How far it has come in every stream.
    pub streams: Streams,
    /// The largest stamp that it has applied.
    pub stamp_floor: HybridTimestamp,
    /// Its tables.
    pub catalog: Arc<Catalog>,
}

impl RequestPlace {
    /// The place of a record.
    pub fn of(kept: &KeptRecord) -> Self {
        Self { stamp: kept.stamp, name: kept.record.request.name }
    }
}
