//! The leader: the only writer of a region's state.
//!
//! Local commands become changes; changes of other regions are joined. Both need the present
//! states of the items they touch, which the caller reads (staged, then overlay, then redb) and
//! hands in, and whose successors it stages. Nothing here is durable: the caller journals the
//! change before anyone may see it or be told of it.

mod applier;
mod condition;
mod decision;
mod joining;
mod letting_go;
mod members;
mod tables;

use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, ReplicaId, VersionVector};
use tombolo_datatypes::{Delta, ItemLimits, ItemState, Operation, OperationError};
use tombolo_resolvers::{Resolver, Written};

pub use self::applier::Applier;
pub use self::decision::{AppliedChange, Command, Condition, Decided, NotApplied, Refusal};
pub use self::joining::{NotJoined, Reach, Voices};
pub use self::members::MemberDecision;
pub use self::tables::{TableCommand, TableOperation};
use crate::catch_up::Adopted;
use crate::idempotency::{
    GivenAnswer, GivenRecord, IdempotencyRecord, KeptRecord, Known, NamedRequest, Told,
};
use crate::{Body, Catalog, Change, Exceptions, ItemDelta, ItemKey, conflicts};

/// See the module.
#[derive(Debug)]
pub struct Leader {
    replica: ReplicaId,
    applier: Applier,
    /// What is applied without the own stream, shared by the changes that depend on it.
    deps: Arc<VersionVector>,
    cut: Arc<VersionVector>,
    limits: ItemLimits,
}

impl Leader {
    /// The leader of `replica`, going on from what was recovered.
    pub fn resume(replica: ReplicaId, recovered: Applier) -> Self {
        let mut leader = Self {
            replica,
            applier: recovered,
            deps: Arc::default(),
            cut: Arc::default(),
            limits: ItemLimits::default(),
        };
        leader.refresh_deps();
        leader
    }

    /// The same, with other limits for items.
    #[must_use]
    pub fn with_limits(self, limits: ItemLimits) -> Self {
        Self { limits, ..self }
    }

    /// Who it writes as.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// Everything applied, what is not yet durable included.
    pub fn applied(&self) -> &VersionVector {
        self.applier.applied()
    }

    /// The tables, those not yet durable included.
    pub fn catalog(&self) -> &Arc<Catalog> {
        self.applier.catalog()
    }

    /// The record of a named request that has been done, which is then not to be decided again.
    pub fn repeated(
        &mut self,
        now_ms: u64,
        request: &NamedRequest,
    ) -> Result<Option<Arc<KeptRecord>>, Refusal> {
        match self.applier.look_up(now_ms, request) {
            Known::No => Ok(None),
            Known::Done(kept) => Ok(Some(kept)),
            Known::Reused => Err(Refusal::RequestNameReused),
            Known::Full => Err(Refusal::TooManyNamedRequests),
        }
    }

    /// Decides a command on one item, whose present state is `state`.
    pub fn decide(
        &mut self,
        now_ms: u64,
        command: Command,
        state: Option<&ItemState>,
    ) -> Result<Decided, Refusal> {
        if !self.is_member() {
            return Err(Refusal::NotAMember);
        }
        let Command { item, operation, condition, request, span } = command;
        let definition = self.catalog().by_id(&item.table);
        let definition = definition.ok_or(Refusal::NoSuchTable)?.clone();
        let resolver = definition.shape.resolver.resolver();
        let mut state = match state {
            Some(state) => state.clone(),
            None => ItemState::new(definition.shape.data_type),
        };
        let existed = resolver.shown(&state).is_value();
        let settles = match &operation {
            Operation::Settle(settlement) => Some((settlement.clone(), state.clone())),
            _ => None,
        };
        // A deleted item has conflicts, and a version to settle them by.
        let has_version =
            existed || settles.is_some() && matches!(condition, Some(Condition::Versions(_)));
        let version =
            condition::check(condition, definition.shape.resolver, state.context(), has_version)?;
        let tells_value = match operation {
            Operation::Put(_) => definition.shape.resolver.ranks(),
            Operation::Delete | Operation::Settle(_) => false,
            _ => true,
        };
        let delta = self.delta(now_ms, resolver, &state, operation, version.as_ref())?;
        let written = self.next_name(now_ms);
        resolver.join(&mut state, written, &delta);
        let settled = settles.and_then(|(settlement, before)| {
            conflicts::settled(&item, (&before, &state), definition.shape.resolver, &settlement)
        });
        let ItemKey { table, key } = item.clone();
        let mut change = self.change(written, Body::Items(vec![ItemDelta { table, key, delta }]));
        change.span = span;
        if let Some(request) = request {
            let shown = resolver.shown(&state).value().filter(|_| tells_value);
            let told = match (&settled, shown) {
                (Some(record), _) => Told::Settled(Box::new(GivenRecord {
                    item: item.clone(),
                    record: (**record).clone(),
                })),
                (None, Some(shown)) => Told::Shown(shown.to_json()),
                (None, None) => Told::Nothing,
            };
            let answer = GivenAnswer { existed, context: state.context().clone(), told };
            change.idempotency = Some(IdempotencyRecord { request, answer });
            self.applier.remember(&change);
        }
        let resolver = definition.shape.resolver;
        Ok(Decided { change, item, state, resolver, existed, tells_value, settled })
    }

    /// What `operation` does to an item in `state`, and what it builds upon.
    fn delta(
        &self,
        now_ms: u64,
        resolver: &dyn Resolver,
        state: &ItemState,
        operation: Operation,
        version: Option<&VersionVector>,
    ) -> Result<Delta, OperationError> {
        let mut delta = resolver.operate(state, self.replica, operation, version, &self.limits)?;
        letting_go::let_go(resolver, state, &mut delta, now_ms, &self.limits);
        Ok(delta)
    }

    /// Joins a change of another replica; see [`Applier::apply`].
    pub fn apply<E>(
        &mut self,
        change: &Change,
        state: impl FnMut(&ItemKey) -> Result<Option<Arc<ItemState>>, E>,
    ) -> Result<AppliedChange, NotApplied<E>> {
        let applied = self.applier.apply(change, state)?;
        if applied.is_new {
            self.refresh_deps();
        }
        Ok(applied)
    }

    /// Takes a peer's tables in the place of its own.
    pub fn take_catalog(&mut self, catalog: Arc<Catalog>) {
        self.applier.take_catalog(catalog);
    }

    /// Keeps the answer to a named request that another region has told of.
    pub fn keep(&mut self, kept: KeptRecord) {
        self.applier.keep(kept);
    }

    /// What is set aside, what is not yet durable included.
    pub fn exceptions(&self) -> &Exceptions {
        self.applier.exceptions()
    }

    /// Takes in that what is adopted has been applied by joining states; see [`Applier::adopt`].
    pub fn adopt(&mut self, adopted: &Adopted, stamp_floor: HybridTimestamp) {
        self.applier.adopt(&adopted.streams, stamp_floor);
        self.applier.adopt_exceptions(&adopted.exceptions);
        self.refresh_deps();
    }

    fn next_name(&mut self, now_ms: u64) -> Written {
        self.applier.author(self.replica, now_ms)
    }

    fn change(&self, written: Written, body: Body) -> Change {
        Change {
            dot: written.dot,
            stamp: written.stamp,
            deps: self.deps.clone(),
            cut: self.cut.clone(),
            body,
            idempotency: None,
            span: None,
        }
    }

    fn refresh_deps(&mut self) {
        let others = self.applied().iter().filter(|(replica, _)| *replica != self.replica);
        self.deps = Arc::new(others.collect());
    }
}

#[cfg(test)]
mod tests;
