//! What the two regions of a comparison say to each other.

use std::sync::Arc;

use tombolo_causality::{RegionId, VersionVector};
use tombolo_datatypes::ItemState;

use super::span::{Listed, Span};
use crate::{Digest, Key, TableId};

/// Is what you show of these items the same?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// Chosen by the asker, ascending on a connection.
    pub request: u64,
    /// What the asker shows: the answer waits for it, within bounds.
    pub vector: VersionVector,
    /// Which items.
    pub span: Span,
    /// What the asker has of them.
    pub digest: Digest,
}

/// The answer to a [`Compare`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The request.
    pub request: u64,
    /// What the answering region shows.
    pub vector: VersionVector,
    /// What came of it.
    pub answer: Comparison,
}

/// What came of comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are the same.
    Same,
    /// They are not, and this is what is there.
    Differs {
        /// All items, in the order of their keys.
        items: Vec<Listed>,
        /// The last key up to which that is all; nothing where it is all of the span.
        up_to: Option<Key>,
    },
    /// There is no such table here.
    NoSuchTable,
}

/// These are my states of items that differ: join them, and tell yours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Chosen by the asker, ascending on a connection.
    pub request: u64,
    /// What the asker shows, and its states with it.
    pub vector: VersionVector,
    /// The table.
    pub table: TableId,
    /// The regions for whose writes the asker speaks: itself, and those with whom it has compared
    /// everything.
    pub speaks_for: Vec<RegionId>,
    /// The items, in the order of their keys.
    pub items: Vec<(Key, Held)>,
}

/// The answer to an [`Offer`], once what was joined is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The request.
    pub request: u64,
    /// What the answering region showed when it looked.
    pub vector: VersionVector,
    /// Its states then, before it joined any, of the first so many items.
    pub items: Vec<Held>,
}

/// What a region has of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It has never heard of it.
    Nothing,
    /// This.
    State(Arc<ItemState>),
    /// More than fits in a frame.
    TooLarge,
}

impl Held {
    /// The state, where it is told.
    pub fn state(&self) -> Option<&Arc<ItemState>> {
        match self {
            Self::State(state) => Some(state),
            Self::Nothing | Self::TooLarge => None,
        }
    }
}
