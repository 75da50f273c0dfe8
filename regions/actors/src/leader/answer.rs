//! What a client learns of a write that is durable.

use std::sync::Arc;

use tombolo_datatypes::ItemState;
use tombolo_replication::ItemKey;
use tombolo_resolvers::{ResolverKind, Shown};

use crate::meters::WriteTimes;

/// The item as it stands after the write, here.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The item.
    pub item: ItemKey,
    /// Its state after the write.
    pub state: Arc<ItemState>,
    /// What decides which of its writes stands.
    pub resolver: ResolverKind,
    /// Whether it showed a value before.
    pub existed: bool,
    /// When it came how far.
    pub times: WriteTimes,
}

impl Answer {
    /// What the item shows.
    pub fn shown(&self) -> Shown<'_> {
        self.resolver.resolver().shown(&self.state)
    }
}
