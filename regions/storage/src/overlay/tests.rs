//! What is visible when, and which layer goes to the state when.

use tombolo_datatypes::DataType;

use super::*;
use crate::hand_driven::{HandDriven, NEVER_SEALS, SEALS_EACH_GROUP, item, number, shown};

fn latest(region: &HandDriven, item: &ItemKey) -> Option<i64> {
    region.overlay.latest(item).unwrap().and_then(|state| number(&state))
}

/// A region with one table, and its item.
fn with_item(options: OverlayOptions) -> (HandDriven, ItemKey) {
    let mut region = HandDriven::begin(options);
    let table = region.define("notes", DataType::Register);
    if let Some(sealed) = region.commit() {
        region.install(&sealed);
    }
    (region, item(table, "k"))
}

#[test]
fn what_is_staged_is_seen_by_the_next_decision_and_by_no_reader() {
    let (mut region, k) = with_item(NEVER_SEALS);
    region.put(&k, 1);
    assert_eq!((latest(&region, &k), shown(&region.view(), &k)), (Some(1), None));
    assert_eq!(region.view().vector().get(&region.leader.replica()), 1);
    region.commit();
    assert_eq!((latest(&region, &k), shown(&region.view(), &k)), (Some(1), Some(1)));
    assert_eq!(**region.view().vector(), *region.leader.applied());
}

#[test]
fn a_group_is_shown_without_the_one_that_gathered_meanwhile() {
    let (mut region, k) = with_item(NEVER_SEALS);
    region.put(&k, 1);
    let first = region.group();
    region.put(&k, 2);
    region.publish(&first);
    assert_eq!((latest(&region, &k), shown(&region.view(), &k)), (Some(2), Some(1)));
    region.commit();
    assert_eq!(shown(&region.view(), &k), Some(2));
}

#[test]
fn a_view_goes_on_showing_what_it_showed() {
    let (mut region, k) = with_item(SEALS_EACH_GROUP);
    region.put(&k, 1);
    let first = region.commit().unwrap();
    let held = region.view();
    region.put(&k, 2);
    let second = region.commit().unwrap();
    region.install(&first);
    region.install(&second);
    assert_eq!((shown(&held, &k), shown(&region.view(), &k)), (Some(1), Some(2)));
}

#[test]
fn a_layer_is_handed_out_when_the_group_that_it_ends_with_is_durable() {
    let (mut region, k) = with_item(SEALS_EACH_GROUP);
    region.put(&k, 1);
    let first = region.group();
    region.put(&k, 2);
    let sealed = region.publish(&first).unwrap();
    assert_eq!(sealed.after.position, *first.position);
    assert_eq!(sealed.after.replay_from, Some(region.journal.end()));
    region.install(&sealed);
    // What was staged meanwhile is in the next layer, and in the journal after that place.
    assert_eq!(shown(&region.view(), &k), Some(1));
    assert_eq!(latest(&region, &k), Some(2));
}

#[test]
fn a_change_that_touches_no_item_moves_the_state_on_too() {
    let mut region = HandDriven::begin(SEALS_EACH_GROUP);
    region.define("notes", DataType::Register);
    let sealed = region.commit().unwrap();
    assert_eq!(sealed.after.position, **region.view().position());
    region.install(&sealed);
    assert_eq!(region.overlay.bytes(), 0);
}

#[test]
fn it_is_full_until_a_layer_is_installed() {
    let (mut region, k) = with_item(OverlayOptions { seal_bytes: 400, ..NEVER_SEALS });
    region.put(&k, 1);
    let waiting = region.commit().unwrap();
    region.put(&k, 2);
    assert!(region.commit().is_none() && !region.overlay.is_full());
    region.put(&k, 3);
    assert!(region.commit().is_none() && region.overlay.is_full());
    region.install(&waiting);
    assert!(!region.overlay.is_full());
    // The next group ends the layer that had to wait.
    region.put(&k, 4);
    let sealed = region.commit().unwrap();
    region.install(&sealed);
    assert_eq!((region.overlay.bytes(), shown(&region.view(), &k)), (0, Some(4)));
}

#[test]
fn installing_the_oldest_layer_leaves_the_newer_ones_on_top() {
    let (mut region, k) = with_item(SEALS_EACH_GROUP);
    let below = item(k.table, "below");
    region.put(&below, 1);
    region.put(&k, 1);
    let first = region.commit().unwrap();
    region.put(&k, 2);
    let second = region.commit().unwrap();
    let both = |region: &HandDriven| {
        let view = region.view();
        assert_eq!((latest(region, &k), shown(&view, &k)), (Some(2), Some(2)));
        assert_eq!((latest(region, &below), shown(&view, &below)), (Some(1), Some(1)));
    };
    both(&region);
    for sealed in [first, second] {
        region.install(&sealed);
        both(&region);
    }
    assert_eq!(region.overlay.bytes(), 0);
}

#[test]
fn at_a_stop_the_rest_is_sealed_once_nothing_is_under_way() {
    let (mut region, k) = with_item(NEVER_SEALS);
    region.put(&k, 1);
    assert!(region.overlay.seal_rest().is_none(), "something is staged");
    let group = region.group();
    assert!(region.overlay.seal_rest().is_none(), "a group is under way");
    region.publish(&group);
    let rest = region.overlay.seal_rest().unwrap();
    assert_eq!(rest.after.replay_from, Some(region.journal.end()));
    region.install(&rest);
    assert_eq!((region.overlay.bytes(), shown(&region.view(), &k)), (0, Some(1)));
    assert!(region.overlay.seal_rest().is_none(), "the state has everything");
}

#[test]
fn at_a_stop_the_rest_waits_for_the_layers_before_it() {
    let (mut region, k) = with_item(OverlayOptions { seal_bytes: 1, ..NEVER_SEALS });
    region.put(&k, 1);
    let before = region.commit().unwrap();
    region.put(&k, 2);
    assert!(region.commit().is_none());
    assert!(region.overlay.seal_rest().is_none());
    region.install(&before);
    let rest = region.overlay.seal_rest().unwrap();
    region.install(&rest);
    assert_eq!((region.overlay.bytes(), shown(&region.view(), &k)), (0, Some(2)));
}

#[test]
fn a_group_says_where_the_region_stood_before_it() {
    let (mut region, k) = with_item(NEVER_SEALS);
    let before = Arc::clone(region.view().position());
    region.put(&k, 1);
    let first = region.group();
    region.put(&k, 2);
    let second = region.group();
    assert_eq!(*first.before(), before);
    assert_eq!(**second.before(), *first.position);
    assert!(region.overlay.close_group(region.leader.catalog()).unwrap().is_none());
}
