//! What each resolver shows, told by a simpler model: the whole history, and who had seen what.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tombolo_causality::Dot;
use tombolo_datatypes::{
    CounterDelta, DataType, Delta, DeltaBody, Element, ItemState, Operation, Outcome, Presence,
    Settlement, TypeState, Verdict, Write,
};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue, Written};

use crate::deliver;
use crate::history::{Change, all_changes, run, steps};

/// The state that all changes of a history lead to.
fn outcome(data_type: DataType, kind: ResolverKind, changes: &[Change]) -> ItemState {
    deliver(kind, &ItemState::new(data_type), changes, &[0])
}

fn written(change: &Change) -> Option<&Write> {
    match &change.delta.body {
        DeltaBody::Register(delta) => delta.0.as_ref(),
        _ => None,
    }
}

/// The value that a change wrote to a register.
fn number(change: &Change) -> Option<i64> {
    let value = written(change)?.value.as_ref()?;
    Some(value.as_str().parse().unwrap())
}

fn deletes(change: &Change) -> bool {
    written(change).is_some_and(|write| write.value.is_none())
}

fn sees(later: &Change, earlier: &Change) -> bool {
    later.deps.contains(&earlier.written.dot)
}

fn shown_number(kind: ResolverKind, state: &ItemState) -> Option<i64> {
    match kind.resolver().shown(state) {
        Shown::Value(ShownValue::Json(value), _) => Some(value.as_str().parse().unwrap()),
        _ => None,
    }
}

fn is_dismissal(change: &Change) -> bool {
    match &change.delta.body {
        DeltaBody::Flag(delta) => delta.0.is_none() && change.operation != Operation::Delete,
        _ => false,
    }
}

/// The last that was decided about a write.
fn outcome_of(changes: &[Change], element: Option<&Element>, dot: &Dot) -> Outcome {
    let decided = changes.iter().filter_map(|change| {
        let settling = change.delta.settling.as_ref()?;
        let outcome = settling.outcomes.get(dot).filter(|_| settling.element.as_ref() == element);
        Some((change.written, *outcome?))
    });
    decided.max().map_or(Outcome::Open, |(_, outcome)| outcome)
}

/// Whether what a change wrote was taken back, which is as though it had not been written.
fn is_taken_back(changes: &[Change], element: Option<&Element>, change: &Change) -> bool {
    changes.iter().any(|undo| {
        let undoes = |settlement: &Settlement| settlement.verdict == Verdict::Undo;
        matches!(&undo.operation, Operation::Settle(settlement) if undoes(settlement))
            && undo.delta.ended(element).contains(&change.written.dot)
    })
}

fn is_in_effect(changes: &[Change], element: Option<&Element>, change: &Change) -> bool {
    outcome_of(changes, element, &change.written.dot) == Outcome::Open
        && !is_taken_back(changes, element, change)
}

fn is_replaced(changes: &[Change], dot: &Dot) -> bool {
    changes.iter().any(|other| other.delta.ctx.contains(dot))
}

fn touches(change: &Change, element: &Element, presence: Presence) -> bool {
    let DeltaBody::Set(delta) = &change.delta.body else { return false };
    delta.touched.get(element).is_some_and(|touch| touch.presence == Some(presence))
}

fn model_set(changes: &[Change], wins: Presence) -> Option<Vec<Element>> {
    let deletes = changes.iter().filter(|change| change.operation == Operation::Delete);
    let writes = changes
        .iter()
        .filter(|change| matches!(&change.delta.body, DeltaBody::Set(delta) if delta.exists));
    let exists = writes.clone().any(|write| deletes.clone().all(|delete| !sees(delete, write)));
    let all: BTreeSet<&Element> = changes
        .iter()
        .flat_map(|change| match &change.delta.body {
            DeltaBody::Set(delta) => delta.touched.keys().collect::<Vec<_>>(),
            _ => vec![],
        })
        .collect();
    let present = all.into_iter().filter(|element| {
        let of = |presence| {
            let touching = changes.iter().filter(move |c| touches(c, element, presence));
            touching.filter(|change| !is_taken_back(changes, Some(element), change))
        };
        let in_effect = |presence| of(presence).filter(|c| is_in_effect(changes, Some(element), c));
        match wins {
            Presence::Added => in_effect(Presence::Added)
                .any(|add| of(Presence::Removed).all(|remove| !sees(remove, add))),
            Presence::Removed => {
                of(Presence::Added).next().is_some()
                    && in_effect(Presence::Removed)
                        .all(|remove| of(Presence::Added).any(|add| sees(add, remove)))
            }
        }
    });
    exists.then(|| present.cloned().collect())
}

proptest! {
    #[test]
    fn every_write_stands_or_is_replaced_or_covered_or_is_named_as_lost(steps in steps()) {
        let data_type = DataType::Register;
        for kind in ResolverKind::of(data_type).iter().copied() {
            let changes = all_changes(&run(data_type, kind, &steps));
            let state = outcome(data_type, kind, &changes);
            let standing = kind.resolver().replaces(&state);
            let records = kind.resolver().records(&state);
            for change in changes.iter().filter(|change| written(change).is_some()) {
                let dot = change.written.dot;
                let replaced = is_replaced(&changes, &dot);
                let outcome = outcome_of(&changes, None, &dot);
                let named = records.iter().find(|record| record.lost.written == change.written);
                let named = named.map(|record| record.outcome);
                let stands = standing.contains(&dot);
                prop_assert!(!(named.is_some() && stands));
                let expected = match outcome {
                    _ if replaced => None,
                    Outcome::Open if stands => None,
                    Outcome::Covered => None,
                    outcome => Some(outcome),
                };
                prop_assert_eq!(named, expected, "{} {}", kind, dot);
            }
        }
    }

    #[test]
    fn of_last_write_wins_the_last_stands_and_of_first_write_wins_the_first(steps in steps()) {
        for kind in [ResolverKind::LastWriteWins, ResolverKind::FirstWriteWins] {
            let changes = all_changes(&run(DataType::Register, kind, &steps));
            let state = outcome(DataType::Register, kind, &changes);
            let writes = changes.iter().filter(|change| written(change).is_some());
            let stands = match kind {
                // Of those that nobody has replaced or settled.
                ResolverKind::LastWriteWins => writes
                    .filter(|c| !is_replaced(&changes, &c.written.dot))
                    .filter(|c| is_in_effect(&changes, None, c))
                    .max_by_key(|change| change.written),
                _ => writes.min_by_key(|change| change.written),
            };
            prop_assert_eq!(shown_number(kind, &state), stands.and_then(number));
        }
    }

    #[test]
    fn siblings_are_the_values_that_nobody_has_seen(steps in steps()) {
        let kind = ResolverKind::Siblings;
        let changes = all_changes(&run(DataType::Register, kind, &steps));
        let state = outcome(DataType::Register, kind, &changes);
        let unseen = changes.iter().filter(|c| !changes.iter().any(|later| sees(later, c)));
        let expected: BTreeSet<_> =
            unseen.filter_map(|c| Some((c.written, number(c)?))).collect();
        let shown: BTreeSet<(Written, i64)> = match kind.resolver().shown(&state) {
            Shown::Nothing => BTreeSet::new(),
            Shown::Value(ShownValue::Json(value), written) => {
                [(written, value.as_str().parse().unwrap())].into()
            }
            Shown::Siblings(siblings) => siblings
                .values()
                .map(|(value, written)| (written, value.as_str().parse().unwrap()))
                .collect(),
            Shown::Value(..) => unreachable!("a register shows JSON"),
        };
        prop_assert_eq!(shown, expected);
    }

    /// The last deletion opens the present generation; of the values written on top of it the
    /// largest (smallest) stands.
    #[test]
    fn extremes_are_a_fold_over_the_present_generation(steps in steps()) {
        for kind in [ResolverKind::Max, ResolverKind::Min] {
            let changes = all_changes(&run(DataType::Register, kind, &steps));
            let state = outcome(DataType::Register, kind, &changes);
            let deletes = || changes.iter().filter(|change| deletes(change));
            let present = deletes().map(|delete| delete.written).max();
            let values = changes.iter().filter(|change| {
                let seen = deletes().filter(|delete| sees(change, delete));
                seen.map(|delete| delete.written).max() == present
            });
            let values = values.filter_map(number);
            let extreme = if kind == ResolverKind::Max { values.max() } else { values.min() };
            prop_assert_eq!(shown_number(kind, &state), extreme, "{}", kind);
        }
    }

    #[test]
    fn sets_hold_what_their_adds_and_removes_had_seen_of_each_other(steps in steps()) {
        for (kind, wins) in
            [(ResolverKind::AddWins, Presence::Added), (ResolverKind::RemoveWins, Presence::Removed)]
        {
            let changes = all_changes(&run(DataType::Set, kind, &steps));
            let state = outcome(DataType::Set, kind, &changes);
            let shown = match kind.resolver().shown(&state) {
                Shown::Value(ShownValue::Set(set), _) => Some(set.elements().cloned().collect()),
                _ => None,
            };
            prop_assert_eq!(shown, model_set(&changes, wins), "{}", kind);
        }
    }

    #[test]
    fn a_flag_is_what_wins_exactly_while_nobody_has_seen_it_switched_so(steps in steps()) {
        for (kind, wins) in [(ResolverKind::EnableWins, true), (ResolverKind::DisableWins, false)] {
            let changes = all_changes(&run(DataType::Flag, kind, &steps));
            let state = outcome(DataType::Flag, kind, &changes);
            let switched = |c: &Change| match &c.delta.body {
                DeltaBody::Flag(delta) => delta.0,
                _ => None,
            };
            let others = || {
                let others = changes.iter().filter(|change| !is_dismissal(change));
                others.filter(|change| !is_taken_back(&changes, None, change))
            };
            let expected = changes.iter().any(|change| {
                switched(change) == Some(wins)
                    && is_in_effect(&changes, None, change)
                    && !others().any(|later| sees(later, change))
            });
            let shown = match kind.resolver().shown(&state) {
                Shown::Value(ShownValue::Boolean(value), _) => Some(value),
                _ => None,
            };
            prop_assert_eq!(shown == Some(wins), expected, "{}", kind);
        }
    }

    #[test]
    fn a_counter_is_the_sum_of_what_no_delete_has_seen(steps in steps()) {
        let (data_type, kind) = (DataType::Counter, ResolverKind::Merge);
        let changes = all_changes(&run(data_type, kind, &steps));
        let state = outcome(data_type, kind, &changes);
        let deletes: Vec<_> = changes.iter().filter(|c| is_reset(&c.delta)).collect();
        let mut expected = 0;
        for change in changes.iter().filter(|c| !is_reset(&c.delta)) {
            if !deletes.iter().any(|delete| sees(delete, change)) {
                expected += increment(&changes, change);
            }
        }
        let TypeState::Counter(counter) = state.value() else { unreachable!("a counter") };
        prop_assert_eq!(counter.sum(), expected);
        if expected != 0 {
            prop_assert!(matches!(kind.resolver().shown(&state), Shown::Value(..)));
        }
    }
}

fn is_reset(delta: &Delta) -> bool {
    matches!(delta.body, DeltaBody::Counter(CounterDelta::Reset(_)))
}

/// By how much `change` moved its author's total.
fn increment(changes: &[Change], change: &Change) -> i128 {
    let net = |c: &Change| match &c.delta.body {
        DeltaBody::Counter(CounterDelta::Adjusted(tally)) => tally.net(),
        _ => 0,
    };
    let dot = change.written.dot;
    let before = changes
        .iter()
        .filter(|c| c.written.dot.replica == dot.replica && c.written.dot.seq < dot.seq)
        .filter(|c| !is_reset(&c.delta))
        .max_by_key(|c| c.written.dot.seq);
    net(change) - before.map_or(0, net)
}
