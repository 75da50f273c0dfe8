//! What is backed up, and what comes back.

mod failing;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tombolo_causality::{Incarnation, RegionId, ReplicaId};
use tombolo_datatypes::{DataType, JsonText, Operation};
use tombolo_replication::idempotency::{LedgerLimits, NamedRequest, RequestHash, RequestName};

use self::failing::FailingDisk;
use super::*;
use crate::disk::RealDisk;
use crate::hand_driven::{HandDriven, NEVER_SEALS, item};
use crate::journal::JournalOptions;
use crate::{Begun, Found, Identity, LastStop, Store, StoreOptions};

const CLUSTER: &str = "tombolo";
const TAKEN_AT_MS: u64 = 1_790_000_000_000;

fn author() -> ReplicaId {
    ReplicaId::new(RegionId::new("here").unwrap(), Incarnation(1))
}

fn options() -> StoreOptions {
    StoreOptions {
        journal: JournalOptions { segment_bytes: 64 << 10, ..JournalOptions::new(9) },
        overlay: NEVER_SEALS,
        cache_bytes: 1 << 20,
        requests: LedgerLimits::default(),
    }
}

fn as_it_was() -> Restoring {
    let incarnation = Incarnation(2);
    Restoring { region: None, takes_foreign: false, incarnation, store: options() }
}

/// A region with something of everything, one half in its state file and one half in its overlay.
fn region_with_everything() -> HandDriven {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let notes = region.define("notes", DataType::Register);
    let hits = region.define("hits", DataType::Counter);
    region.define("dropped", DataType::Set);
    let mut other = region.other_region("there");
    for half in ["state", "overlay"] {
        for nth in 0..50 {
            region.put(&item(notes, &format!("{half}{nth}")), nth);
        }
        let name = RequestName(if half == "state" { [1; 16] } else { [2; 16] });
        let request = NamedRequest { name, hash: RequestHash([3; 16]) };
        region.put_named(&item(notes, &format!("{half} named")), 5, request);
        // A write that nobody here has seen: one of both is lost.
        let contested = item(notes, &format!("{half} contested"));
        region.put(&contested, 1);
        region.relay_blind(&mut other, &contested, Operation::Put(JsonText::from(2)));
        region.operate(&item(hits, half), Operation::Increment(3));
        // Of a region that cannot have seen what it names: it is set aside.
        region.relay(&mut other, &item(hits, half), 4);
        region.operate(&item(notes, &format!("{half}0")), Operation::Delete);
        region.commit();
        if half == "state" {
            let rest = region.overlay.seal_rest().unwrap();
            region.install(&rest);
            region.drop_table("dropped");
        }
    }
    region
}

fn back_up_into(view: &View, directory: &Path) -> Manifest {
    let disk = RealDisk::open(directory).unwrap();
    back_up(view, &disk, (CLUSTER, author(), TAKEN_AT_MS), &|| true).unwrap()
}

/// A backup of that region, and what it is of.
fn backup() -> (TempDir, Manifest, Arc<View>) {
    let (region, directory) = (region_with_everything(), tempfile::tempdir().unwrap());
    let view = region.view();
    let manifest = back_up_into(&view, directory.path());
    (directory, manifest, view)
}

fn open(directory: &Path) -> (Store, Identity) {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(directory).unwrap());
    let identity = Identity::read(&*disk).unwrap().unwrap();
    (Store::open(&disk, Begun::Before, &options()).unwrap(), identity)
}

#[test]
fn what_is_restored_is_what_the_region_showed_when_the_backup_began() {
    let (mut region, directories) = (region_with_everything(), tempfile::tempdir().unwrap());
    let (from, to) = (directories.path().join("from"), directories.path().join("to"));
    let before = region.view();
    // What is written meanwhile is no part of it.
    let notes = before.catalog().by_name("notes").unwrap().id;
    region.put(&item(notes, "later"), 1);
    region.put(&item(notes, "state1"), 99);
    region.commit();
    let manifest = back_up_into(&before, &from);
    let (digest, items) = before.digest(None).unwrap();
    assert_eq!((manifest.digest, manifest.items, items), (digest, items, 104));
    assert_eq!((&manifest.vector, manifest.taken_at_ms), (&**before.vector(), TAKEN_AT_MS));

    let (read, identity) = restore(&from, &to, &as_it_was()).unwrap();
    assert_eq!(read, manifest);
    let replica = ReplicaId::new(author().region, Incarnation(2));
    let expected = Identity { cluster: CLUSTER.into(), replica, last_stop: LastStop::Clean };
    assert_eq!(identity, expected);
    let (store, identity) = open(&to);
    assert_eq!(identity, expected);
    let after = store.overlay.views().load_full();
    assert_eq!((after.position(), after.catalog()), (before.position(), before.catalog()));
    assert_eq!(after.digest(None).unwrap(), (digest, items));
    assert_eq!((after.exceptions(), after.exceptions().iter().count()), (before.exceptions(), 2));
    assert_eq!(store.recovered.exceptions(), &**before.exceptions());
    for table in before.catalog().iter() {
        let rows = |view: &View| {
            let rows = view.scan(&table.id, &KeyRange::all()).unwrap();
            rows.collect::<Result<Vec<_>, _>>().unwrap()
        };
        // States whole: what is only remembered, what is lost, what was decided about it.
        assert_eq!(rows(&after), rows(&before));
    }
    assert_eq!(after.requests(None, ANSWERS).unwrap(), before.requests(None, ANSWERS).unwrap());
    assert_eq!(after.requests(None, ANSWERS).unwrap().0.len(), 2);
    let contested = |view: &View| {
        let found = view.contested(None, None).unwrap().collect::<Result<Vec<_>, _>>();
        found.unwrap().into_iter().map(|found| found.item).collect::<Vec<_>>()
    };
    assert_eq!((contested(&after), contested(&before).len()), (contested(&before), 2));
    // Of what came before there is no log, and whoever asks is told.
    let mut log = store.reader.log();
    let last = before.vector().get(&author());
    assert_eq!(log.read(author(), 0, last, 1).unwrap(), Found::Released);
    assert_eq!(log.read(author(), last, last + 1, 1).unwrap(), Found::Nothing);
    let hash = before.position().streams.get(&author()).hash;
    assert_eq!(log.hash_at(author(), last).unwrap(), Some(hash));
}

#[test]
fn a_region_without_anything_is_backed_up_too() {
    let (region, directories) = (HandDriven::begin(NEVER_SEALS), tempfile::tempdir().unwrap());
    let (from, to) = (directories.path().join("from"), directories.path().join("to"));
    assert_eq!(back_up_into(&region.view(), &from).items, 0);
    restore(&from, &to, &as_it_was()).unwrap();
    assert!(open(&to).0.overlay.views().load().catalog().is_empty());
}

#[test]
fn what_is_damaged_is_found_before_anything_is_written() {
    let (backup, _, _) = backup();
    let to = backup.path().join("to");
    let file = backup.path().join(FILE);
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], b""] {
        fs::write(&file, damaged).unwrap();
        let refused = restore(backup.path(), &to, &as_it_was());
        assert!(matches!(refused, Err(RestoreError::Damaged)), "{refused:?}");
    }
    fs::write(&file, whole).unwrap();
    fs::remove_file(backup.path().join(manifest::FILE)).unwrap();
    let refused = restore(backup.path(), &to, &as_it_was());
    assert!(matches!(refused, Err(RestoreError::NoBackup { .. })), "{refused:?}");
    assert!(!to.exists());
}

#[test]
fn a_directory_with_something_in_it_is_left_as_it_is() {
    let (backup, _, _) = backup();
    let to = tempfile::tempdir().unwrap();
    fs::write(to.path().join("anything"), "x").unwrap();
    let refused = restore(backup.path(), to.path(), &as_it_was());
    assert!(matches!(refused, Err(RestoreError::NotEmpty { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 1);
    fs::remove_file(to.path().join("anything")).unwrap();
    let held = RealDisk::open(to.path()).unwrap();
    let refused = restore(backup.path(), to.path(), &as_it_was());
    assert!(matches!(refused, Err(RestoreError::Directory(_))), "{refused:?}");
    drop(held);
    restore(backup.path(), to.path(), &as_it_was()).unwrap();
}

#[test]
fn of_another_region_or_cluster_only_where_it_is_told_so() {
    let (backup, _, _) = backup();
    let (here, there) = (author().region, RegionId::new("there").unwrap());
    for (cluster, region) in [("other", here), (CLUSTER, there)] {
        let to = tempfile::tempdir().unwrap();
        let named = Some((cluster.to_owned(), region));
        let restoring = Restoring { region: named, ..as_it_was() };
        let refused = restore(backup.path(), to.path(), &restoring);
        assert!(matches!(refused, Err(RestoreError::Foreign { .. })), "{refused:?}");
        let told = Restoring { takes_foreign: true, ..restoring };
        let (_, identity) = restore(backup.path(), to.path(), &told).unwrap();
        assert_eq!((&*identity.cluster, identity.replica.region), (cluster, region));
    }
}

/// Restoring is broken off after each call that changes the directory.
#[test]
fn what_is_half_restored_does_not_open() {
    let (backup, manifest, _) = backup();
    let state = fs::File::open(backup.path().join(FILE)).unwrap();
    let last_stop = LastStop::Clean;
    let identity = Identity { cluster: CLUSTER.into(), replica: author(), last_stop };
    let (mut half, mut calls) = (0, 0);
    loop {
        let to = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(to.path()).unwrap());
        let failing: Arc<dyn Disk> = Arc::new(FailingDisk::after(Arc::clone(&disk), calls));
        let put = restoring::put(&state, &manifest, &identity, &failing, &options());
        drop(failing);
        let begun = Identity::read(&*disk).unwrap().map_or(Begun::Now, |_| Begun::Before);
        let has_state = disk.exists(FILE).unwrap();
        match Store::open(&disk, begun, &options()) {
            Err(StorageError::HalfRestored) => half += 1,
            Ok(_) => assert!(begun == Begun::Before || !has_state, "after {calls} calls"),
            Err(error) => panic!("after {calls} calls: {error}"),
        }
        if put.is_ok() {
            break;
        }
        calls += 1;
    }
    assert!(half > 10, "{half}");
}

/// The disk is full after each call that changes it.
#[test]
fn without_room_there_is_no_manifest_and_nothing_stays() {
    let (region, root) = (region_with_everything(), tempfile::tempdir().unwrap());
    let (view, path, mut calls) = (region.view(), root.path().join("a/b"), 0);
    let of = (CLUSTER, author(), TAKEN_AT_MS);
    loop {
        let place = Place::make(root.path(), &path).unwrap();
        let disk = FailingDisk::after(Arc::new(place.open().unwrap()), calls);
        let written = back_up(&view, &disk, of, &|| true);
        drop(disk);
        if written.is_ok() {
            break;
        }
        assert!(matches!(written, Err(BackupError::Full)), "after {calls} calls: {written:?}");
        place.remove();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        calls += 1;
    }
    assert!(calls > 10);
    restore(&path, &root.path().join("to"), &as_it_was()).unwrap();
}

#[test]
fn a_backup_that_is_broken_off_has_no_manifest() {
    let (region, directory) = (region_with_everything(), tempfile::tempdir().unwrap());
    let disk = RealDisk::open(directory.path()).unwrap();
    let asked = core::cell::Cell::new(0);
    let goes_on = || {
        asked.set(asked.get() + 1);
        asked.get() < 3
    };
    let of = (CLUSTER, author(), TAKEN_AT_MS);
    let broken_off = back_up(&region.view(), &disk, of, &goes_on);
    assert!(matches!(broken_off, Err(BackupError::BrokenOff)), "{broken_off:?}");
    assert!(!disk.exists(manifest::FILE).unwrap());
}
