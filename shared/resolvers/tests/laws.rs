//! The laws that every data type holds under every resolver, on states that regions can reach.
//!
//! A history is made as regions make it: each of three regions writes on top of what it has
//! applied, and pulls prefixes of the others' streams in causal order. Then every order and
//! grouping in which the changes may arrive must give one state.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use proptest::prelude::*;
use tombolo_causality::{
    Dot, HybridClock, HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector,
};
use tombolo_datatypes::{DataType, Delta, ItemState, JsonText, Operation};
use tombolo_resolvers::{ResolverKind, Shown, Written};

const REGIONS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Region writes.
    Operate(usize, u8),
    /// Region applies all that another one has applied.
    Pull(usize, usize),
    /// Region's wall clock moves.
    Tick(usize, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..REGIONS, any::<u8>()).prop_map(|(at, op)| Step::Operate(at, op)),
        2 => (0..REGIONS, 0..REGIONS).prop_map(|(at, from)| Step::Pull(at, from)),
        1 => (0..REGIONS, 0..5_u64).prop_map(|(at, ms)| Step::Tick(at, ms)),
    ];
    prop::collection::vec(step, 1..40)
}

#[derive(Clone, Debug)]
struct Change {
    written: Written,
    deps: VersionVector,
    delta: Delta,
}

struct Region {
    replica: ReplicaId,
    clock: HybridClock,
    wall_ms: u64,
    applied: VersionVector,
    log: Vec<Change>,
    state: ItemState,
}

fn region(n: usize, data_type: DataType) -> Region {
    let name = RegionId::new(["a", "b", "c"][n]).unwrap();
    Region {
        replica: ReplicaId::new(name, Incarnation(7)),
        clock: HybridClock::resume(HybridTimestamp::ZERO),
        wall_ms: 1_000,
        applied: VersionVector::new(),
        log: Vec::new(),
        state: ItemState::new(data_type),
    }
}

fn operation(data_type: DataType, choice: u8) -> Operation {
    match (data_type, choice % 5) {
        (_, 0) => Operation::Delete,
        (DataType::Counter, _) => Operation::Increment(i64::from(choice / 5) - 25),
        (_, _) => Operation::Put(JsonText::from(i64::from(choice))),
    }
}

fn receive(region: &mut Region, kind: ResolverKind, change: &Change) {
    assert!(region.applied.descends(&change.deps), "causal delivery");
    region.clock.observe(change.written.stamp);
    assert!(kind.resolver().join(&mut region.state, change.written, &change.delta));
    region.applied.learn(change.written.dot);
    region.log.push(change.clone());
}

/// Runs `steps`; answers the regions as they then stand, not yet equal.
fn run(data_type: DataType, kind: ResolverKind, steps: &[Step]) -> Vec<Region> {
    let mut regions: Vec<_> = (0..REGIONS).map(|n| region(n, data_type)).collect();
    for step in steps {
        match *step {
            Step::Tick(at, ms) => regions[at].wall_ms += ms,
            Step::Pull(at, from) => {
                for change in regions[from].log.clone() {
                    if !regions[at].applied.contains(&change.written.dot) {
                        receive(&mut regions[at], kind, &change);
                    }
                }
            }
            Step::Operate(at, choice) => {
                let region = &mut regions[at];
                let resolver = kind.resolver();
                let shown = resolver.shown(&region.state).is_value();
                let ctx = resolver.replaces(&region.state);
                let operation = operation(data_type, choice);
                let Ok(delta) = region.state.operate(region.replica, operation, shown, ctx) else {
                    continue;
                };
                let dot = Dot::new(region.replica, region.applied.get(&region.replica) + 1);
                let stamp = region.clock.stamp(region.wall_ms);
                let written = Written { dot, stamp };
                let deps = region.applied.clone();
                receive(region, kind, &Change { written, deps, delta });
            }
        }
    }
    regions
}

fn all_changes(regions: &[Region]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for change in regions.iter().flat_map(|region| &region.log) {
        if !changes.iter().any(|known| known.written.dot == change.written.dot) {
            changes.push(change.clone());
        }
    }
    changes
}

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

proptest! {
    #[test]
    fn any_causal_order_and_duplication_gives_one_state(
        steps in steps(), one in prop::collection::vec(any::<u16>(), 1..8),
        other in prop::collection::vec(any::<u16>(), 1..8),
    ) {
        for (data_type, kind) in every_pair() {
            let changes = all_changes(&run(data_type, kind, &steps));
            let start = ItemState::new(data_type);
            let state = deliver(kind, &start, &changes, &one);
            prop_assert_eq!(&state, &deliver(kind, &start, &changes, &other));
        }
    }

    #[test]
    fn joining_states_equals_joining_deltas(steps in steps()) {
        for (data_type, kind) in every_pair() {
            let regions = run(data_type, kind, &steps);
            let by_delta =
                deliver(kind, &ItemState::new(data_type), &all_changes(&regions), &[0]);
            let join = |a: &ItemState, b: &ItemState| {
                let mut joined = a.clone();
                joined.join(b);
                joined
            };
            let [a, b, c] = [0, 1, 2].map(|n| &regions[n].state);
            prop_assert_eq!(&join(&join(a, b), c), &by_delta);
            prop_assert_eq!(&join(a, &join(b, c)), &by_delta);
            prop_assert_eq!(join(a, b), join(b, a));
            prop_assert_eq!(&join(a, a), a);
            prop_assert_eq!(&join(&by_delta, a), &by_delta);
        }
    }

    #[test]
    fn every_write_stands_or_is_replaced_or_is_named_as_lost(steps in steps()) {
        let (data_type, kind) = (DataType::Register, ResolverKind::LastWriteWins);
        let changes = all_changes(&run(data_type, kind, &steps));
        let state = deliver(kind, &ItemState::new(data_type), &changes, &[0]);
        let resolver = kind.resolver();
        let standing = resolver.replaces(&state);
        let lost: Vec<_> = resolver.lost(&state).iter().map(|(w, _)| w.dot).collect();
        for change in &changes {
            let dot = change.written.dot;
            let replaced = changes.iter().any(|other| other.delta.ctx.contains(&dot));
            let named = lost.contains(&dot);
            prop_assert_eq!(replaced, !standing.contains(&dot) && !named);
        }
        let largest = changes.iter().map(|c| (c.written.stamp, c.written.dot)).max();
        prop_assert_eq!(standing.first().copied(), largest.map(|(_, dot)| dot));
    }

    #[test]
    fn a_counter_is_the_sum_of_what_no_delete_has_seen(steps in steps()) {
        let (data_type, kind) = (DataType::Counter, ResolverKind::Merge);
        let regions = run(data_type, kind, &steps);
        let changes = all_changes(&regions);
        let state = deliver(kind, &ItemState::new(data_type), &changes, &[0]);
        let sees = |delete: &Change, dot: &Dot| delete.deps.contains(dot);
        let deletes: Vec<_> = changes.iter().filter(|c| is_reset(&c.delta)).collect();
        let mut expected = 0;
        for change in changes.iter().filter(|c| !is_reset(&c.delta)) {
            if !deletes.iter().any(|delete| sees(delete, &change.written.dot)) {
                expected += increment(&changes, change);
            }
        }
        let tombolo_datatypes::TypeState::Counter(counter) = state.value() else { unreachable!() };
        prop_assert_eq!(counter.sum(), expected);
        if expected != 0 {
            prop_assert!(matches!(kind.resolver().shown(&state), Shown::Value(..)));
        }
    }
}

fn is_reset(delta: &Delta) -> bool {
    use tombolo_datatypes::{CounterDelta, DeltaBody};
    matches!(delta.body, DeltaBody::Counter(CounterDelta::Reset(_)))
}

/// By how much `change` moved its author's total.
fn increment(changes: &[Change], change: &Change) -> i128 {
    use tombolo_datatypes::{CounterDelta, DeltaBody};
    let net = |c: &Change| match &c.delta.body {
        DeltaBody::Counter(CounterDelta::Adjusted(tally)) => {
            i128::try_from(tally.up).unwrap() - i128::try_from(tally.down).unwrap()
        }
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
