//! Opening: what is replayed, and what is refused.

use std::sync::Arc;

use tombolo_datatypes::{DataType, Operation};
use tombolo_replication::ItemKey;
use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::idempotency::{NamedRequest, RequestHash, RequestName};
use tombolo_replication::reconciler::Span;

use super::*;
use crate::ListingLimits;
use crate::hand_driven::{HandDriven, NEVER_SEALS, SEALS_EACH_GROUP, item, shown};

const STATE: &str = "state.redb";

/// A region whose counter was incremented `count` times, one group each.
fn counted(options: OverlayOptions, count: i64) -> (HandDriven, ItemKey) {
    let mut region = HandDriven::begin(options);
    let k = item(region.define("hits", DataType::Counter), "k");
    for _ in 0..count {
        region.operate(&k, Operation::Increment(1));
        if let Some(sealed) = region.commit() {
            region.install(&sealed);
        }
    }
    (region, k)
}

/// Moves everything into the state and lets go of the journal before it.
fn released(options: OverlayOptions) -> HandDriven {
    let (mut region, _) = counted(options, 40);
    if let Some(rest) = region.overlay.seal_rest() {
        region.install(&rest);
    }
    region.journal.release_before(u64::MAX);
    region.journal.preparer().prepare().unwrap();
    assert!(region.reader.first().segment > 1);
    region
}

fn remove_journal(disk: &dyn Disk) {
    for name in disk.list("journal").unwrap() {
        disk.remove(&format!("journal/{name}")).unwrap();
    }
}

#[test]
fn replay_gives_back_view_leader_and_tables() {
    let (region, k) = counted(NEVER_SEALS, 20);
    let before = region.view();
    let region = region.reopen(NEVER_SEALS);
    let after = region.view();
    assert_eq!((after.position(), after.vector()), (before.position(), before.vector()));
    assert_eq!(after.catalog(), before.catalog());
    assert_eq!(shown(&after, &k), Some(20));
    assert_eq!(region.leader.applied(), &**before.vector());
    assert_eq!(region.leader.catalog(), before.catalog());
}

/// Regression: layers were sealed during replay and never materialized, so that the overlay grew
/// with the journal.
#[test]
fn replay_materializes_what_grows_too_large() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("notes", DataType::Register);
    for at in 0..100 {
        region.put(&item(table, &at.to_string()), at);
        region.commit();
    }
    let options = OverlayOptions { seal_bytes: 4_000, ..NEVER_SEALS };
    let all_bytes = region.overlay.bytes();
    let region = region.reopen(options);
    assert!(all_bytes > 10 * options.seal_bytes);
    assert!(region.overlay.bytes() < 2 * options.seal_bytes);
    assert_eq!(shown(&region.view(), &item(table, "0")), Some(0));
    // The next start has that much less to replay.
    let region = region.reopen(NEVER_SEALS);
    assert!(region.overlay.bytes() < 2 * options.seal_bytes);
    assert_eq!(shown(&region.view(), &item(table, "99")), Some(99));
}

/// An item that is written again and again takes no more room, and its changes are replayed.
#[test]
fn a_layer_is_sealed_for_what_it_stands_for_in_the_journal_too() {
    let options = OverlayOptions { replay_bytes: 500, ..NEVER_SEALS };
    let mut region = HandDriven::begin(options);
    let k = item(region.define("hits", DataType::Counter), "k");
    let mut sealed = 0;
    for _ in 0..100 {
        region.operate(&k, Operation::Increment(1));
        if let Some(layer) = region.commit() {
            region.install(&layer);
            sealed += 1;
        }
    }
    assert!(sealed > 3, "{sealed}");
    assert_eq!(shown(&region.view(), &k), Some(100));
    assert_eq!(shown(&region.reopen(options).view(), &k), Some(100));
}

#[test]
fn what_is_in_the_state_is_not_applied_again() {
    let (region, k) = counted(SEALS_EACH_GROUP, 12);
    let region = region.reopen(NEVER_SEALS);
    assert_eq!((region.overlay.bytes(), shown(&region.view(), &k)), (0, Some(12)));
}

#[test]
fn a_directory_that_lost_its_state_is_refused() {
    let (region, _) = counted(NEVER_SEALS, 1);
    let (error, ..) = region.refused(Begun::Before, |disk| disk.remove(STATE).unwrap());
    assert!(matches!(error, StorageError::Lost { what: "state" }), "{error}");
}

#[test]
fn a_directory_that_lost_its_journal_is_refused() {
    let (region, _) = counted(SEALS_EACH_GROUP, 1);
    let (error, ..) = region.refused(Begun::Before, remove_journal);
    assert!(matches!(error, StorageError::Lost { what: "journal" }), "{error}");
}

/// Its database is one, but has never had anything in it, and the journal no longer begins at the
/// beginning.
#[test]
fn another_ones_empty_state_is_not_taken_for_the_lost_one() {
    let other = HandDriven::begin(NEVER_SEALS);
    let file = other.disk.open(STATE).unwrap();
    let mut empty = vec![0; usize::try_from(file.len_bytes().unwrap()).unwrap()];
    file.read_exact_at(&mut empty, 0).unwrap();
    let (error, ..) = released(NEVER_SEALS).refused(Begun::Before, |disk| {
        disk.remove(STATE).unwrap();
        disk.create(STATE).unwrap().write_all_at(&empty, 0).unwrap();
    });
    assert!(matches!(error, StorageError::Lost { what: "state" }), "{error}");
}

/// Only the end of the journal, as an old copy put back would have it.
#[test]
fn a_journal_that_ends_before_the_state_does_is_refused() {
    let older = HandDriven::begin(NEVER_SEALS);
    let names = older.disk.list("journal").unwrap();
    let file = older.disk.open(&format!("journal/{}", names[0])).unwrap();
    let mut copy = vec![0; usize::try_from(file.len_bytes().unwrap()).unwrap()];
    file.read_exact_at(&mut copy, 0).unwrap();
    let (error, ..) = counted(SEALS_EACH_GROUP, 3).0.refused(Begun::Before, |disk| {
        remove_journal(disk);
        let file = disk.create(&format!("journal/{}", names[0])).unwrap();
        file.write_all_at(&copy, 0).unwrap();
    });
    assert!(matches!(error, StorageError::Lost { what: "journal" }), "{error}");
}

#[test]
fn a_state_older_than_the_journal_reaches_back_is_refused() {
    let (mut region, k) = counted(NEVER_SEALS, 1);
    let rest = region.overlay.seal_rest().unwrap();
    region.install(&rest);
    for _ in 0..40 {
        region.operate(&k, Operation::Increment(1));
        region.commit();
    }
    region.journal.release_before(u64::MAX);
    region.journal.preparer().prepare().unwrap();
    let (error, ..) = region.refused(Begun::Before, |_| {});
    assert!(matches!(error, StorageError::Mismatched { .. }), "{error}");
}

/// Regression: a directory whose identity was gone lost its state too, as that of a beginning cut
/// short.
#[test]
fn a_directory_that_lost_its_identity_is_refused_and_keeps_the_rest() {
    let (region, k) = counted(SEALS_EACH_GROUP, 40);
    let (error, disk, directory) = region.refused(Begun::Now, |_| {});
    assert!(matches!(error, StorageError::Lost { what: "identity" }), "{error}");
    let journal = JournalOptions::new(7);
    let options = StoreOptions {
        journal,
        overlay: NEVER_SEALS,
        cache_bytes: 1 << 20,
        requests: LedgerLimits::default(),
    };
    let store = Store::open(&disk, Begun::Before, &options).unwrap();
    assert!(store.materialized.is_some());
    let region = HandDriven::with(store, disk, directory);
    assert_eq!(shown(&region.view(), &k), Some(40));
}

#[test]
fn a_beginning_cut_short_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    let disk = crate::disk::RealDisk::open(directory.path()).unwrap();
    disk.create(STATE).unwrap().write_all_at(b"half a database", 0).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let journal = JournalOptions::new(7);
    let options = StoreOptions {
        journal,
        overlay: NEVER_SEALS,
        cache_bytes: 1 << 20,
        requests: LedgerLimits::default(),
    };
    for _ in 0..2 {
        let store = Store::open(&disk, Begun::Now, &options).unwrap();
        assert_eq!((store.materialized, store.recovered.applied().is_empty()), (None, true));
    }
}

fn remembered(region: &mut HandDriven, request: &NamedRequest) -> Option<u64> {
    region.leader.repeated(2, request).unwrap().map(|kept| kept.dot.seq)
}

/// From the journal, from the state, and from the state when the journal has let go of it.
#[test]
fn answers_to_named_requests_are_found_again_wherever_they_lie() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("notes", DataType::Register);
    let named = |n: u8| NamedRequest { name: RequestName([n; 16]), hash: RequestHash([n; 16]) };
    region.put_named(&item(table, "k"), 1, named(1));
    region.commit();
    let first = remembered(&mut region, &named(1));
    assert_eq!((first, remembered(&mut region, &named(2))), (Some(2), None));

    let mut region = region.reopen(NEVER_SEALS);
    assert_eq!(remembered(&mut region, &named(1)), first);
    let rest = region.overlay.seal_rest().unwrap();
    region.install(&rest);
    region.put_named(&item(table, "k"), 2, named(2));
    region.commit();

    let mut region = region.reopen(NEVER_SEALS);
    assert_eq!(remembered(&mut region, &named(1)), first);
    assert_eq!(remembered(&mut region, &named(2)), Some(3));
}

#[test]
fn answers_to_named_requests_go_from_the_state_when_their_time_is_over() {
    let mut region = HandDriven::begin(SEALS_EACH_GROUP);
    let table = region.define("notes", DataType::Register);
    let named = NamedRequest { name: RequestName([1; 16]), hash: RequestHash([1; 16]) };
    region.put_named(&item(table, "k"), 1, named);
    let sealed = region.commit().unwrap();
    region.install(&sealed);
    let records = |region: &HandDriven| region.materializer.requests().unwrap().len();
    assert_eq!(records(&region), 1);
    region.now_ms = 2 + LedgerLimits::default().ttl_ms;
    region.put(&item(table, "k"), 2);
    let sealed = region.commit().unwrap();
    region.install(&sealed);
    assert_eq!(records(&region), 0);
}

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
        here.leader.adopt(&position.streams, position.stamp_floor);
        commit(&mut here);

        let mut here = here.reopen(options);
        let view = here.view();
        assert_eq!(view.position(), position);
        assert_eq!(view.catalog(), theirs.catalog());
        assert_eq!(view.digest(None).unwrap(), theirs.digest(None).unwrap());
        assert_eq!(here.leader.applied(), &**theirs.vector());
        assert_eq!(pulled(&here, 3), (items, 7));
        for nth in 0..7 {
            assert!(here.leader.repeated(1, &named(nth)).unwrap().is_some(), "{nth}");
        }
    }
}
