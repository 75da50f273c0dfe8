//! Another region, which nothing ever happens to: it writes, and takes in what is shipped to it.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use tombolo_causality::{HybridTimestamp, ReplicaId, VersionVector};
use tombolo_datatypes::ItemState;
use tombolo_protocol::{decode_change, seal};
use tombolo_replication::{
    Catalog, ItemKey,
    leader::{Applier, Decided, Leader},
};
use tombolo_simulation::Random;

use crate::{
    failure::Failure,
    model::Written,
    workload::{Draft, draft},
};

/// A leader without a disk.
#[derive(Debug)]
pub(crate) struct Peer {
    machine: Leader,
    states: BTreeMap<ItemKey, Arc<ItemState>>,
    /// All that it has written, in order.
    written: Vec<Written>,
}

impl Peer {
    pub(crate) fn new(replica: ReplicaId) -> Self {
        let nothing =
            Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
        let machine = Leader::resume(replica, nothing);
        Self { machine, states: BTreeMap::new(), written: Vec::new() }
    }

    pub(crate) fn replica(&self) -> ReplicaId {
        self.machine.replica()
    }

    pub(crate) fn applied(&self) -> &VersionVector {
        self.machine.applied()
    }

    /// The change after its first `seq`.
    pub(crate) fn after(&self, seq: u64) -> Option<&Written> {
        self.written.get(usize::try_from(seq).unwrap())
    }

    /// Writes something, unless it is refused.
    pub(crate) fn write(&mut self, random: &mut Random, now_ms: u64) -> Result<(), Failure> {
        let Some(Draft { command, added }) = draft(random, self.machine.catalog()) else {
            return Ok(());
        };
        let state = self.states.get(&command.item).cloned();
        let Ok(decided) = self.machine.decide(now_ms, command, state.as_deref()) else {
            return Ok(());
        };
        let Decided { change, item, state, .. } = decided;
        self.states.insert(item.clone(), state.into());
        let added = added.map(|by| (item, by));
        self.written.push(Written { sealed: seal(change)?, added });
        Ok(())
    }

    /// Takes in a change as it was shipped.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let change = decode_change(bytes)?;
        let states = &self.states;
        let state = |item: &ItemKey| Ok::<_, Infallible>(states.get(item).cloned());
        let applied = self.machine.apply(&change, state);
        let applied = applied.map_err(|error| Failure::Wrong(format!("shipped: {error}")))?;
        self.states.extend(applied.states.into_iter().map(|(item, state)| (item, state.into())));
        Ok(())
    }
}
