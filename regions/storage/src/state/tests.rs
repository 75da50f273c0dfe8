//! What materializing leaves in the database.

use tombolo_datatypes::DataType;

use super::*;
use crate::KeyRange;
use crate::hand_driven::{HandDriven, NEVER_SEALS, item};

/// Moves everything into the state.
fn materialize(region: &mut HandDriven) {
    region.commit();
    let rest = region.overlay.seal_rest().unwrap();
    region.install(&rest);
}

/// How many rows the database has.
fn rows(region: &HandDriven) -> usize {
    region.view().snapshot.scan(Bound::Unbounded).unwrap().map(Result::unwrap).count()
}

#[test]
fn dropping_a_table_empties_its_rows_and_no_others() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let (kept, dropped) =
        (region.define("kept", DataType::Register), region.define("dropped", DataType::Register));
    for key in ["a", "b", "c"] {
        region.put(&item(dropped, key), 1);
    }
    region.put(&item(kept, "a"), 2);
    materialize(&mut region);
    assert_eq!(rows(&region), 4);

    region.put(&item(dropped, "d"), 3);
    region.drop_table("dropped");
    materialize(&mut region);
    assert_eq!(rows(&region), 1);
    assert!(region.view().get(&item(kept, "a")).unwrap().is_some());
}

#[test]
fn a_table_that_came_and_went_between_two_commits_leaves_no_rows() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("brief", DataType::Register);
    region.put(&item(table, "a"), 1);
    region.drop_table("brief");
    materialize(&mut region);
    assert_eq!(rows(&region), 0);
}

#[test]
fn a_table_of_the_same_name_begins_without_the_old_ones_rows() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let before = region.define("notes", DataType::Register);
    region.put(&item(before, "a"), 1);
    materialize(&mut region);
    region.drop_table("notes");
    let after = region.define("notes", DataType::Counter);
    materialize(&mut region);
    assert_ne!(before, after);
    assert_eq!(region.view().scan(&after, &KeyRange::all()).unwrap().count(), 0);
    assert_eq!(rows(&region), 0);
}

#[test]
fn position_catalog_and_place_of_replay_come_back() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("notes", DataType::Register);
    region.put(&item(table, "a"), 1);
    materialize(&mut region);
    let (view, end) = (region.view(), region.journal.end());
    let region = region.reopen(NEVER_SEALS);
    let again = region.view();
    assert_eq!((view.position(), view.catalog()), (again.position(), again.catalog()));
    // Nothing was replayed: all of it is in the state.
    assert_eq!((region.overlay.bytes(), region.reader.end()), (0, end));
}
