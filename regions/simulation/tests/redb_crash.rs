//! redb over the simulated disk: what a two-phase commit returned for survives every power cut.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use std::collections::BTreeMap;

use redb::{
    CommitError, Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition,
};
use tombolo_simulation::{
    Random,
    disk::{Fault, Lie, SimulatedDisk},
};
use tombolo_storage::{RedbBackend, disk::Disk};

const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("items");
const FILE: &str = "state.redb";
const SEEDS: u64 = 200;

type Rows = BTreeMap<u64, Vec<u8>>;
type Verdict = Result<(), String>;

fn open(disk: &SimulatedDisk) -> Result<Database, DatabaseError> {
    let file = disk.open(FILE).map_err(|error| DatabaseError::Storage(error.into()))?;
    Database::builder().set_cache_size(1 << 20).create_with_backend(RedbBackend::new(file))
}

/// A database with its table, durable in every respect.
fn create(disk: &SimulatedDisk) {
    disk.create(FILE).unwrap();
    disk.sync_dir("").unwrap();
    let database = open(disk).unwrap();
    commit(&database, &Rows::new()).unwrap();
}

fn commit(database: &Database, rows: &Rows) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    {
        let mut table = transaction.open_table(TABLE)?;
        for (key, value) in rows {
            table.insert(key, value.as_slice())?;
        }
    }
    transaction.commit().map_err(CommitError::into)
}

fn rows(database: &Database) -> Result<Rows, redb::Error> {
    let table = database.begin_read()?.open_table(TABLE)?;
    let mut rows = Rows::new();
    for entry in table.iter()? {
        let (key, value) = entry?;
        rows.insert(key.value(), value.value().to_vec());
    }
    Ok(rows)
}

fn some_rows(random: &mut Random) -> Rows {
    let count = 1 + random.below(12);
    (0..count)
        .map(|_| {
            let len = usize::try_from(random.below(600)).unwrap();
            (random.below(60), random.bytes(len))
        })
        .collect()
}

/// Two lives on one disk. After each the database holds what was committed, or that and the
/// transaction under way at the crash, whole.
fn run(seed: u64, lie: Option<Lie>) -> Verdict {
    let mut random = Random::new(seed);
    let disk = SimulatedDisk::new(random.next_u64());
    create(&disk);
    let mut committed = Rows::new();
    for _ in 0..2 {
        if let Some(lie) = lie {
            disk.inject(Fault::Lie(lie));
        }
        disk.inject(Fault::CrashAtCall(1 + random.below(150)));
        let mut attempted = committed.clone();
        if let Ok(database) = open(&disk) {
            for _ in 0..8 {
                let added = some_rows(&mut random);
                attempted.extend(added.clone());
                if commit(&database, &added).is_err() {
                    break;
                }
                committed.clone_from(&attempted);
            }
        }
        disk.power_cut();
        if random.one_in(2) {
            disk.inject(Fault::CrashAtCall(1 + random.below(40)));
            drop(open(&disk));
            disk.power_cut();
        }
        let database = open(&disk).map_err(|error| format!("refused to open: {error}"))?;
        let found = rows(&database).map_err(|error| format!("unreadable: {error}"))?;
        if found != committed && found != attempted {
            return Err("neither the committed state nor the attempted one".to_owned());
        }
        committed = found;
    }
    Ok(())
}

#[test]
fn committed_transactions_survive_whole_and_others_leave_nothing() {
    for seed in 0..SEEDS {
        assert_eq!(run(seed, None), Ok(()), "seed {seed}");
    }
}

/// redb may also panic on what a lying disk leaves; that counts as found out.
#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    let caught = (0..20)
        .filter(|&seed| {
            !matches!(std::panic::catch_unwind(|| run(seed, Some(Lie::SyncData))), Ok(Ok(())))
        })
        .count();
    assert!(caught > 0);
}

/// redb writes its magic number last, so a beginning cut short can leave a file it refuses. Nothing
/// was in it: whoever begins a database begins again with a new file.
#[test]
fn a_beginning_cut_short_may_be_refused_and_a_new_file_never_is() {
    let mut refused = 0;
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(random.next_u64());
        disk.create(FILE).unwrap();
        disk.sync_dir("").unwrap();
        disk.inject(Fault::CrashAtCall(1 + random.below(20)));
        drop(open(&disk));
        disk.power_cut();
        refused += u64::from(open(&disk).is_err());
        disk.remove(FILE).unwrap();
        create(&disk);
        disk.power_cut();
        let database = open(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(rows(&database).unwrap(), Rows::new(), "seed {seed}");
    }
    assert!((1..SEEDS).contains(&refused), "{refused} of {SEEDS}");
}
