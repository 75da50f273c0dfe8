//! Conflict records and digests of two regions that wrote at the same time.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

#[path = "conflicts/pair.rs"]
mod pair;
#[path = "conflicts/settled.rs"]
mod settled;

use tombolo_datatypes::{DataType, ItemLimits, Operation, Verdict};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

use crate::pair::{add, element, pair, put, remove, settle, told};

#[test]
fn a_register_that_lost_is_recorded_restored_and_dismissed() {
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, ItemLimits::default());
    pair.contend(put("1"), put("2"));
    assert_eq!(pair.told(), [told("", Some("1"), Some("2"))]);
    let record = pair.records().remove(0);
    pair.at_a(settle(&record, Verdict::Restore));
    assert_eq!(pair.told(), []);
    pair.contend(put("3"), Operation::Delete);
    let [(_, lost, kept)] = &*pair.told() else { panic!("one conflict") };
    assert!(lost.is_none() != kept.is_none(), "one is a deletion");
    let record = pair.records().pop().unwrap();
    pair.at_a(settle(&record, Verdict::Dismiss));
    assert_eq!(pair.told(), []);
}

#[test]
fn an_id_is_the_same_for_ever() {
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, ItemLimits::default());
    pair.contend(put("1"), put("2"));
    assert_eq!(pair.records()[0].id.to_string(), ID);
}

/// What clients have kept: never to change.
const ID: &str = "716d97e91452ffc167a72f7e1bb42cf5";

#[test]
fn of_a_set_the_losing_side_is_recorded_by_element() {
    let mut adding = pair(DataType::Set, ResolverKind::AddWins, ItemLimits::default());
    adding.at_a(add("\"a/b\""));
    adding.contend(add("\"a/b\""), remove("\"a/b\""));
    assert_eq!(adding.told(), [told("/\"a~1b\"", None, Some("\"a/b\""))]);

    let mut removing = pair(DataType::Set, ResolverKind::RemoveWins, ItemLimits::default());
    removing.at_a(add("1"));
    removing.contend(add("1"), remove("1"));
    assert_eq!(removing.told(), [told("/1", Some("1"), None)]);
    let record = removing.records().remove(0);
    removing.at_a(settle(&record, Verdict::Restore));
    assert_eq!(removing.told(), []);
    let state = &removing.b.states[&removing.item];
    let Shown::Value(ShownValue::Set(set), _) = removing.resolver.resolver().shown(state) else {
        panic!("the set exists");
    };
    assert_eq!(set.elements().cloned().collect::<Vec<_>>(), [element("1")]);
}

#[test]
fn of_a_flag_the_losing_side_is_recorded() {
    for (resolver, wins) in [(ResolverKind::EnableWins, true), (ResolverKind::DisableWins, false)] {
        let mut pair = pair(DataType::Flag, resolver, ItemLimits::default());
        pair.contend(Operation::Switch(true), Operation::Switch(false));
        let (lost, kept) = ((!wins).to_string(), wins.to_string());
        assert_eq!(pair.told(), [told("", Some(&lost), Some(&kept))]);
        pair.at_a(Operation::Delete);
        assert_eq!(pair.told(), []);
        assert_eq!(pair.a.digest().1, 0, "nothing is left of it");
    }
}

#[test]
fn what_is_beyond_the_number_is_let_go_by_the_next_writer() {
    let limits = ItemLimits { conflicts_max: 2, ..ItemLimits::default() };
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    for value in ["1", "2", "3", "4"] {
        pair.contend(put(value), put(value));
    }
    // What the two writers of a round have not seen of each other comes on top.
    assert_eq!(pair.records().len(), 3);
    pair.at_a(put("5"));
    let lost: Vec<_> = pair.told().into_iter().map(|(_, lost, _)| lost.unwrap()).collect();
    assert_eq!(lost, ["3", "4"]);
}

#[test]
fn what_is_too_long_or_too_old_is_let_go_as_well() {
    let limits = ItemLimits { conflict_bytes_max: 2_000, ..ItemLimits::default() };
    let mut long = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    let text = format!("\"{}\"", "x".repeat(1_500));
    for _ in 0..3 {
        long.contend(put(&text), put("1"));
        long.contend(put("1"), put(&text));
    }
    long.at_a(put("2"));
    let bytes: usize = long.told().into_iter().map(|(_, lost, _)| lost.unwrap().len() + 64).sum();
    assert!(bytes <= 2_000, "{bytes}");
    assert!(!long.told().is_empty());

    let limits = ItemLimits { conflict_ms_max: 500, ..ItemLimits::default() };
    let mut old = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    old.contend(put("1"), put("2"));
    old.a.now_ms += 500;
    old.at_a(put("3"));
    assert_eq!(old.told().len(), 1);
    old.a.now_ms += 1;
    old.at_a(put("4"));
    assert_eq!(old.told(), []);
}

#[test]
fn a_digest_covers_what_lives_and_not_what_is_only_remembered() {
    let mut pair = pair(DataType::Set, ResolverKind::AddWins, ItemLimits::default());
    pair.at_a(add("1"));
    let before = pair.a.digest();
    pair.at_a(remove("2"));
    let after = pair.a.digest();
    // The set exists by another change.
    assert_ne!(before.0, after.0);
    assert_eq!(after.1, 1);
    pair.at_a(Operation::Delete);
    assert_eq!(pair.a.digest().1, 0, "two removings are remembered");
    assert_eq!(pair.a.digest(), pair.b.digest());
}
