//! Spans as they are listed, and items as they are told.

use tombolo_datatypes::{DataType, JsonText, Operation};

use super::*;
use crate::hand_driven::{HandDriven, NEVER_SEALS, item};

const LIMITS: ListingLimits =
    ListingLimits { items_max: 100, bytes_max: 1 << 20, row_bytes_max: 1 << 20 };

fn region(keys: &[&str]) -> (HandDriven, TableId) {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("notes", DataType::Register);
    for key in keys {
        region.put(&item(table, key), 1);
    }
    region.commit();
    (region, table)
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn keys(listing: &Listing) -> Vec<&str> {
    listing.items.iter().map(|(key, _)| key.as_str()).collect()
}

/// Lists all of a table, piece by piece.
fn pieces(view: &View, table: TableId, limits: ListingLimits) -> Vec<Vec<String>> {
    let mut rest = Some(Span::of(table));
    let mut pieces = Vec::new();
    while let Some(span) = rest {
        let (listing, left) = view.list(span, limits).unwrap().unwrap();
        pieces.push(keys(&listing).into_iter().map(str::to_owned).collect());
        rest = left;
    }
    pieces
}

#[test]
fn a_span_has_the_keys_behind_its_beginning_up_to_its_end() {
    let (region, table) = region(&["a", "b", "b\u{0}", "b\u{0}a", "c", "d"]);
    let view = region.view();
    let list = |after: Option<&str>, to: Option<&str>| {
        let span = Span { table, after: after.map(key), to: to.map(key) };
        let (listing, rest) = view.list(span.clone(), LIMITS).unwrap().unwrap();
        assert_eq!((&listing.span, rest), (&span, None));
        assert_eq!(&listing.vector, &**view.vector());
        keys(&listing).join(" ")
    };
    assert_eq!(list(None, None), "a b b\u{0} b\u{0}a c d");
    assert_eq!(list(None, Some("b")), "a b");
    assert_eq!(list(Some("b"), Some("c")), "b\u{0} b\u{0}a c");
    assert_eq!(list(Some("d"), None), "");
    let absent = TableId(tombolo_causality::Dot { seq: 99, ..table.0 });
    assert!(view.list(Span::of(absent), LIMITS).unwrap().is_none());
}

#[test]
fn pieces_are_bounded_and_together_everything() {
    let (region, table) = region(&["a", "b", "c", "d", "e"]);
    let view = region.view();
    let by_items = pieces(&view, table, ListingLimits { items_max: 2, ..LIMITS });
    assert_eq!(by_items, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    let by_bytes = pieces(&view, table, ListingLimits { bytes_max: 1, ..LIMITS });
    assert_eq!(by_bytes, [["a"], ["b"], ["c"], ["d"], ["e"]]);
    // One that ends with the span leaves nothing behind.
    let exact = pieces(&view, table, ListingLimits { items_max: 5, ..LIMITS });
    assert_eq!(exact, [["a", "b", "c", "d", "e"]]);
}

#[test]
fn a_digest_stands_for_the_whole_state_also_for_what_is_only_remembered() {
    let (mut region, table) = region(&["a", "b"]);
    let listed =
        |region: &HandDriven| region.view().list(Span::of(table), LIMITS).unwrap().unwrap().0.items;
    let before = listed(&region);
    assert_eq!(before, listed(&region));
    region.operate(&item(table, "a"), Operation::Delete);
    region.commit();
    let after = listed(&region);
    assert_eq!(after.len(), 2);
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
}

#[test]
fn as_many_states_are_told_as_fit_and_one_in_any_case() {
    let (mut region, table) = region(&["a", "b"]);
    let long = JsonText::parse(format!("\"{}\"", "x".repeat(1_000)).as_bytes()).unwrap();
    region.operate(&item(table, "long"), Operation::Put(long));
    region.commit();
    let view = region.view();
    let held = |texts: &[&str], limits: ListingLimits| -> Vec<&str> {
        let held = view.held(table, texts.iter().map(|text| key(text)), limits).unwrap();
        let told = held.iter().map(|held| match held {
            Held::Nothing => "nothing",
            Held::State(_) => "state",
            Held::TooLarge => "too large",
        });
        told.collect()
    };
    assert_eq!(held(&["a", "absent", "long"], LIMITS), ["state", "nothing", "state"]);
    assert_eq!(held(&["a", "b"], ListingLimits { items_max: 1, ..LIMITS }), ["state"]);
    let small = ListingLimits { bytes_max: 500, ..LIMITS };
    assert_eq!(held(&["a", "b", "long", "absent"], small), ["state", "state"]);
    assert_eq!(held(&["long", "a"], small), ["state"]);
    let short = ListingLimits { row_bytes_max: 500, ..LIMITS };
    assert_eq!(held(&["long", "a"], short), ["too large", "state"]);
}
