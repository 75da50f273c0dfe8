//! What comes of another region's states beside the changes.

use tombolo_datatypes::{DataType, Operation};
use tombolo_replication::SetAside;
use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::reconciler::Span;

use super::set_aside::forged;
use super::*;
use crate::ListingLimits;

fn commit(region: &mut HandDriven) {
    if let Some(sealed) = region.commit() {
        region.install(&sealed);
    }
}

/// What was joined has no place in any stream: it is replayed where it stood among the changes.
#[test]
fn a_joined_state_is_replayed_and_takes_no_place_in_a_stream() {
    for options in [NEVER_SEALS, SEALS_EACH_GROUP] {
        let (mut region, k) = counted(options, 3);
        let joined = region.overlay.latest(&k).unwrap().unwrap();
        let before = region.view();
        region.operate(&k, Operation::Increment(1));
        commit(&mut region);
        // As it was before the last increment.
        region.overlay.stage_joined(&k, joined).unwrap();
        commit(&mut region);
        let view = region.view();
        assert_eq!((shown(&before, &k), shown(&view, &k)), (Some(3), Some(3)));
        assert_eq!(view.vector().get(&region.leader.replica()), 5);

        let mut region = region.reopen(options);
        assert_eq!(shown(&region.view(), &k), Some(3));
        assert_eq!(region.view().position(), view.position());
        region.operate(&k, Operation::Increment(10));
        commit(&mut region);
        let region = region.reopen(options);
        assert_eq!(shown(&region.view(), &k), Some(13));
    }
}

#[test]
fn a_state_that_was_joined_into_a_table_that_is_dropped_is_gone_with_it() {
    let (mut region, k) = counted(NEVER_SEALS, 1);
    let joined = region.overlay.latest(&k).unwrap().unwrap();
    region.drop_table("hits");
    region.commit();
    let other = item(k.table, "other");
    region.overlay.stage_joined(&other, joined).unwrap();
    region.commit();
    let region = region.reopen(NEVER_SEALS);
    assert!(region.view().catalog().is_empty());
    assert_eq!(region.view().get(&other).unwrap(), None);
}

/// Everything of a region that another one pulls, in pieces of at most so many.
fn pulled(region: &HandDriven, items_max: usize) -> (Vec<ItemKey>, usize) {
    let view = region.view();
    let limits = ListingLimits { items_max, bytes_max: 1 << 20, row_bytes_max: 1 << 20 };
    let mut all = Vec::new();
    for table in view.catalog().iter() {
        let mut span = Span::of(table.id);
        loop {
            let (items, is_last) = view.states(&span, limits).unwrap().unwrap();
            assert!(items.len() <= items_max);
            span.after = items.last().map(|(key, _)| key.clone());
            all.extend(items.into_iter().map(|(key, _)| ItemKey { table: table.id, key }));
            if is_last {
                break;
            }
        }
    }
    let (mut requests, mut after) = (0, None);
    loop {
        let (records, is_last) = view.requests(after, limits).unwrap();
        assert!(records.len() <= items_max);
        requests += records.len();
        after = records.last().map(RequestPlace::of);
        if is_last {
            return (all, requests);
        }
    }
}

fn named(nth: u8) -> NamedRequest {
    NamedRequest { name: RequestName([nth; 16]), hash: RequestHash([0; 16]) }
}

#[test]
fn a_region_that_takes_what_another_shows_has_it_after_a_restart() {
    for options in [NEVER_SEALS, SEALS_EACH_GROUP] {
        let mut there = HandDriven::begin(options);
        let table = there.define("notes", DataType::Register);
        for nth in 0..7_u8 {
            there.put_named(&item(table, &format!("k{nth}")), nth.into(), named(nth));
            commit(&mut there);
        }
        let mut other = there.other_region("elsewhere");
        let set_aside = there.take_in(forged(&mut other, "k0", table)).change.dot;
        commit(&mut there);
        let (items, requests) = pulled(&there, 2);
        assert_eq!((items.len(), requests), (7, 7));
        assert_eq!(pulled(&there, 100), (items.clone(), requests));

        let mut here = HandDriven::begin(options);
        let theirs = there.view();
        here.overlay.stage_catalog(theirs.catalog()).unwrap();
        here.leader.take_catalog(Arc::clone(theirs.catalog()));
        for item in &items {
            let state = theirs.get(item).unwrap().unwrap();
            here.overlay.stage_joined(item, state).unwrap();
        }
        let limits = ListingLimits { items_max: 9, bytes_max: 1 << 20, row_bytes_max: 1 };
        for kept in theirs.requests(None, limits).unwrap().0 {
            here.overlay.stage_request(kept).unwrap();
        }
        commit(&mut here);
        let position = theirs.position();
        here.overlay.stage_position(&position.streams, position.stamp_floor).unwrap();
        here.overlay.stage_exceptions(theirs.exceptions()).unwrap();
        assert!(here.view().exceptions().is_empty(), "nothing is shown before it is durable");
        commit(&mut here);

        let mut here = here.reopen(options);
        let view = here.view();
        assert_eq!(view.position(), position);
        assert_eq!(view.catalog(), theirs.catalog());
        assert_eq!(view.digest(None).unwrap(), theirs.digest(None).unwrap());
        let expected = [(set_aside, SetAside::WrongType)].into_iter().collect();
        assert_eq!((&**view.exceptions(), here.leader.exceptions()), (&expected, &expected));
        assert_eq!(here.leader.applied(), &**theirs.vector());
        assert_eq!(pulled(&here, 3), (items, 7));
        for nth in 0..7 {
            assert!(here.leader.repeated(1, &named(nth)).unwrap().is_some(), "{nth}");
        }
    }
}
