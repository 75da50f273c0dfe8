//! The counter: an integer that regions add to at the same time without losing any of it.
//!
//! Per replica it keeps monotone totals of what was added and taken away, and the totals up to
//! which a DELETE saw them. The value is Σ (up − up₀) − (down − down₀). Joined by maximum.
//! A PN-counter with resets: "A comprehensive study of Convergent and Commutative Replicated Data
//! Types" (Shapiro et al., 2011), section 3.1.3.

use std::collections::BTreeMap;

use tombolo_causality::{ReplicaId, VersionVector};

use crate::delta::Incoming;
use crate::{DataType, Live, Operation, OperationError};

/// How much one replica has added and taken away, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// The sum of its increments.
    pub up: u128,
    /// The sum of its decrements.
    pub down: u128,
}

/// Totals and reset bases per replica, and the changes by which the item exists.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CounterState {
    /// What each replica has added and taken away.
    pub totals: BTreeMap<ReplicaId, Tally>,
    /// How much of it a DELETE has seen; no zero entries.
    pub bases: BTreeMap<ReplicaId, Tally>,
    /// The item exists while any of these lives.
    pub live: Live<()>,
}

/// What one change did to a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterDelta {
    /// The author's new total.
    Adjusted(Tally),
    /// A DELETE: what it saw of every replica.
    Reset(BTreeMap<ReplicaId, Tally>),
}

impl Tally {
    fn join(&mut self, other: Self) {
        self.up = self.up.max(other.up);
        self.down = self.down.max(other.down);
    }

    /// `up - down`, saturated to what the caller can clamp.
    pub fn net(self) -> i128 {
        let up = i128::try_from(self.up).unwrap_or(i128::MAX);
        up.saturating_sub(i128::try_from(self.down).unwrap_or(i128::MAX))
    }

    /// What was added and taken away beyond `base`.
    #[must_use]
    pub fn since(self, base: Self) -> Self {
        Self { up: self.up.saturating_sub(base.up), down: self.down.saturating_sub(base.down) }
    }
}

impl CounterState {
    /// The largest value shown: what every JSON client reads exactly.
    pub const VALUE_MAX: i64 = (1 << 53) - 1;

    /// The exact sum.
    pub fn sum(&self) -> i128 {
        let parts = self.totals.iter().map(|(replica, total)| {
            let base = self.bases.get(replica).copied().unwrap_or_default();
            total.since(base).net()
        });
        parts.fold(0, i128::saturating_add)
    }

    /// The sum as it is shown: clamped to ± [`Self::VALUE_MAX`], while the state stays exact.
    pub fn value(&self) -> i64 {
        let max = i128::from(Self::VALUE_MAX);
        i64::try_from(self.sum().clamp(-max, max)).unwrap_or_default()
    }

    /// Whether merging has taken the sum out of the range that is shown.
    pub fn is_clamped(&self) -> bool {
        self.sum() != i128::from(self.value())
    }

    pub(crate) fn operate(
        &self,
        author: ReplicaId,
        operation: &Operation,
    ) -> Result<CounterDelta, OperationError> {
        match *operation {
            Operation::Increment(by) => {
                let sum = self.sum().saturating_add(i128::from(by));
                if sum.unsigned_abs() > u128::from(Self::VALUE_MAX.unsigned_abs()) {
                    return Err(OperationError::CounterOverflow { value: self.value(), by });
                }
                let mut total = self.totals.get(&author).copied().unwrap_or_default();
                let side = if by >= 0 { &mut total.up } else { &mut total.down };
                *side = side
                    .checked_add(u128::from(by.unsigned_abs()))
                    .ok_or(OperationError::CounterOverflow { value: self.value(), by })?;
                Ok(CounterDelta::Adjusted(total))
            }
            Operation::Delete if self.live.is_empty() => Err(OperationError::NoSuchItem),
            Operation::Delete => Ok(CounterDelta::Reset(self.totals.clone())),
            _ => Err(operation.not_of(DataType::Counter)),
        }
    }

    pub(crate) fn apply(&mut self, incoming: &Incoming<'_>, delta: &CounterDelta) {
        self.live.remove(incoming.ctx);
        match delta {
            CounterDelta::Adjusted(total) => {
                join_tallies(&mut self.totals, [(&incoming.dot.replica, total)]);
                self.live.insert(incoming.entry(()));
            }
            CounterDelta::Reset(seen) => join_tallies(&mut self.bases, seen),
        }
    }

    pub(crate) fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        join_tallies(&mut self.totals, &other.totals);
        join_tallies(&mut self.bases, &other.bases);
        self.live.join(seen, &other.live, other_seen);
    }
}

/// Zero tallies leave no entry, so that equal states are equal however they came about.
fn join_tallies<'a>(
    into: &mut BTreeMap<ReplicaId, Tally>,
    from: impl IntoIterator<Item = (&'a ReplicaId, &'a Tally)>,
) {
    for (replica, tally) in from.into_iter().filter(|(_, tally)| **tally != Tally::default()) {
        into.entry(*replica).or_default().join(*tally);
    }
}
