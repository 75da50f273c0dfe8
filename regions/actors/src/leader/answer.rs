//! What a client learns of a write that is durable.

use std::sync::Arc;

use tombolo_causality::{Dot, VersionVector};
use tombolo_datatypes::ItemState;
use tombolo_replication::idempotency::{KeptRecord, Told};
use tombolo_replication::{ConflictRecord, ItemKey};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue, Written};

use crate::meters::WriteTimes;

/// What was written, or was found to have been written before.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The write.
    pub dot: Dot,
    /// The item.
    pub item: ItemKey,
    /// Whether it showed a value before.
    pub existed: bool,
    /// Whether the answer tells what the item shows.
    pub tells_value: bool,
    /// How it stands after the write.
    pub after: After,
    /// The conflict that it settled, as it then is.
    pub settled: Option<Box<ConflictRecord>>,
    /// When it came how far; nothing where it was done before.
    pub times: Option<WriteTimes>,
}

/// An item after a write.
#[derive(Clone, Debug)]
pub enum After {
    /// As this region has just written it.
    Written {
        /// Its state.
        state: Arc<ItemState>,
        /// What decides which of its writes stands.
        resolver: ResolverKind,
    },
    /// As it was when the same request was done before.
    Repeated(Arc<KeptRecord>),
}

impl Answer {
    /// The answer to a request that settled a conflict before.
    pub(crate) fn recalled(kept: Arc<KeptRecord>) -> Option<Self> {
        let Told::Settled(given) = &kept.record.answer.told else { return None };
        let item = given.item.clone();
        Some(Self::repeated(item, kept))
    }

    /// The answer to a request that was done before.
    pub(super) fn repeated(item: ItemKey, kept: Arc<KeptRecord>) -> Self {
        let answer = &kept.record.answer;
        let settled = match &answer.told {
            Told::Settled(given) => Some(Box::new(given.record.clone())),
            _ => None,
        };
        Self {
            dot: kept.dot,
            item,
            existed: answer.existed,
            tells_value: matches!(answer.told, Told::Shown(_)),
            after: After::Repeated(kept),
            settled,
            times: None,
        }
    }

    /// The item's context: its version.
    pub fn context(&self) -> &VersionVector {
        match &self.after {
            After::Written { state, .. } => state.context(),
            After::Repeated(kept) => &kept.record.answer.context,
        }
    }

    /// What the item shows.
    pub fn shown(&self) -> Shown<'_> {
        match &self.after {
            After::Written { state, resolver } => resolver.resolver().shown(state),
            After::Repeated(kept) => match &kept.record.answer.told {
                Told::Shown(text) => {
                    let written = Written { dot: kept.dot, stamp: kept.stamp };
                    Shown::Value(ShownValue::Json(text), written)
                }
                _ => Shown::Nothing,
            },
        }
    }
}
