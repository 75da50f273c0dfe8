//! The strategy that every resolver is.

use core::fmt::Debug;

use tombolo_causality::{Dot, ReplicaId, VersionVector};
use tombolo_datatypes::{
    Basis, Delta, ItemLimits, ItemState, Operation, OperationError, Outcome, Presence, TypeState,
    Written,
};

use crate::{Lost, Shown, settlement};

/// Decides, from an item's state alone, what stands among concurrent writes.
pub trait Resolver: Debug + Sync {
    /// Joins the delta of change `written` into `state`; answers whether it told anything new.
    ///
    /// The default is the data type's own join, which keeps every live write.
    fn join(&self, state: &mut ItemState, written: Written, delta: &Delta) -> bool {
        state.apply(written.dot, written.stamp, delta)
    }

    /// Joins another region's whole state of the item. The default is the data type's own join.
    fn join_states(&self, state: &mut ItemState, other: &ItemState) {
        state.join(other);
    }

    /// What a reader of `state` sees.
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a>;

    /// The dots that a write on top of `state` replaces, sorted: those behind what is shown.
    ///
    /// Includes a deletion that stands. Excludes what has lost, which stays in the conflict log
    /// until somebody who has seen it ends it. Of a set: the dots by which it exists; what a write
    /// replaces of an element, its delta names there.
    fn replaces(&self, state: &ItemState) -> Vec<Dot>;

    /// The live writes that have lost: the item's conflicts, open and settled, of the item itself
    /// or of each element, in (stamp, dot) order.
    fn records<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>>;

    /// Those of them that do not stand and were not settled: the item's open conflicts.
    fn lost<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>> {
        let mut records = self.records(state);
        records.retain(|record| record.outcome == Outcome::Open);
        records
    }

    /// What an operation on `state` builds upon.
    fn basis(&self, state: &ItemState) -> Basis {
        Basis {
            ctx: self.replaces(state),
            is_shown: self.shown(state).is_value(),
            generation: None,
            wins: Presence::Added,
        }
    }

    /// Whether the resolver lets `operation` be done on `basis`. The default has nothing against
    /// it.
    fn permit(
        &self,
        state: &ItemState,
        operation: &Operation,
        basis: &Basis,
        limits: &ItemLimits,
    ) -> Result<(), OperationError> {
        let _ = (state, operation, basis, limits);
        Ok(())
    }
}

impl dyn Resolver + '_ {
    /// What `operation` by `author` does to `state`: the resolver decides what it builds upon, the
    /// data type what it writes.
    ///
    /// Where the client has named a `version`, a register's write replaces the dots that are in
    /// it, whether they stand or not, and no others.
    pub fn operate(
        &self,
        state: &ItemState,
        author: ReplicaId,
        operation: Operation,
        version: Option<&VersionVector>,
        limits: &ItemLimits,
    ) -> Result<Delta, OperationError> {
        if let Operation::Settle(settlement) = operation {
            return settlement::settle(self, state, author, &settlement, limits);
        }
        let mut delta = self.write(state, author, operation, version, limits)?;
        settlement::end_what_goes_with(state, &mut delta);
        Ok(delta)
    }

    /// The same of anything but a settlement, where what it replaces may come forth again.
    pub(crate) fn write(
        &self,
        state: &ItemState,
        author: ReplicaId,
        operation: Operation,
        version: Option<&VersionVector>,
        limits: &ItemLimits,
    ) -> Result<Delta, OperationError> {
        let mut basis = self.basis(state);
        if let (Some(version), TypeState::Register(register)) = (version, state.value()) {
            basis.ctx = register.live.dots(|_| true);
            basis.ctx.retain(|dot| version.contains(dot));
        }
        self.permit(state, &operation, &basis, limits)?;
        state.operate(author, operation, basis, limits)
    }
}
