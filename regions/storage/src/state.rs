//! The materialized state: a redb database with every item as of some journal position.
//!
//! Written in large batches in key order, each in one durable two-phase commit that also records
//! the journal position from which a restart replays. Read through snapshots.

mod copying;
mod requests;

use core::ops::Bound;
use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use tombolo_datatypes::ItemState;
use tombolo_protocol::{
    RegionPosition, decode_catalog, decode_exceptions, decode_position, decode_row, encode_catalog,
    encode_exceptions, encode_position, encode_row, row_is_contested,
};
use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::idempotency::KeptRecord;
use tombolo_replication::{Catalog, Exceptions};

pub(crate) use self::copying::Row;
use crate::disk::{Disk, DiskFile};
use crate::item_bytes::{after_prefix, table_bytes};
use crate::journal::Position;
use crate::layer::Layer;
use crate::{RedbBackend, StorageError};

const ITEMS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("items");
/// The keys of items whose rows are contested.
const CONTESTED: TableDefinition<'static, &[u8], ()> = TableDefinition::new("contested");
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
const POSITION: &str = "position";
const REPLAY_FROM: &str = "replay_from";
const CATALOG: &str = "catalog";
const EXCEPTIONS: &str = "exceptions";
/// Its file.
pub(crate) const FILE: &str = "state.redb";

/// Whether a directory has held a store before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It has an identity, so there is one.
    Before,
    /// It has none: one is begun.
    Now,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct State {
    database: Database,
    /// How long answers to named requests are kept.
    requests_ttl_ms: u64,
}

/// Up to where the state has come.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Materialized {
    pub(crate) position: RegionPosition,
    pub(crate) catalog: Catalog,
    /// What was set aside.
    pub(crate) exceptions: Arc<Exceptions>,
    /// Where replay begins; nothing where nothing was ever materialized.
    pub(crate) replay_from: Option<Position>,
}

#[derive(Serialize, Deserialize)]
struct ReplayFrom {
    segment: u64,
    offset: u64,
}

impl State {
    /// Opens the database, or creates it; repairs it after an unclean stop.
    pub(crate) fn open(
        disk: &dyn Disk,
        begun: Begun,
        cache_bytes: usize,
        requests_ttl_ms: u64,
    ) -> Result<Self, StorageError> {
        let file = match begun {
            Begun::Before => Self::existing(disk)?,
            Begun::Now => Self::created(disk).map_err(StorageError::Disk)?,
        };
        let mut builder = Database::builder();
        builder.set_cache_size(cache_bytes);
        // On a file whose disk has lied redb may meet what it takes to be impossible, and panic.
        // Nothing of it is left behind: the file is only read until it has been understood.
        let opening = AssertUnwindSafe(|| builder.create_with_backend(RedbBackend::new(file)));
        let database = catch_unwind(opening).map_err(|_| StorageError::StateDamaged)??;
        Ok(Self { database, requests_ttl_ms })
    }

    fn existing(disk: &dyn Disk) -> Result<Arc<dyn DiskFile>, StorageError> {
        let lost = StorageError::Lost { what: "state" };
        if !disk.exists(FILE).map_err(StorageError::Disk)? {
            return Err(lost);
        }
        let file = disk.open(FILE).map_err(StorageError::Disk)?;
        let is_empty = file.len_bytes().map_err(StorageError::Disk)? == 0;
        if is_empty { Err(lost) } else { Ok(file) }
    }

    /// A new file: one that a crash left half made holds nothing, since the directory has no
    /// identity yet.
    fn created(disk: &dyn Disk) -> io::Result<Arc<dyn DiskFile>> {
        if disk.exists(FILE)? {
            disk.remove(FILE)?;
            disk.sync_dir("")?;
        }
        let file = disk.create(FILE)?;
        disk.sync_dir("")?;
        Ok(file)
    }

    /// Up to where the state has come.
    pub(crate) fn materialized(&self) -> Result<Materialized, StorageError> {
        let transaction = self.database.begin_read()?;
        let meta = match transaction.open_table(META) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Materialized::default()),
            meta => meta?,
        };
        let decode = |what| move |source| StorageError::Decode { what, source };
        let mut materialized = Materialized::default();
        if let Some(bytes) = meta.get(POSITION)? {
            materialized.position = decode_position(bytes.value()).map_err(decode("position"))?;
        }
        if let Some(bytes) = meta.get(CATALOG)? {
            materialized.catalog = decode_catalog(bytes.value()).map_err(decode("catalog"))?;
        }
        if let Some(bytes) = meta.get(EXCEPTIONS)? {
            let exceptions = decode_exceptions(bytes.value()).map_err(decode("exceptions"))?;
            materialized.exceptions = Arc::new(exceptions);
        }
        if let Some(bytes) = meta.get(REPLAY_FROM)? {
            let at: ReplayFrom = postcard::from_bytes(bytes.value()).map_err(|_| {
                let detail = "the journal position in the state is malformed".to_owned();
                StorageError::Mismatched { detail }
            })?;
            materialized.replay_from = Some(Position { segment: at.segment, offset: at.offset });
        }
        Ok(materialized)
    }

    /// The answers to named requests, the earliest first.
    pub(crate) fn requests(&self) -> Result<Vec<KeptRecord>, StorageError> {
        requests::read(&self.database.begin_read()?)
    }

    /// Moves the newest entries of `layer` into the database, durably.
    ///
    /// `before` and `after` say what the state held and holds; tables that only `before` has are
    /// emptied, and entries of tables that `after` has not are left out.
    pub(crate) fn materialize(
        &self,
        layer: &Arc<Layer>,
        before: &Catalog,
        after: &Materialized,
    ) -> Result<(), StorageError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_two_phase_commit(true);
        {
            let tables: BTreeSet<_> = after.catalog.iter().map(|t| table_bytes(&t.id)).collect();
            let mut items = transaction.open_table(ITEMS)?;
            let mut contested = transaction.open_table(CONTESTED)?;
            for (key, state) in Arc::clone(layer).iter(Bound::Unbounded, u64::MAX) {
                // A table may have come and gone within the layer.
                if key.first_chunk().is_some_and(|table| tables.contains(table)) {
                    let row = encode_row(&state)?;
                    let before = items.insert(&*key, &*row)?;
                    // The index hears of an item only when that changes, which is seldom.
                    match (
                        before.is_some_and(|r| row_is_contested(r.value())),
                        state.is_contested(),
                    ) {
                        (false, true) => drop(contested.insert(&*key, ())?),
                        (true, false) => drop(contested.remove(&*key)?),
                        _ => {}
                    }
                }
            }
        }
        for dropped in before.iter().filter(|table| after.catalog.by_id(&table.id).is_none()) {
            empty(&transaction, table_bytes(&dropped.id))?;
        }
        let now_ms = after.position.stamp_floor.millis();
        let oldest_ms = now_ms.saturating_sub(self.requests_ttl_ms);
        requests::write(&transaction, &layer.requests(), oldest_ms)?;
        write_meta(&transaction, before, after)?;
        transaction.commit()?;
        Ok(())
    }

    /// What the database holds now, for as long as the snapshot lives.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StorageError> {
        let transaction = self.database.begin_read()?;
        match transaction.open_table(ITEMS) {
            Ok(items) => {
                let contested = transaction.open_table(CONTESTED)?;
                let requests = requests::open(&transaction)?;
                Ok(Snapshot(Some(Tables { items, contested, requests })))
            }
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(Snapshot(None)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Says where the state has come to, and what it is made of.
fn write_meta(
    transaction: &WriteTransaction,
    before: &Catalog,
    after: &Materialized,
) -> Result<(), StorageError> {
    let mut meta = transaction.open_table(META)?;
    let position = encode_position(&after.position)?;
    meta.insert(POSITION, &*position)?;
    if *before != after.catalog {
        let catalog = encode_catalog(&after.catalog)?;
        meta.insert(CATALOG, &*catalog)?;
    }
    // They are few, and only grow.
    if !after.exceptions.is_empty() {
        meta.insert(EXCEPTIONS, &*encode_exceptions(&after.exceptions)?)?;
    }
    if let Some(Position { segment, offset }) = after.replay_from {
        let bytes = postcard::to_stdvec(&ReplayFrom { segment, offset });
        let bytes = bytes.map_err(|_| StorageError::Mismatched {
            detail: "the journal position cannot be written".to_owned(),
        })?;
        meta.insert(REPLAY_FROM, &*bytes)?;
    }
    Ok(())
}

fn empty(transaction: &WriteTransaction, prefix: [u8; 8]) -> Result<(), StorageError> {
    let mut items = transaction.open_table(ITEMS)?;
    let mut contested = transaction.open_table(CONTESTED)?;
    let start = Bound::Included(&prefix[..]);
    let end = after_prefix(prefix);
    let end = end.as_ref().map_or(Bound::Unbounded, |end| Bound::Excluded(&end[..]));
    items.retain_in::<&[u8], _>((start, end), |_, _| false)?;
    contested.retain_in::<&[u8], _>((start, end), |_, ()| false)?;
    Ok(())
}

/// An item under its key.
pub(crate) type Entry = Result<(Box<[u8]>, Arc<ItemState>), StorageError>;

/// An immutable state of the database.
pub(crate) struct Snapshot(Option<Tables>);

struct Tables {
    items: ReadOnlyTable<&'static [u8], &'static [u8]>,
    contested: ReadOnlyTable<&'static [u8], ()>,
    requests: Option<requests::Records>,
}

impl core::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Snapshot").field(&self.0.is_some()).finish()
    }
}

impl Snapshot {
    /// The state of an item.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Arc<ItemState>>, StorageError> {
        let Some(Tables { items, .. }) = &self.0 else { return Ok(None) };
        let Some(row) = items.get(key)? else { return Ok(None) };
        decode(row.value()).map(Some)
    }

    /// The items from `from` on, in key order.
    pub(crate) fn scan(
        &self,
        from: Bound<&[u8]>,
    ) -> Result<impl Iterator<Item = Entry> + use<>, StorageError> {
        let range = match &self.0 {
            Some(tables) => Some(tables.items.range::<&[u8]>((from, Bound::Unbounded))?),
            None => None,
        };
        Ok(range.into_iter().flatten().map(|entry| {
            let (key, row) = entry?;
            Ok((key.value().into(), decode(row.value())?))
        }))
    }

    /// The answers to named requests behind `after`, the earliest first.
    pub(crate) fn requests(
        &self,
        after: Option<RequestPlace>,
    ) -> Result<impl Iterator<Item = Result<KeptRecord, StorageError>> + use<>, StorageError> {
        let records = self.0.as_ref().and_then(|tables| tables.requests.as_ref());
        let found = records.map(|records| requests::behind(records, after)).transpose()?;
        Ok(found.into_iter().flatten())
    }

    /// The keys from `from` on of items whose rows are contested, in order.
    pub(crate) fn contested(
        &self,
        from: Bound<&[u8]>,
    ) -> Result<impl Iterator<Item = Result<Box<[u8]>, StorageError>> + use<>, StorageError> {
        let range = match &self.0 {
            Some(tables) => Some(tables.contested.range::<&[u8]>((from, Bound::Unbounded))?),
            None => None,
        };
        Ok(range.into_iter().flatten().map(|entry| Ok(entry?.0.value().into())))
    }
}

fn decode(row: &[u8]) -> Result<Arc<ItemState>, StorageError> {
    let decoded = decode_row(row).map(Arc::new);
    decoded.map_err(|source| StorageError::Decode { what: "item", source })
}

#[cfg(test)]
mod tests;
