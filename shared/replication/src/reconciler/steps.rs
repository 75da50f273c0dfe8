//! What happens to a reconciler, and what it wants done.

use std::sync::Arc;

use tombolo_causality::VersionVector;
use tombolo_datatypes::ItemState;

use super::{Compare, Compared, Findings, Held, Listed, Offer, Offered, Span};
use crate::{Key, TableId};

/// How much may be under way.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Spans that were asked for and wait for an answer, or differ and wait for their turn.
    pub spans_max: usize,
    /// How often an item is looked at whose difference may only be on its way.
    pub rounds_max: u32,
}

/// What happens to a reconciler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The answer to [`Output::Read`].
    Read {
        /// What was read; nothing where the table is no longer there.
        listing: Option<Listing>,
        /// What is left of the span.
        rest: Option<Span>,
    },
    /// The answer to [`Output::Await`].
    Awaited {
        /// The table.
        table: TableId,
    },
    /// The peer has answered a [`Compare`].
    Compared(Compared),
    /// The answer to [`Output::Load`]: of the first so many keys, at least one.
    Loaded {
        /// What this region shows with them.
        vector: VersionVector,
        /// What it has of them.
        items: Vec<Held>,
    },
    /// The peer has answered an [`Offer`].
    Offered(Offered),
    /// The answer to [`Output::Join`], once it is durable.
    Joined {
        /// How many were not joined: of writes that neither side can vouch for, or no longer to be
        /// joined.
        left_over: u64,
    },
}

/// What a region shows of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The span.
    pub span: Span,
    /// Its items, in the order of their keys.
    pub items: Vec<Listed>,
    /// What the region shows with them.
    pub vector: VersionVector,
}

/// What the reconciler wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Storage: list the beginning of this span, in one view.
    Read(Span),
    /// The network: ask the peer.
    Compare(Compare),
    /// Storage: once `vector` is shown here, or it takes too long, the states of these items, in
    /// one view. As many as fit in a frame.
    Load {
        /// The table.
        table: TableId,
        /// The keys, ascending.
        keys: Vec<Key>,
        /// What the peer shows.
        vector: VersionVector,
    },
    /// Storage: say when `vector` is shown here, or when it has taken too long.
    Await {
        /// The table that the peer does not have.
        table: TableId,
        /// What the peer shows.
        vector: VersionVector,
    },
    /// The network: offer the peer these states.
    Offer(Offer),
    /// The leader: once `vector` is shown here, or it takes too long, join these.
    Join {
        /// The table.
        table: TableId,
        /// The peer's states.
        items: Vec<(Key, Arc<ItemState>)>,
        /// What the peer showed with them.
        vector: VersionVector,
    },
    /// Whoever asked: this was found.
    Done(Findings),
}
