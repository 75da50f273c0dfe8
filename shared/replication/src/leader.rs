//! The leader: the only writer of a region's state.
//!
//! Local commands become changes; changes of other regions are joined. Both need the present
//! states of the items they touch, which the caller reads (staged, then overlay, then redb) and
//! hands in, and whose successors it stages. Nothing here is durable: the caller journals the
//! change before anyone may see it or be told of it.

mod decision;

use std::sync::Arc;

use tombolo_causality::{Dot, HybridClock, HybridTimestamp, ReplicaId, VersionVector};
use tombolo_datatypes::{ItemState, Operation};
use tombolo_resolvers::Written;

pub use self::decision::{AppliedChange, Command, Decided, NotApplied, Refusal};
use crate::{
    Body, Catalog, Change, ItemDelta, ItemKey, TableDefinition, TableId, TableName, TableShape,
};

/// What a region knows when its leader begins or resumes.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// What has been applied, durably.
    pub applied: VersionVector,
    /// The largest stamp among it.
    pub stamp_floor: HybridTimestamp,
    /// The tables.
    pub catalog: Catalog,
}

/// See the module.
#[derive(Debug)]
pub struct Leader {
    replica: ReplicaId,
    clock: HybridClock,
    /// Everything applied, what is not yet durable included.
    applied: VersionVector,
    /// `applied` without the own stream, shared by the changes that depend on it.
    deps: Arc<VersionVector>,
    cut: Arc<VersionVector>,
    catalog: Arc<Catalog>,
}

impl Leader {
    /// The leader of `replica`, going on from what was recovered.
    pub fn resume(replica: ReplicaId, recovered: Recovered) -> Self {
        let mut leader = Self {
            replica,
            clock: HybridClock::resume(recovered.stamp_floor),
            applied: recovered.applied,
            deps: Arc::default(),
            cut: Arc::default(),
            catalog: Arc::new(recovered.catalog),
        };
        leader.refresh_deps();
        leader
    }

    /// Who it writes as.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// Everything applied, what is not yet durable included.
    pub fn applied(&self) -> &VersionVector {
        &self.applied
    }

    /// The tables, those not yet durable included.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Decides a command on one item, whose present state is `state`.
    pub fn decide(
        &mut self,
        now_ms: u64,
        command: Command,
        state: Option<&ItemState>,
    ) -> Result<Decided, Refusal> {
        let Command { item, operation } = command;
        let definition = self.catalog.by_id(&item.table);
        let definition = definition.ok_or(Refusal::NoSuchTable)?.clone();
        let resolver = definition.shape.resolver.resolver();
        let mut state = match state {
            Some(state) => state.clone(),
            None => ItemState::new(definition.shape.data_type),
        };
        let existed = resolver.shown(&state).is_value();
        let deletes = operation == Operation::Delete;
        let ctx = resolver.replaces(&state);
        let delta = state.operate(self.replica, operation, existed, ctx)?;
        let written = self.next_name(now_ms);
        resolver.join(&mut state, written, &delta);
        let ItemKey { table, key } = item.clone();
        let change = self.change(written, Body::Items(vec![ItemDelta { table, key, delta }]));
        Ok(Decided { change, item, state, resolver: definition.shape.resolver, existed, deletes })
    }

    /// Decides the definition of a table. Only the region that orders definitions may ask.
    ///
    /// `Ok(None)` where an equal one exists.
    pub fn define(
        &mut self,
        now_ms: u64,
        name: &TableName,
        shape: &TableShape,
    ) -> Result<Option<Change>, Refusal> {
        if let Some(existing) = self.catalog.by_name(name.as_str()) {
            return if existing.shape == *shape { Ok(None) } else { Err(Refusal::TableExists) };
        }
        if self.catalog.len() >= Catalog::TABLES_MAX {
            return Err(Refusal::TooManyTables);
        }
        let written = self.next_name(now_ms);
        let definition =
            TableDefinition { id: TableId(written.dot), name: name.clone(), shape: shape.clone() };
        Arc::make_mut(&mut self.catalog).define(definition.clone());
        Ok(Some(self.change(written, Body::Define(definition))))
    }

    /// Decides the end of a table. Only the region that orders definitions may ask.
    pub fn drop_table(&mut self, now_ms: u64, name: &str) -> Result<Change, Refusal> {
        let id = self.catalog.by_name(name).ok_or(Refusal::NoSuchTable)?.id;
        let written = self.next_name(now_ms);
        Arc::make_mut(&mut self.catalog).remove(&id);
        Ok(self.change(written, Body::Drop(id)))
    }

    /// Joins a change of another replica into the states of the items it touches.
    ///
    /// `state` answers an item's present state; it is asked once for each item, in the change's
    /// order. Deltas of tables that have been dropped are counted and have no effect.
    pub fn apply<E>(
        &mut self,
        change: &Change,
        mut state: impl FnMut(&ItemKey) -> Result<Option<Arc<ItemState>>, E>,
    ) -> Result<AppliedChange, NotApplied<E>> {
        let dot = change.dot;
        if dot.seq <= self.applied.get(&dot.replica) {
            return Ok(AppliedChange::default());
        }
        if dot.seq != self.applied.get(&dot.replica) + 1 || !self.applied.descends(&change.deps) {
            return Err(NotApplied::OutOfOrder { dot });
        }
        let mut applied = AppliedChange { is_new: true, ..AppliedChange::default() };
        match &change.body {
            Body::Items(deltas) => {
                for ItemDelta { table, key, delta } in deltas {
                    let Some(definition) = self.catalog.by_id(table) else {
                        applied.of_dropped_tables += 1;
                        continue;
                    };
                    if definition.shape.data_type != delta.body.data_type() {
                        return Err(NotApplied::WrongType { dot });
                    }
                    let item = ItemKey { table: *table, key: key.clone() };
                    let present = state(&item).map_err(NotApplied::State)?;
                    let mut next = match present {
                        Some(present) => Arc::unwrap_or_clone(present),
                        None => ItemState::new(definition.shape.data_type),
                    };
                    let written = Written { dot, stamp: change.stamp };
                    if definition.shape.resolver.resolver().join(&mut next, written, delta) {
                        applied.states.push((item, next));
                    }
                }
            }
            Body::Define(definition) => {
                Arc::make_mut(&mut self.catalog).define(definition.clone());
            }
            Body::Drop(table) => {
                Arc::make_mut(&mut self.catalog).remove(table);
            }
            Body::Stub(_) => {}
        }
        self.clock.observe(change.stamp);
        self.applied.learn(dot);
        self.refresh_deps();
        Ok(applied)
    }

    fn next_name(&mut self, now_ms: u64) -> Written {
        let dot = Dot::new(self.replica, self.applied.get(&self.replica) + 1);
        self.applied.learn(dot);
        Written { dot, stamp: self.clock.stamp(now_ms) }
    }

    fn change(&self, written: Written, body: Body) -> Change {
        Change {
            dot: written.dot,
            stamp: written.stamp,
            deps: self.deps.clone(),
            cut: self.cut.clone(),
            body,
            idempotency: None,
        }
    }

    fn refresh_deps(&mut self) {
        let others = self.applied.iter().filter(|(replica, _)| *replica != self.replica);
        self.deps = Arc::new(others.collect());
    }
}

#[cfg(test)]
mod tests;
