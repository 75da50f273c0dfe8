//! The smallest (stamp, replica) stands, for ever: for records that never change.
//!
//! A region that has one refuses to write another or to delete it. Only regions that wrote at the
//! same time leave more than one; all but the first are open conflicts.

use tombolo_causality::Dot;
use tombolo_datatypes::{
    Basis, Delta, Entry, ItemLimits, ItemState, Operation, OperationError, TypeState, Write,
    Written,
};

use crate::{Lost, Resolver, Shown, Told, keeping};

/// See the module.
#[derive(Debug)]
pub(crate) struct FirstWriteWins;

const ORDER: keeping::Order = |one, other| other.written().cmp(&one.written());

fn standing(state: &ItemState) -> Option<&Entry<Write>> {
    keeping::standing(state, ORDER)
}

impl Resolver for FirstWriteWins {
    fn join(&self, state: &mut ItemState, written: Written, delta: &Delta) -> bool {
        keeping::join(state, ORDER, written, delta)
    }

    fn join_states(&self, state: &mut ItemState, other: &ItemState) {
        keeping::join_states(state, ORDER, other);
    }

    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        standing(state).map_or(Shown::Nothing, |write| Told::of(write).shown())
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        standing(state).map(|write| write.dot).into_iter().collect()
    }

    fn records<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>> {
        let (TypeState::Register(register), Some(first)) = (state.value(), standing(state)) else {
            return Vec::new();
        };
        Lost::beside(first, register)
    }

    fn permit(
        &self,
        _: &ItemState,
        operation: &Operation,
        basis: &Basis,
        _: &ItemLimits,
    ) -> Result<(), OperationError> {
        match operation {
            Operation::Delete => Err(OperationError::Immutable),
            Operation::Put(_) if basis.is_shown => Err(OperationError::AlreadyWritten),
            _ => Ok(()),
        }
    }
}
