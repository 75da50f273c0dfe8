//! One row of every state that an item can be in.

use tombolo_causality::{Dot, ReplicaId, VersionVector};
use tombolo_datatypes::{
    CounterState, Element, Entry, FlagState, ItemState, JsonText, Live, Outcome, Presence,
    RegisterState, SetState, Settled, Tally, TypeState, Write, Written,
};

use crate::changes::{ap, eu, json, stamp, us};

fn entry<T>(replica: ReplicaId, seq: u64, counter: u16, value: T) -> Entry<T> {
    Entry::new(Written { dot: Dot::new(replica, seq), stamp: stamp(counter) }, value)
}

fn context(entries: &[(ReplicaId, u64)]) -> VersionVector {
    entries.iter().copied().collect()
}

fn register(seen: &[(ReplicaId, u64)], live: Vec<Entry<Option<JsonText>>>) -> ItemState {
    let write =
        |entry: Entry<Option<JsonText>>| Entry::new(entry.written(), Write::from(entry.value));
    let live = Live::from_entries(live.into_iter().map(write).collect());
    ItemState::from_parts(context(seen), TypeState::Register(RegisterState { live, kept: None }))
}

/// 7 stands although 3, in the same generation, has replaced it.
fn kept() -> ItemState {
    let opened = Written { stamp: stamp(1), dot: Dot::new(ap(), 2) };
    let write = |text| Write { value: Some(json(text)), generation: Some(Box::new(opened)) };
    let state = RegisterState {
        live: Live::from_entries(vec![entry(eu(), 9, 8, write("3"))]),
        kept: Some(Box::new(entry(us(), 6, 2, write("7")))),
    };
    let seen = [(us(), 6), (eu(), 9), (ap(), 2)];
    ItemState::from_parts(context(&seen), TypeState::Register(state))
}

/// 1 was dismissed, 2 restored as 4, which covers 3.
fn settled() -> ItemState {
    let value = |text| Some(json(text));
    let mut state = register(
        &[(us(), 9), (eu(), 300), (ap(), 8)],
        vec![
            entry(us(), 7, 1, value("1")),
            entry(eu(), 299, 2, value("2")),
            entry(ap(), 8, 3, value("3")),
            entry(us(), 9, 5, value("4")),
        ],
    );
    let by = |replica, seq, counter| Written { stamp: stamp(counter), dot: Dot::new(replica, seq) };
    for (replica, seq, by, outcome) in [
        (us(), 7, by(eu(), 300, 4), Outcome::Dismissed),
        (eu(), 299, by(us(), 9, 5), Outcome::Restored),
        (ap(), 8, by(us(), 9, 5), Outcome::Covered),
    ] {
        assert!(state.settle(None, &Dot::new(replica, seq), Settled { by, outcome }));
    }
    state
}

/// A removing that had lost, and of which that was taken back.
fn undone() -> ItemState {
    let both = vec![entry(us(), 4, 1, Presence::Added), entry(eu(), 5, 1, Presence::Removed)];
    let elements = vec![("\"é\"", both)];
    let mut state = set(&[(us(), 4), (eu(), 7)], elements, vec![entry(us(), 4, 1, ())]);
    let by = Written { stamp: stamp(6), dot: Dot::new(eu(), 7) };
    let element = Element::new(&json("\"é\""));
    let settled = Settled { by, outcome: Outcome::Open };
    assert!(state.settle(element.as_ref(), &Dot::new(eu(), 5), settled));
    state
}

fn set(
    seen: &[(ReplicaId, u64)],
    elements: Vec<(&str, Vec<Entry<Presence>>)>,
    live: Vec<Entry<()>>,
) -> ItemState {
    let elements = elements
        .into_iter()
        .map(|(text, live)| (Element::new(&json(text)).unwrap(), Live::from_entries(live)));
    let state = SetState { elements: elements.collect(), live: Live::from_entries(live) };
    ItemState::from_parts(context(seen), TypeState::Set(state))
}

fn flag(seen: &[(ReplicaId, u64)], live: Vec<Entry<bool>>) -> ItemState {
    let state = FlagState { live: Live::from_entries(live) };
    ItemState::from_parts(context(seen), TypeState::Flag(state))
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
        ("row-register-kept", kept()),
        ("row-register-settled", settled()),
        (
            "row-set",
            set(
                &[(us(), 6), (eu(), 300)],
                vec![
                    ("null", vec![entry(us(), 6, 2, Presence::Removed)]),
                    ("1.0", vec![entry(us(), 4, 1, Presence::Added)]),
                    (
                        "\"é\"",
                        vec![
                            entry(us(), 4, 1, Presence::Added),
                            entry(eu(), 300, 1, Presence::Removed),
                        ],
                    ),
                ],
                vec![entry(us(), 6, 2, ())],
            ),
        ),
        ("row-set-undone", undone()),
        ("row-set-empty", set(&[(us(), 1)], vec![], vec![entry(us(), 1, 0, ())])),
        ("row-set-tombstone", set(&[(us(), 2)], vec![], vec![])),
        ("row-flag", flag(&[(us(), 1)], vec![entry(us(), 1, 0, true)])),
        (
            "row-flag-contested",
            flag(&[(us(), 1), (eu(), 1)], vec![entry(us(), 1, 0, true), entry(eu(), 1, 3, false)]),
        ),
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
