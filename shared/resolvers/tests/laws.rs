//! The laws that every data type holds under every resolver, on states that regions can reach.
//!
//! A history is made as regions make it: each of three regions writes on top of what it has
//! applied, settles conflicts, and pulls the others' streams in causal order. Then every order and
//! grouping in which the changes may arrive must give one state, and that state must show what a
//! simpler model of the same history says.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

#[path = "laws/bugs.rs"]
mod bugs;
#[path = "laws/history.rs"]
mod history;
#[path = "laws/models.rs"]
mod models;

use proptest::prelude::*;
use tombolo_causality::VersionVector;
use tombolo_datatypes::{DataType, ItemState};
use tombolo_resolvers::ResolverKind;

use self::history::{Change, all_changes, run, steps};

/// Joins `changes` in some causal order, which `picks` chooses, each of them twice.
fn deliver(kind: ResolverKind, start: &ItemState, changes: &[Change], picks: &[u16]) -> ItemState {
    let (mut state, mut applied) = (start.clone(), VersionVector::new());
    let mut waiting = changes.to_vec();
    let mut picks = picks.iter().cycle();
    while !waiting.is_empty() {
        let ready: Vec<_> =
            (0..waiting.len()).filter(|at| applied.descends(&waiting[*at].deps)).collect();
        let pick = ready[usize::from(*picks.next().unwrap()) % ready.len()];
        let change = waiting.swap_remove(pick);
        kind.resolver().join(&mut state, change.written, &change.delta);
        assert!(!kind.resolver().join(&mut state, change.written, &change.delta), "idempotent");
        applied.learn(change.written.dot);
    }
    state
}

fn every_pair() -> impl Iterator<Item = (DataType, ResolverKind)> {
    DataType::ALL.into_iter().flat_map(|t| ResolverKind::of(t).iter().map(move |kind| (t, *kind)))
}

fn joined(kind: ResolverKind, a: &ItemState, b: &ItemState) -> ItemState {
    let mut joined = a.clone();
    kind.resolver().join_states(&mut joined, b);
    joined
}

fn picks() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 1..8)
}

proptest! {
    #[test]
    fn any_causal_order_and_duplication_gives_one_state(
        steps in steps(), one in picks(), other in picks(),
    ) {
        for (data_type, kind) in every_pair() {
            let changes = all_changes(&run(data_type, kind, &steps));
            let start = ItemState::new(data_type);
            let state = deliver(kind, &start, &changes, &one);
            let again = deliver(kind, &start, &changes, &other);
            prop_assert_eq!(&state, &again, "{}", kind);
            prop_assert_eq!(kind.resolver().records(&state), kind.resolver().records(&again));
        }
    }

    #[test]
    fn joining_states_equals_joining_deltas(steps in steps()) {
        for (data_type, kind) in every_pair() {
            let regions = run(data_type, kind, &steps);
            let by_delta =
                deliver(kind, &ItemState::new(data_type), &all_changes(&regions), &[0]);
            let join = |a: &ItemState, b: &ItemState| joined(kind, a, b);
            let [a, b, c] = [0, 1, 2].map(|n| &regions[n].state);
            prop_assert_eq!(&join(&join(a, b), c), &by_delta, "{}", kind);
            prop_assert_eq!(&join(a, &join(b, c)), &by_delta, "{}", kind);
            prop_assert_eq!(join(a, b), join(b, a), "{}", kind);
            prop_assert_eq!(&join(a, a), a);
            prop_assert_eq!(&join(&by_delta, a), &by_delta);
        }
    }

    /// States as old as may be, in any order, with deltas in between.
    #[test]
    fn any_grouping_of_states_and_deltas_gives_one_state(steps in steps(), picks in picks()) {
        for (data_type, kind) in every_pair() {
            let regions = run(data_type, kind, &steps);
            let changes = all_changes(&regions);
            let start = ItemState::new(data_type);
            let expected = deliver(kind, &start, &changes, &[0]);
            let snapshots: Vec<_> = regions.iter().flat_map(|region| &region.snapshots).collect();
            let mut state = start.clone();
            for pick in &picks {
                if let Some(at) = usize::from(*pick).checked_rem(snapshots.len()) {
                    state = joined(kind, &state, snapshots[at]);
                }
            }
            prop_assert_eq!(&deliver_missing(kind, state, &changes), &expected, "{}", kind);
        }
    }

    #[test]
    fn updates_only_inflate(steps in steps()) {
        for (data_type, kind) in every_pair() {
            for region in run(data_type, kind, &steps) {
                for pair in region.snapshots.windows(2) {
                    prop_assert!(pair[1].context().strictly_descends(pair[0].context()));
                    prop_assert_eq!(&joined(kind, &pair[0], &pair[1]), &pair[1], "{}", kind);
                }
            }
        }
    }
}

/// Joins the changes that `state` has not seen, in an order of causes before effects.
fn deliver_missing(kind: ResolverKind, mut state: ItemState, changes: &[Change]) -> ItemState {
    // Causally later always means a larger stamp.
    let mut changes = changes.to_vec();
    changes.sort_by_key(|change| change.written);
    for change in &changes {
        let is_new = !state.context().contains(&change.written.dot);
        assert_eq!(kind.resolver().join(&mut state, change.written, &change.delta), is_new);
    }
    state
}
