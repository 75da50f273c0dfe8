//! Settling a conflict: letting the lost write go, writing it anew, or taking either back.
//!
//! What is settled is set aside and not ended, and so is what stood where a lost write is restored:
//! undoing brings both forth again. Where somebody has written on top of what was restored, that
//! stands, and only the conflict is open again.

use core::cmp::Reverse;

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId};
use tombolo_datatypes::{
    Delta, Element, ItemLimits, ItemState, Mark, Operation, OperationError, Outcome, Settled,
    Settlement, Verdict, Written,
};

use crate::{Lost, Resolver, ShownValue};

/// What `settlement` does to `state`.
pub(crate) fn settle(
    resolver: &dyn Resolver,
    state: &ItemState,
    author: ReplicaId,
    settlement: &Settlement,
    limits: &ItemLimits,
) -> Result<Delta, OperationError> {
    let Settlement { element, dot, verdict } = settlement;
    let element = element.as_ref();
    let found = resolver
        .records(state)
        .into_iter()
        .find(|record| record.lost.written.dot == *dot && record.element == element);
    let found = found.ok_or(OperationError::NoSuchConflict)?;
    let (mut delta, outcome) = match (verdict, found.outcome) {
        (Verdict::Dismiss, Outcome::Open) => (ending(state)?, Outcome::Dismissed),
        (Verdict::Restore, Outcome::Open) => {
            (restored(resolver, state, author, &found, limits)?, Outcome::Restored)
        }
        (Verdict::Undo, Outcome::Open) => return Err(OperationError::NotSettled),
        (Verdict::Undo, _) => (taken_back(resolver, state, author, &found)?, Outcome::Open),
        (_, outcome) => return Err(OperationError::AlreadySettled { outcome }),
    };
    delta.settle(element, *dot, outcome);
    Ok(delta)
}

/// Has `delta`, which writes on top of `state`, also end what is covered by what it ends.
pub(crate) fn end_what_goes_with(state: &ItemState, delta: &mut Delta) {
    let mut marks = state.marks();
    marks.retain(|mark| mark.settled.outcome == Outcome::Covered);
    // What covers was written later than what it covers.
    marks.sort_by_key(|mark| Reverse(mark.settled.by));
    for Mark { element, written, settled, .. } in marks {
        if delta.ended(element).binary_search(&settled.by.dot).is_ok() {
            delta.end(element, written.dot);
        }
    }
}

/// Writes `lost` anew. What stood in its place is covered.
fn restored(
    resolver: &dyn Resolver,
    state: &ItemState,
    author: ReplicaId,
    lost: &Lost<'_>,
    limits: &ItemLimits,
) -> Result<Delta, OperationError> {
    let mut delta = match resolver.write(state, author, again(lost), None, limits) {
        // It removed what is no longer there.
        Err(OperationError::NoSuchItem) => return ending(state),
        delta => delta?,
    };
    for dot in delta.ended(lost.element).to_vec() {
        if state.outcome(lost.element, &dot) == Some(Outcome::Open) {
            delta.settle(lost.element, dot, Outcome::Covered);
        }
    }
    let (after, written) = tried(resolver, state, author, &delta);
    match resolver.lost(&after).into_iter().find(|lost| lost.lost.written == written) {
        Some(lost) => Err(OperationError::WouldLoseAgain { reason: lost.reason.name() }),
        None => Ok(delta),
    }
}

/// Takes back what settled `record`: what was written anew, where it is still in effect, and with
/// it what it covers.
fn taken_back(
    resolver: &dyn Resolver,
    state: &ItemState,
    author: ReplicaId,
    record: &Lost<'_>,
) -> Result<Delta, OperationError> {
    let mut delta = ending(state)?;
    let Some(Settled { by, .. }) = settled(state, record.element, &record.lost.written) else {
        return Ok(delta);
    };
    if state.outcome(record.element, &by.dot) != Some(Outcome::Open) {
        return Ok(delta);
    }
    delta.end(record.element, by.dot);
    let covered = state.marks().into_iter().filter(|mark| {
        let is_covered = mark.settled == Settled { by, outcome: Outcome::Covered };
        is_covered && mark.element == record.element
    });
    for mark in covered {
        delta.settle(record.element, mark.written.dot, Outcome::Open);
    }
    let (after, _) = tried(resolver, state, author, &delta);
    // Where the choice is for ever, naming what stands as replaced does not unseat it. By an
    // element's dot the set exists as well, which it goes on to do.
    if record.element.is_none() && resolver.replaces(&after).contains(&by.dot) {
        return Err(OperationError::NotUndoable);
    }
    Ok(delta)
}

fn settled(state: &ItemState, element: Option<&Element>, written: &Written) -> Option<Settled> {
    let mut marks = state.marks().into_iter();
    let mark = marks.find(|mark| mark.element == element && mark.written == *written);
    mark.map(|mark| mark.settled)
}

/// A delta that writes nothing.
fn ending(state: &ItemState) -> Result<Delta, OperationError> {
    Delta::ending(state.data_type()).ok_or(OperationError::NoSuchConflict)
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

/// The state after `delta`, whenever it is written, and the change that it is tried as.
fn tried(
    resolver: &dyn Resolver,
    state: &ItemState,
    author: ReplicaId,
    delta: &Delta,
) -> (ItemState, Written) {
    let latest = HybridTimestamp::from_bits(u64::MAX);
    let written = Written { stamp: latest, dot: Dot::new(author, u64::MAX) };
    let mut after = state.clone();
    resolver.join(&mut after, written, delta);
    (after, written)
}
