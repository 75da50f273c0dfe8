//! What the index names, wherever the rows lie.

use tombolo_datatypes::{DataType, Operation};
use tombolo_replication::TableId;

use super::*;
use crate::OverlayOptions;
use crate::hand_driven::{HandDriven, NEVER_SEALS, SEALS_EACH_GROUP, item};

/// The keys of contested items of `table`, or of all.
fn contested(region: &HandDriven, table: Option<TableId>, from: Option<&ItemKey>) -> Vec<String> {
    let view = region.view();
    let table = table.and_then(|id| view.catalog().by_id(&id).cloned());
    let items = view.contested(table.as_ref(), from).unwrap().map(Result::unwrap);
    let items = items.filter(|found| found.state.is_some());
    let mut keys: Vec<_> = items.map(|found| found.item.key.as_str().to_owned()).collect();
    if table.is_none() {
        keys.sort_unstable();
    }
    keys
}

/// Switches a flag on here, and off in the region `there` at the same time.
fn contend(region: &mut HandDriven, item: &ItemKey, there: &str) {
    let mut other = region.other_region(there);
    region.operate(item, Operation::Switch(true));
    region.relay_blind(&mut other, item, Operation::Switch(false));
}

fn commit(region: &mut HandDriven) {
    if let Some(sealed) = region.commit() {
        region.install(&sealed);
    }
}

fn with_flags(options: OverlayOptions) -> (HandDriven, TableId) {
    let mut region = HandDriven::begin(options);
    let table = region.define("flags", DataType::Flag);
    commit(&mut region);
    (region, table)
}

#[test]
fn an_item_is_named_while_it_is_contested_and_no_longer() {
    for options in [NEVER_SEALS, SEALS_EACH_GROUP] {
        let (mut region, table) = with_flags(options);
        let (k, quiet) = (item(table, "k"), item(table, "quiet"));
        contend(&mut region, &k, "there");
        region.operate(&quiet, Operation::Switch(true));
        assert_eq!(contested(&region, Some(table), None), [""; 0], "not durable yet");
        commit(&mut region);
        assert_eq!(contested(&region, Some(table), None), ["k"]);
        // A deletion ends both sides.
        region.operate(&k, Operation::Delete);
        commit(&mut region);
        assert_eq!(contested(&region, Some(table), None), [""; 0]);
    }
}

#[test]
fn the_index_comes_back_with_the_state_and_with_the_journal() {
    let (mut region, table) = with_flags(SEALS_EACH_GROUP);
    contend(&mut region, &item(table, "stored"), "there");
    commit(&mut region);
    let mut region = region.reopen(NEVER_SEALS);
    contend(&mut region, &item(table, "journaled"), "elsewhere");
    region.commit();
    let region = region.reopen(NEVER_SEALS);
    assert_eq!(contested(&region, Some(table), None), ["journaled", "stored"]);
    assert_eq!(contested(&region, None, None), ["journaled", "stored"]);
    let from = item(table, "k");
    assert_eq!(contested(&region, Some(table), Some(&from)), ["stored"]);
}

#[test]
fn a_dropped_table_leaves_nothing_in_the_index() {
    let (mut region, table) = with_flags(SEALS_EACH_GROUP);
    contend(&mut region, &item(table, "k"), "there");
    commit(&mut region);
    region.drop_table("flags");
    commit(&mut region);
    assert_eq!(contested(&region, None, None), [""; 0]);
    let left = region.view().snapshot.contested(Bound::Unbounded).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn an_index_entry_goes_when_the_row_is_no_longer_contested() {
    let (mut region, table) = with_flags(SEALS_EACH_GROUP);
    let k = item(table, "k");
    let left =
        |region: &HandDriven| region.view().snapshot.contested(Bound::Unbounded).unwrap().count();
    contend(&mut region, &k, "there");
    commit(&mut region);
    assert_eq!(left(&region), 1);
    region.operate(&k, Operation::Delete);
    commit(&mut region);
    assert_eq!(left(&region), 0);
}
