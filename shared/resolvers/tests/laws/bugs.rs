//! Mistakes that others have made in merging, each held off by a test.

use tombolo_datatypes::{DataType, Element, ItemState, JsonText, Operation};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

use crate::history::{Change, Region, region};
use crate::joined;

fn pair(data_type: DataType, kind: ResolverKind) -> (Region, Region) {
    (region(0, data_type, kind), region(1, data_type, kind))
}

fn add(text: &str) -> Operation {
    Operation::Elements { added: vec![element(text)], removed: vec![] }
}

fn remove(text: &str) -> Operation {
    Operation::Elements { added: vec![], removed: vec![element(text)] }
}

fn element(text: &str) -> Element {
    Element::new(&JsonText::parse(text.as_bytes()).unwrap()).unwrap()
}

fn put(number: i64) -> Operation {
    Operation::Put(JsonText::from(number))
}

fn do_it(region: &mut Region, operation: Operation) -> Change {
    region.operate(operation, false).unwrap()
}

fn elements(kind: ResolverKind, state: &ItemState) -> Vec<String> {
    let Shown::Value(ShownValue::Set(set), _) = kind.resolver().shown(state) else {
        return vec!["(no set)".to_owned()];
    };
    set.elements().map(|element| element.text().as_str().to_owned()).collect()
}

fn number(kind: ResolverKind, state: &ItemState) -> Option<String> {
    match kind.resolver().shown(state) {
        Shown::Value(ShownValue::Json(value), _) => Some(value.as_str().to_owned()),
        _ => None,
    }
}

/// Bug 2.
#[test]
fn a_late_tombstone_does_not_eat_a_key_written_anew() {
    for kind in [ResolverKind::LastWriteWins, ResolverKind::Siblings, ResolverKind::Max] {
        let (mut a, mut b) = pair(DataType::Register, kind);
        let first = do_it(&mut a, put(1));
        b.receive(&first);
        let deleted = do_it(&mut a, Operation::Delete);
        let again = do_it(&mut a, put(2));
        b.receive(&deleted);
        b.receive(&again);
        // The same tombstone once more.
        assert!(!kind.resolver().join(&mut b.state, deleted.written, &deleted.delta));
        assert_eq!(number(kind, &b.state).as_deref(), Some("2"), "{kind}");
    }
}

/// Bug 3.
#[test]
fn what_is_present_on_both_sides_is_not_removed_by_the_merge() {
    let kind = ResolverKind::AddWins;
    let (mut a, mut b) = pair(DataType::Set, kind);
    b.receive(&do_it(&mut a, add("1")));
    // Both add it anew: each ends the dot that the other still has.
    do_it(&mut a, add("1"));
    do_it(&mut b, add("1"));
    for state in [joined(kind, &a.state, &b.state), joined(kind, &b.state, &a.state)] {
        assert_eq!(elements(kind, &state), ["1"]);
    }
}

/// Bug 4.
#[test]
fn equal_contexts_tell_nothing_new_of_each_other() {
    let kind = ResolverKind::AddWins;
    let (mut a, mut b) = pair(DataType::Set, kind);
    b.receive(&do_it(&mut a, add("1")));
    assert_eq!(joined(kind, &a.state, &b.state), a.state);
    b.receive(&do_it(&mut a, remove("1")));
    assert_eq!(a.state, b.state);
    assert_eq!(joined(kind, &a.state, &b.state), a.state);
    assert_eq!(elements(kind, &a.state), [""; 0]);
}

/// Bug 5.
#[test]
fn every_element_is_merged_by_the_contexts_before_the_merge() {
    let kind = ResolverKind::AddWins;
    let (mut a, mut b) = pair(DataType::Set, kind);
    b.receive(&do_it(&mut a, Operation::Put(JsonText::parse(b"[1,2,3]").unwrap())));
    do_it(&mut a, remove("1"));
    do_it(&mut b, remove("3"));
    do_it(&mut b, add("4"));
    let merged = joined(kind, &a.state, &b.state);
    assert_eq!(elements(kind, &merged), ["2", "4"]);
    assert_eq!(merged, joined(kind, &b.state, &a.state));
}

/// Bug 6.
#[test]
fn equality_does_not_depend_on_the_order_of_arrival() {
    let kind = ResolverKind::Siblings;
    let (mut a, mut b) = pair(DataType::Register, kind);
    let (one, other) = (do_it(&mut a, put(1)), do_it(&mut b, put(2)));
    a.receive(&other);
    b.receive(&one);
    assert_eq!(a.state, b.state);
    assert_eq!(format!("{:?}", a.state), format!("{:?}", b.state));
}

/// Bug 7.
#[test]
fn on_equal_stamps_all_regions_show_the_same_write() {
    for kind in [ResolverKind::LastWriteWins, ResolverKind::FirstWriteWins] {
        let (mut a, mut b) = pair(DataType::Register, kind);
        let (one, other) = (do_it(&mut a, put(1)), do_it(&mut b, put(2)));
        assert_eq!(one.written.stamp, other.written.stamp);
        a.receive(&other);
        b.receive(&one);
        let stands = if kind == ResolverKind::LastWriteWins { "2" } else { "1" };
        for region in [&a, &b] {
            assert_eq!(number(kind, &region.state).as_deref(), Some(stands), "{kind}");
        }
    }
}

/// Bug 21.
#[test]
fn a_write_that_loses_by_its_clock_is_in_the_log_until_somebody_names_it() {
    let kind = ResolverKind::LastWriteWins;
    let (mut a, mut b) = pair(DataType::Register, kind);
    b.wall_ms += 1;
    let (lost, stands) = (do_it(&mut a, put(1)), do_it(&mut b, put(2)));
    a.receive(&stands);
    b.receive(&lost);
    // An ordinary write on top of what is shown does not end what has lost.
    b.receive(&do_it(&mut a, put(3)));
    for region in [&a, &b] {
        let log = kind.resolver().lost(&region.state);
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].lost.written, lost.written);
        assert_eq!(number(kind, &region.state).as_deref(), Some("3"));
    }
    let settled = a.operate(put(4), true).unwrap();
    b.receive(&settled);
    assert_eq!(kind.resolver().lost(&b.state), []);
}
