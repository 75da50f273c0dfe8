//! Layers and state read as one.

use tombolo_datatypes::{DataType, Operation};

use super::*;
use crate::OverlayOptions;
use crate::hand_driven::{HandDriven, NEVER_SEALS, SEALS_EACH_GROUP, item, number, shown};

/// Keys with what is shown of them, as they are scanned.
fn scanned(view: &View, table: TableId, after: Option<&str>) -> Vec<(String, Option<i64>)> {
    let after = after.map(|key| KeyRange::all().after(Key::new(key).unwrap()));
    within(view, table, &after.unwrap_or_default())
}

fn within(view: &View, table: TableId, range: &KeyRange) -> Vec<(String, Option<i64>)> {
    let items = view.scan(&table, range).unwrap().map(Result::unwrap);
    items.map(|(key, state)| (key.as_str().to_owned(), number(&state))).collect()
}

/// Four groups of writes: with [`SEALS_EACH_GROUP`] the first is in the state, the next two are in
/// layers that wait, the last is in the active layer.
fn written(options: OverlayOptions) -> (HandDriven, TableId) {
    let mut region = HandDriven::begin(options);
    let table = region.define("notes", DataType::Register);
    let groups =
        [[("b", 1), ("d", 1)], [("a", 2), ("d", 2)], [("d", 3), ("c", 3)], [("b", 4), ("e", 4)]];
    for (at, group) in groups.into_iter().enumerate() {
        for (key, value) in group {
            region.put(&item(table, key), value);
        }
        let sealed = region.commit();
        if let Some(sealed) = sealed.filter(|_| at == 0) {
            region.install(&sealed);
        }
    }
    (region, table)
}

#[test]
fn of_each_item_the_newest_is_shown_once_and_in_key_order() {
    let (mut region, table) = written(SEALS_EACH_GROUP);
    // Staged, so not there yet.
    region.put(&item(table, "a"), 5);
    region.put(&item(table, "aa"), 5);
    let view = region.view();
    assert_eq!(view.layers.len(), 3);
    let all = [("a", 2), ("b", 4), ("c", 3), ("d", 3), ("e", 4)];
    let all = all.map(|(key, value)| (key.to_owned(), Some(value)));
    assert_eq!(scanned(&view, table, None), all);
    assert_eq!(scanned(&view, table, Some("b")), all[2..]);
    assert_eq!(scanned(&view, table, Some("bb")), all[2..]);
    assert_eq!(scanned(&view, table, Some("e")), []);
    for (key, value) in all {
        assert_eq!(shown(&view, &item(table, &key)), value);
    }
}

#[test]
fn a_deletion_above_hides_the_value_below_and_keeps_the_item() {
    let (mut region, table) = written(SEALS_EACH_GROUP);
    region.operate(&item(table, "d"), Operation::Delete);
    region.commit();
    let view = region.view();
    assert_eq!(shown(&view, &item(table, "d")), None);
    assert_eq!(scanned(&view, table, Some("c"))[0], ("d".to_owned(), None));
}

#[test]
fn a_scan_ends_with_its_table_wherever_the_rows_of_others_lie() {
    let (mut region, first) = written(SEALS_EACH_GROUP);
    let others = ["p", "q", "r"].map(|name| region.define(name, DataType::Register));
    for table in others {
        region.put(&item(table, "other"), 9);
    }
    region.commit();
    for table in others {
        assert_eq!(scanned(&region.view(), table, None), [("other".to_owned(), Some(9))]);
    }
    assert_eq!(scanned(&region.view(), first, None).len(), 5);
}

#[test]
fn a_scan_keeps_to_its_bounds_in_layers_and_state() {
    let (mut region, table) = written(SEALS_EACH_GROUP);
    for (key, value) in [("ca", 5), ("cé", 6), ("d/1", 7)] {
        region.put(&item(table, key), value);
    }
    region.commit();
    let keys = |range| -> Vec<_> {
        within(&region.view(), table, &range).into_iter().map(|(key, _)| key).collect()
    };
    let all = KeyRange::all;
    assert_eq!(keys(all().starting_at("b").before("d")), ["b", "c", "ca", "cé"]);
    assert_eq!(keys(all().starting_at("bb").before("cb")), ["c", "ca"]);
    assert_eq!(keys(all().with_prefix("c")), ["c", "ca", "cé"]);
    assert_eq!(keys(all().with_prefix("c").starting_at("ca").before("cb")), ["ca"]);
    assert_eq!(keys(all().with_prefix("d").after(Key::new("d").unwrap())), ["d/1"]);
    assert_eq!(keys(all().starting_at("d").before("b")), [""; 0]);
    assert_eq!(keys(all().with_prefix("x")), [""; 0]);
    assert_eq!(keys(all().after(Key::new("d/1").unwrap())), ["e"]);
}

#[test]
fn the_digest_says_what_is_there_and_not_where_it_lies() {
    let (layered, table) = written(SEALS_EACH_GROUP);
    let (flat, _) = written(NEVER_SEALS);
    let digests = |region: &HandDriven| {
        let view = region.view();
        (view.digest(None).unwrap(), view.digest(Some(&table)).unwrap())
    };
    assert_eq!(digests(&layered), digests(&flat));
    assert_eq!(digests(&flat).0.1, 5);

    let (mut more, _) = written(NEVER_SEALS);
    more.put(&item(table, "a"), 2);
    more.commit();
    // The same value by another write is another state.
    assert_ne!(digests(&more), digests(&flat));
    more.operate(&item(table, "a"), Operation::Delete);
    more.commit();
    assert_eq!(digests(&more).0.1, 4);
}
