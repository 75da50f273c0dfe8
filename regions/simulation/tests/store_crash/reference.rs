//! What a region holds after some changes: the same joins, in memory and without a store.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use tombolo_causality::{HybridTimestamp, VersionVector};
use tombolo_datatypes::ItemState;
use tombolo_protocol::RegionPosition;
use tombolo_replication::{Body, Catalog, ItemKey, SealedChange, leader::Applier};

use crate::failure::Failure;

/// Item states, tables, streams and clock after a run of changes.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) states: BTreeMap<ItemKey, Arc<ItemState>>,
    pub(crate) position: RegionPosition,
    applier: Applier,
}

impl Default for Reference {
    fn default() -> Self {
        let nothing = (VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
        Self {
            states: BTreeMap::new(),
            position: RegionPosition::default(),
            applier: Applier::resume(nothing.0, nothing.1, nothing.2),
        }
    }
}

impl Reference {
    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        self.applier.catalog()
    }

    pub(crate) fn applied(&self) -> &VersionVector {
        self.applier.applied()
    }

    /// Joins one more change, which must be the next of its stream.
    pub(crate) fn join(&mut self, sealed: &SealedChange) -> Result<(), Failure> {
        let change = &sealed.change;
        let states = &self.states;
        let state = |item: &ItemKey| Ok::<_, Infallible>(states.get(item).cloned());
        let applied = self.applier.apply(change, state);
        let applied = applied.map_err(|error| Failure::Wrong(error.to_string()))?;
        Failure::unless(applied.is_new, || format!("{} twice", change.dot))?;
        self.states.extend(applied.states.into_iter().map(|(item, state)| (item, state.into())));
        if let Body::Drop(table) = &change.body {
            self.states.retain(|item, _| item.table != *table);
        }
        self.position.streams.advance(change.dot.replica, &sealed.bytes);
        self.position.stamp_floor = self.position.stamp_floor.max(change.stamp);
        Ok(())
    }
}
