//! One row of every state that an item can be in.

use tombolo_causality::{Dot, ReplicaId, VersionVector};
use tombolo_datatypes::{
    CounterState, Entry, ItemState, JsonText, Live, RegisterState, Tally, TypeState,
};

use crate::changes::{ap, eu, json, stamp, us};

fn entry<T>(replica: ReplicaId, seq: u64, counter: u16, value: T) -> Entry<T> {
    Entry { dot: Dot::new(replica, seq), stamp: stamp(counter), value }
}

fn context(entries: &[(ReplicaId, u64)]) -> VersionVector {
    entries.iter().copied().collect()
}

fn register(seen: &[(ReplicaId, u64)], live: Vec<Entry<Option<JsonText>>>) -> ItemState {
    let state = RegisterState { live: Live::from_entries(live) };
    ItemState::from_parts(context(seen), TypeState::Register(state))
}

fn counter(
    seen: &[(ReplicaId, u64)],
    totals: &[(ReplicaId, Tally)],
    bases: &[(ReplicaId, Tally)],
    live: Vec<Entry<()>>,
) -> ItemState {
    let state = CounterState {
        totals: totals.iter().copied().collect(),
        bases: bases.iter().copied().collect(),
        live: Live::from_entries(live),
    };
    ItemState::from_parts(context(seen), TypeState::Counter(state))
}

/// Each with the name of its file.
pub(crate) fn all() -> Vec<(&'static str, ItemState)> {
    let value = |text| Some(json(text));
    let both = [(us(), Tally { up: 300, down: 1 }), (ap(), Tally { up: 0, down: 1 << 70 })];
    vec![
        ("row-register", register(&[(us(), 5)], vec![entry(us(), 5, 0, value(r#"{"a":[1]}"#))])),
        (
            "row-register-with-lost-writes",
            register(
                &[(us(), 300), (eu(), 2), (ap(), u64::MAX)],
                vec![
                    entry(us(), 300, 2, value("2")),
                    entry(eu(), 2, 2, None),
                    entry(ap(), 8, 9, value("\"three\"")),
                ],
            ),
        ),
        ("row-register-tombstone", register(&[(us(), 6)], vec![entry(us(), 6, 1, None)])),
        ("row-register-replaced-unseen", register(&[(us(), 6)], vec![])),
        ("row-counter", counter(&[(us(), 4)], &both[..1], &[], vec![entry(us(), 4, 3, ())])),
        (
            "row-counter-after-a-reset",
            counter(
                &[(us(), 4), (ap(), 6), (eu(), 1)],
                &both,
                &[(ap(), Tally { up: 0, down: 1 << 69 })],
                vec![entry(us(), 4, 3, ()), entry(ap(), 6, 1, ())],
            ),
        ),
        ("row-counter-tombstone", counter(&[(us(), 5)], &both[..1], &both[..1], vec![])),
    ]
}
