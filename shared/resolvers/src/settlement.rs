//! Settling an open conflict: letting the lost write go, or writing it anew.

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId};
use tombolo_datatypes::{
    Delta, ItemLimits, ItemState, Operation, OperationError, Settlement, Verdict, Written,
};

use crate::{Lost, Resolver, ShownValue};

/// What `settlement` does to `state`. Either way the lost write is ended by name.
pub(crate) fn settle(
    resolver: &dyn Resolver,
    state: &ItemState,
    author: ReplicaId,
    settlement: &Settlement,
    limits: &ItemLimits,
) -> Result<Delta, OperationError> {
    let lost = resolver.lost(state).into_iter().find(|lost| {
        lost.lost.written.dot == settlement.dot && lost.element == settlement.element.as_ref()
    });
    let lost = lost.ok_or(OperationError::NoSuchConflict)?;
    let ending = || Delta::ending(state.data_type()).ok_or(OperationError::NoSuchConflict);
    let mut delta = match settlement.verdict {
        Verdict::Dismiss => ending()?,
        Verdict::Restore => match resolver.operate(state, author, again(&lost), None, limits) {
            // It removed what is no longer there.
            Err(OperationError::NoSuchItem) => ending()?,
            delta => would_stand(resolver, state, author, delta?)?,
        },
    };
    delta.end(lost.element, settlement.dot);
    Ok(delta)
}

/// The operation that writes once more what has lost.
fn again(lost: &Lost<'_>) -> Operation {
    match (lost.element, lost.lost.value) {
        (Some(element), Some(_)) => {
            Operation::Elements { added: vec![element.clone()], removed: Vec::new() }
        }
        (Some(element), None) => {
            Operation::Elements { added: Vec::new(), removed: vec![element.clone()] }
        }
        (None, Some(ShownValue::Json(value))) => Operation::Put(value.clone()),
        (None, Some(ShownValue::Boolean(to))) => Operation::Switch(to),
        // Counters and sets as a whole never lose.
        (None, None | Some(ShownValue::Integer(_) | ShownValue::Set(_))) => Operation::Delete,
    }
}

/// Refuses what would be lost at once, whenever it is written.
fn would_stand(
    resolver: &dyn Resolver,
    state: &ItemState,
    author: ReplicaId,
    delta: Delta,
) -> Result<Delta, OperationError> {
    let latest = HybridTimestamp::from_bits(u64::MAX);
    let written = Written { stamp: latest, dot: Dot::new(author, u64::MAX) };
    let mut after = state.clone();
    resolver.join(&mut after, written, &delta);
    match resolver.lost(&after).into_iter().find(|lost| lost.lost.written == written) {
        Some(lost) => Err(OperationError::WouldLoseAgain { reason: lost.reason.name() }),
        None => Ok(delta),
    }
}
