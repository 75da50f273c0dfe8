//! Giving changes new names, without changing what they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use tombolo_causality::{Dot, ReplicaId, VersionVector};
use tombolo_datatypes::{
    CounterDelta, Delta, DeltaBody, RegisterDelta, SetDelta, Settling, Tally, Written,
};

use crate::{Body, Change, ItemDelta, ItemKey, TableId};

/// See [the module](super). Takes in all own changes that are still there, in their order.
#[derive(Clone, Debug)]
pub struct Reauthoring {
    /// Whose history has forked.
    from: ReplicaId,
    /// The last change that is as elsewhere.
    common: u64,
    /// Who has written what came after it, from now on.
    heir: ReplicaId,
    /// Whether all changes up to the common point are taken in.
    is_whole: bool,
    /// What the counters' totals of `from` were at the common point, as far as its changes tell.
    totals: BTreeMap<ItemKey, Tally>,
}

/// What came of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reauthored {
    /// The change under its new name. It does nothing where all of it is left over.
    pub change: Change,
    /// What of it cannot be written anew.
    pub left_over: Vec<LeftOver>,
}

/// Something that was written after the fork and is not written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOver {
    /// A table was defined, dropped or altered: the other history may have done otherwise.
    Table {
        /// By this change.
        dot: Dot,
    },
    /// A member was added or removed: the other history may have done otherwise.
    Members {
        /// By this change.
        dot: Dot,
    },
    /// An item of a table that only this history has.
    OfTable {
        /// By this change.
        dot: Dot,
        /// The item.
        item: ItemKey,
    },
    /// A counter whose total at the common point is no longer known.
    Total {
        /// By this change.
        dot: Dot,
        /// The item.
        item: ItemKey,
        /// The total that the change wrote.
        total: Tally,
    },
}

impl Reauthoring {
    /// What `from` has written after `common` becomes `heir`'s. `is_whole` says that its changes are
    /// taken in from the first.
    pub fn new(from: ReplicaId, common: u64, heir: ReplicaId, is_whole: bool) -> Self {
        Self { from, common, heir, is_whole, totals: BTreeMap::new() }
    }

    /// Takes in the next own change, and answers what becomes of it; nothing where it is as
    /// elsewhere.
    pub fn take(&mut self, change: &Change) -> Option<Reauthored> {
        if change.dot.seq <= self.common {
            self.learn(change);
            return None;
        }
        let dot = change.dot;
        let mut left_over = Vec::new();
        let body = match &change.body {
            Body::Items(items) => {
                let renamed = items.iter().filter_map(|item| {
                    let renamed = self.item(dot, item);
                    renamed.map_err(|left| left_over.push(*left)).ok()
                });
                let renamed: Vec<_> = renamed.collect();
                if renamed.is_empty() { Body::Stub(Vec::new()) } else { Body::Items(renamed) }
            }
            Body::Define(_) | Body::Drop(_) | Body::Alter { .. } => {
                left_over.push(LeftOver::Table { dot });
                Body::Stub(Vec::new())
            }
            Body::Members(_) => {
                left_over.push(LeftOver::Members { dot });
                Body::Stub(Vec::new())
            }
            Body::Stub(tables) => Body::Stub(tables.clone()),
        };
        let mut deps = (*change.deps).clone();
        deps.raise(self.from, self.common);
        let mut idempotency = change.idempotency.clone();
        if let Some(record) = &mut idempotency {
            record.answer.context = self.vector(&record.answer.context);
        }
        let change = Change {
            dot: self.dot(dot),
            stamp: change.stamp,
            deps: Arc::new(deps),
            cut: Arc::new(self.vector(&change.cut)),
            body,
            idempotency,
            span: change.span,
        };
        Some(Reauthored { change, left_over })
    }

    fn learn(&mut self, change: &Change) {
        let Body::Items(items) = &change.body else { return };
        for ItemDelta { table, key, delta } in items {
            if let DeltaBody::Counter(CounterDelta::Adjusted(total)) = &delta.body {
                self.totals.insert(ItemKey { table: *table, key: key.clone() }, *total);
            }
        }
    }

    fn item(&self, dot: Dot, item: &ItemDelta) -> Result<ItemDelta, Box<LeftOver>> {
        let ItemDelta { table: TableId(table), key, delta } = item;
        let place = ItemKey { table: TableId(*table), key: key.clone() };
        if self.is_after_the_fork(table) {
            return Err(Box::new(LeftOver::OfTable { dot, item: place }));
        }
        let body = match &delta.body {
            DeltaBody::Register(RegisterDelta(write)) => {
                let mut write = write.clone();
                let generation = write.as_mut().and_then(|write| write.generation.as_mut());
                if let Some(Written { dot, .. }) = generation.map(|boxed| &mut **boxed) {
                    *dot = self.dot(*dot);
                }
                DeltaBody::Register(RegisterDelta(write))
            }
            DeltaBody::Counter(delta) => DeltaBody::Counter(self.counter(dot, &place, delta)?),
            DeltaBody::Set(SetDelta { touched, exists }) => {
                let mut touched = touched.clone();
                for touch in touched.values_mut() {
                    touch.replaced = self.dots(&touch.replaced);
                }
                DeltaBody::Set(SetDelta { touched, exists: *exists })
            }
            DeltaBody::Flag(delta) => DeltaBody::Flag(delta.clone()),
        };
        let settling = delta.settling.as_deref().map(|Settling { element, outcomes }| {
            let outcomes = outcomes.iter().map(|(dot, outcome)| (self.dot(*dot), *outcome));
            Box::new(Settling { element: element.clone(), outcomes: outcomes.collect() })
        });
        let delta = Delta { ctx: self.dots(&delta.ctx), body, settling };
        Ok(ItemDelta { table: place.table, key: place.key, delta })
    }

    fn counter(
        &self,
        dot: Dot,
        item: &ItemKey,
        delta: &CounterDelta,
    ) -> Result<CounterDelta, Box<LeftOver>> {
        let known = self.totals.get(item).copied();
        let base = known.or(self.is_whole.then(Tally::default));
        let unknown = |total| Box::new(LeftOver::Total { dot, item: item.clone(), total });
        match delta {
            CounterDelta::Adjusted(total) => {
                let base = base.ok_or_else(|| unknown(*total))?;
                Ok(CounterDelta::Adjusted(total.since(base)))
            }
            CounterDelta::Reset(seen) => {
                let mut seen = seen.clone();
                if let Some(total) = seen.remove(&self.from) {
                    let base = base.ok_or_else(|| unknown(total))?;
                    seen.extend(
                        [(self.from, base), (self.heir, total.since(base))]
                            .into_iter()
                            .filter(|(_, tally)| *tally != Tally::default()),
                    );
                }
                Ok(CounterDelta::Reset(seen))
            }
        }
    }

    fn is_after_the_fork(&self, dot: &Dot) -> bool {
        dot.replica == self.from && dot.seq > self.common
    }

    fn dot(&self, dot: Dot) -> Dot {
        if self.is_after_the_fork(&dot) { Dot::new(self.heir, dot.seq - self.common) } else { dot }
    }

    /// The same dots in the order of their new names.
    fn dots(&self, dots: &[Dot]) -> Vec<Dot> {
        let mut renamed: Vec<_> = dots.iter().map(|dot| self.dot(*dot)).collect();
        renamed.sort_unstable();
        renamed
    }

    fn vector(&self, vector: &VersionVector) -> VersionVector {
        let seq = vector.get(&self.from);
        let others = vector.iter().filter(|(replica, _)| *replica != self.from);
        let of_heir = (self.heir, seq.saturating_sub(self.common));
        let own = [(self.from, seq.min(self.common)), of_heir];
        others.chain(own.into_iter().filter(|(_, seq)| *seq > 0)).collect()
    }
}
