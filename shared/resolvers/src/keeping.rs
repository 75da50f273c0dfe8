//! Choices that hold for ever: of all the writes there have ever been, the same one stands, also
//! when a later write has named it as replaced.
//!
//! The choice is a maximum in a total order of writes, so it is commutative, associative and
//! idempotent by itself; the register keeps it beside what lives.

use core::cmp::Ordering;

use tombolo_datatypes::{Delta, Entry, ItemState, TypeState, Write, Written};

/// Which of two writes stands: the greater.
pub(crate) type Order = fn(&Entry<Write>, &Entry<Write>) -> Ordering;

/// The write that stands.
pub(crate) fn standing(state: &ItemState, order: Order) -> Option<&Entry<Write>> {
    match state.value() {
        TypeState::Register(register) => register.writes().max_by(|a, b| order(a, b)),
        _ => None,
    }
}

/// Joins a delta and keeps what stands.
pub(crate) fn join(state: &mut ItemState, order: Order, written: Written, delta: &Delta) -> bool {
    let before = standing(state, order).cloned();
    let is_new = state.apply(written.dot, written.stamp, delta);
    if is_new {
        keep(state, order, &[before]);
    }
    is_new
}

/// Joins a state and keeps what stands in either.
pub(crate) fn join_states(state: &mut ItemState, order: Order, other: &ItemState) {
    let before = [standing(state, order).cloned(), standing(other, order).cloned()];
    state.join(other);
    keep(state, order, &before);
}

fn keep(state: &mut ItemState, order: Order, before: &[Option<Entry<Write>>]) {
    let Some(register) = state.register_mut() else { return };
    let all = register.live.iter().chain(before.iter().flatten());
    let stands = all.max_by(|a, b| order(a, b)).cloned();
    register.keep(stands);
}
