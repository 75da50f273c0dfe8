//! Applying changes in order: the part of the leader that replay shares.

use std::sync::Arc;

use tombolo_causality::{Dot, HybridClock, HybridTimestamp, ReplicaId, VersionVector};
use tombolo_datatypes::ItemState;
use tombolo_resolvers::Written;

use super::{AppliedChange, NotApplied};
use crate::idempotency::{KeptRecord, Known, Ledger, LedgerLimits, NamedRequest};
use crate::{
    Body, Catalog, Change, Consistency, Exceptions, ItemDelta, ItemKey, Membership, SetAside,
    Streams, TableDefinition, TableId,
};

/// What a region has applied: vector, clock and tables.
#[derive(Clone, Debug)]
pub struct Applier {
    applied: VersionVector,
    clock: HybridClock,
    catalog: Arc<Catalog>,
    exceptions: Exceptions,
    ledger: Ledger,
}

impl Applier {
    /// One that has applied `applied`, whose largest stamp is `stamp_floor`.
    pub fn resume(applied: VersionVector, stamp_floor: HybridTimestamp, catalog: Catalog) -> Self {
        let clock = HybridClock::resume(stamp_floor);
        let ledger = Ledger::new(LedgerLimits::default());
        let exceptions = Exceptions::default();
        Self { applied, clock, catalog: Arc::new(catalog), exceptions, ledger }
    }

    /// The same with what it has set aside.
    #[must_use]
    pub fn with_exceptions(self, exceptions: Exceptions) -> Self {
        Self { exceptions, ..self }
    }

    /// The same with what it remembers of named requests.
    #[must_use]
    pub fn with_ledger(self, ledger: Ledger) -> Self {
        Self { ledger, ..self }
    }

    /// What is known of a named request.
    pub(super) fn look_up(&mut self, now_ms: u64, request: &NamedRequest) -> Known {
        let now = HybridTimestamp::new(now_ms, 0).max(self.clock.last());
        self.ledger.look_up(now, request)
    }

    /// Remembers the request that `change` answers, where it does.
    pub(super) fn remember(&mut self, change: &Change) {
        self.ledger.take_in(change);
    }

    /// What has been applied.
    pub fn applied(&self) -> &VersionVector {
        &self.applied
    }

    /// The largest stamp applied or issued.
    pub(super) fn latest_stamp(&self) -> HybridTimestamp {
        self.clock.last()
    }

    /// What is set aside.
    pub fn exceptions(&self) -> &Exceptions {
        &self.exceptions
    }

    /// The tables.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Joins a change into the states of the items it touches.
    ///
    /// `state` answers an item's present state; it is asked once for each item, in the change's
    /// order. Deltas of tables that have been dropped are counted and have no effect. A change that
    /// cannot be applied is set aside whole: it counts as applied, so that its stream goes on, and
    /// the named request that it answers as done, so that it is not done twice. Where an error is
    /// returned, nothing was applied.
    pub fn apply<E>(
        &mut self,
        change: &Change,
        mut state: impl FnMut(&ItemKey) -> Result<Option<Arc<ItemState>>, E>,
    ) -> Result<AppliedChange, NotApplied<E>> {
        let dot = change.dot;
        if self.applied.contains(&dot) {
            return Ok(AppliedChange::default());
        }
        if dot.seq != self.applied.get(&dot.replica) + 1 || !self.applied.descends(&change.deps) {
            return Err(NotApplied::OutOfOrder { dot });
        }
        let mut applied = AppliedChange { is_new: true, ..AppliedChange::default() };
        applied.set_aside = self.flaw(change);
        match (applied.set_aside, &change.body) {
            (Some(reason), _) => self.set_aside(dot, reason)?,
            (None, Body::Items(items)) => {
                for item in items {
                    self.join(change, item, &mut state, &mut applied)?;
                }
            }
            (None, Body::Define(definition)) => self.define(definition.clone()),
            (None, Body::Drop(table)) => self.drop_table(table),
            (None, Body::Alter { table, consistency }) => self.alter(table, *consistency, dot),
            (None, Body::Members(members)) => self.take_members(members),
            (None, Body::Stub(_)) => {}
        }
        self.ledger.take_in(change);
        self.clock.observe(change.stamp);
        self.applied.learn(dot);
        Ok(applied)
    }

    /// Why `change` cannot be applied, where that is so.
    fn flaw(&self, change: &Change) -> Option<SetAside> {
        match &change.body {
            Body::Items(items) => {
                let is_of_another_type = |item: &ItemDelta| {
                    let table = self.catalog.by_id(&item.table);
                    table.is_some_and(|table| table.shape.data_type != item.delta.body.data_type())
                };
                let has_seen = |named: &Dot| {
                    let Change { dot, deps, .. } = change;
                    let is_own = named.replica == dot.replica && named.seq < dot.seq;
                    is_own || deps.contains(named)
                };
                if items.iter().any(is_of_another_type) {
                    Some(SetAside::WrongType)
                } else if items.iter().all(|item| item.delta.names_only(has_seen)) {
                    None
                } else {
                    Some(SetAside::Unseen)
                }
            }
            Body::Define(definition) => {
                // One in the place of another of that name takes no room.
                let is_full = self.catalog.len() >= Catalog::TABLES_MAX
                    && self.catalog.by_name(definition.name.as_str()).is_none();
                is_full.then_some(SetAside::TooManyTables)
            }
            Body::Drop(_) | Body::Alter { .. } | Body::Members(_) | Body::Stub(_) => None,
        }
    }

    fn set_aside<E>(&mut self, dot: Dot, reason: SetAside) -> Result<(), NotApplied<E>> {
        if self.exceptions.is_full() {
            let max = Exceptions::CHANGES_MAX;
            return Err(NotApplied::TooManyExceptions { dot, reason, max });
        }
        self.exceptions.add(dot, reason);
        Ok(())
    }

    fn join<E>(
        &self,
        change: &Change,
        ItemDelta { table, key, delta }: &ItemDelta,
        state: &mut impl FnMut(&ItemKey) -> Result<Option<Arc<ItemState>>, E>,
        applied: &mut AppliedChange,
    ) -> Result<(), NotApplied<E>> {
        let dot = change.dot;
        let Some(definition) = self.catalog.by_id(table) else {
            applied.of_dropped_tables += 1;
            return Ok(());
        };
        let shape = &definition.shape;
        let item = ItemKey { table: *table, key: key.clone() };
        let mut next = match state(&item).map_err(NotApplied::State)? {
            Some(present) => Arc::unwrap_or_clone(present),
            None => ItemState::new(shape.data_type),
        };
        let written = Written { dot, stamp: change.stamp };
        if shape.resolver.resolver().join(&mut next, written, delta) {
            applied.states.push((item, next));
        }
        Ok(())
    }

    /// The name and the time of a new change of `replica`.
    pub(super) fn author(&mut self, replica: ReplicaId, now_ms: u64) -> Written {
        let dot = Dot::new(replica, self.applied.get(&replica) + 1);
        self.applied.learn(dot);
        Written { dot, stamp: self.clock.stamp(now_ms) }
    }

    /// Takes in that `streams`, whose largest stamp is not beyond `stamp_floor`, have been applied
    /// by joining states.
    pub fn adopt(&mut self, streams: &Streams, stamp_floor: HybridTimestamp) {
        self.applied.join(&streams.vector());
        self.clock.observe(stamp_floor);
    }

    /// Takes in that `exceptions`, which are of streams that are adopted with them, were set aside by
    /// whoever applied these.
    pub fn adopt_exceptions(&mut self, exceptions: &Exceptions) {
        for (dot, reason) in exceptions.iter() {
            self.exceptions.add(dot, reason);
        }
    }

    /// Takes a peer's tables in the place of its own.
    pub fn take_catalog(&mut self, catalog: Arc<Catalog>) {
        self.catalog = catalog;
    }

    /// Keeps the answer to a named request.
    pub fn keep(&mut self, kept: KeptRecord) {
        self.ledger.keep(kept);
    }

    pub(super) fn define(&mut self, definition: TableDefinition) {
        Arc::make_mut(&mut self.catalog).define(definition);
    }

    pub(super) fn alter(&mut self, table: &TableId, consistency: Consistency, dot: Dot) {
        Arc::make_mut(&mut self.catalog).alter(table, consistency, dot);
    }

    pub(super) fn take_members(&mut self, members: &Membership) {
        Arc::make_mut(&mut self.catalog).take_members(members.clone());
    }

    pub(super) fn drop_table(&mut self, table: &TableId) {
        Arc::make_mut(&mut self.catalog).remove(table);
    }
}
