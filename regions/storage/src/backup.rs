//! Backups: all that one view shows, in a directory of its own.
//!
//! ```text
//!   View ─ items, answers, tables, position ─▶ state.redb ─▶ synced ─▶ manifest
//! ```
//!
//! A view is immutable, so writes go on meanwhile and the copy is of one moment. It is a state file
//! like a region's own, written from the beginning, without a journal: what the region was is in the
//! state, and what came after the view is the peers' to give back. The manifest says what the copy
//! is of and what its bytes are, and is written last: a directory without one is no backup.
//!
//! Deliberately absent: an identity. Whoever goes on from a backup is somebody else, because its
//! peers may have seen what came after it ([`restore`]).

mod manifest;
mod place;
mod restoring;

use std::io;

use tombolo_causality::ReplicaId;
use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::{Digester, ItemKey};

use tombolo_protocol::encode_row;

pub use self::manifest::{Manifest, ManifestError};
pub use self::place::{Place, PlaceError};
pub(crate) use self::restoring::is_half_restored;
pub use self::restoring::{RestoreError, Restoring, restore};
use crate::disk::Disk;
use crate::item_bytes::item_bytes;
use crate::state::{Begun, FILE, Materialized, Row, State};
use crate::view::ListingLimits;
use crate::{KeyRange, StorageError, View};

/// How much is written at a time, in bytes of encoded items; one that is larger goes alone.
const PIECE_BYTES: usize = 4 << 20;

/// Memory for the pages of a state file that is only written once.
const CACHE_BYTES: usize = 8 << 20;

/// Answers to named requests that are written at a time.
const ANSWERS: ListingLimits =
    ListingLimits { items_max: 1_024, bytes_max: PIECE_BYTES, row_bytes_max: usize::MAX };

/// Why a backup was not written. What there is of it has no manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no room for it.
    #[error("there is no room for the backup")]
    Full,
    /// The region could not be read, or the backup not be written.
    #[error("the backup failed: {0}")]
    Storage(#[from] StorageError),
    /// Whoever had it made wants it no more.
    #[error("the backup was broken off")]
    BrokenOff,
}

/// Writes a backup of what `view` shows into the empty directory `disk`, as made by `author` at
/// `taken_at_ms` of the wall clock. Durable at return.
///
/// `goes_on` is asked between two pieces. Reads everything, and blocks: not for a thread that
/// serves. Where it fails, what it has written stays for the caller to remove.
pub fn back_up(
    view: &View,
    disk: &dyn Disk,
    (cluster, author, taken_at_ms): (&str, ReplicaId, u64),
    goes_on: &dyn Fn() -> bool,
) -> Result<Manifest, BackupError> {
    let result = write(view, disk, (cluster, author, taken_at_ms), goes_on);
    result.map_err(|error| match error {
        BackupError::Storage(error) if error.is_full_disk() => BackupError::Full,
        error => error,
    })
}

fn write(
    view: &View,
    disk: &dyn Disk,
    (cluster, author, taken_at_ms): (&str, ReplicaId, u64),
    goes_on: &dyn Fn() -> bool,
) -> Result<Manifest, BackupError> {
    let go_on = || if goes_on() { Ok(()) } else { Err(BackupError::BrokenOff) };
    let state = State::open(disk, Begun::Now, CACHE_BYTES, u64::MAX)?;
    let mut digester = Digester::default();
    copy_items(view, &state, &mut digester, &go_on)?;
    copy_requests(view, &state, &go_on)?;
    state.conclude(&Materialized {
        position: (**view.position()).clone(),
        catalog: (**view.catalog()).clone(),
        exceptions: view.exceptions().clone(),
        replay_from: None,
    })?;
    // Closed, it is as it will be read.
    drop(state);
    let file = disk.open(FILE).map_err(StorageError::Disk)?;
    file.sync_data().map_err(StorageError::Disk)?;
    let (state_bytes, state_hash) = manifest::hash(&*file, &go_on)?;
    let manifest = Manifest {
        cluster: cluster.to_owned(),
        author,
        taken_at_ms,
        vector: (**view.vector()).clone(),
        items: digester.items(),
        digest: digester.finish(),
        state_bytes,
        state_hash,
    };
    go_on()?;
    manifest.write(disk).map_err(StorageError::Disk)?;
    Ok(manifest)
}

/// The tables in the order in which a digest goes through them.
fn copy_items(
    view: &View,
    state: &State,
    digester: &mut Digester,
    go_on: &dyn Fn() -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut tables: Vec<_> = view.catalog().iter().map(|definition| definition.id).collect();
    tables.sort_unstable();
    let (mut rows, mut bytes) = (Vec::<Row>::new(), 0);
    for table in tables {
        for entry in view.scan(&table, &KeyRange::all())? {
            let (key, item) = entry?;
            let (key, row) = (item_bytes(&ItemKey { table, key }), encode_row(&item));
            let row = row.map_err(StorageError::from)?;
            digester.add(&key, &item);
            bytes += key.len() + row.len();
            rows.push((key, row));
            if bytes >= PIECE_BYTES {
                go_on()?;
                state.add_rows(&rows)?;
                rows.clear();
                bytes = 0;
            }
        }
    }
    Ok(state.add_rows(&rows)?)
}

fn copy_requests(
    view: &View,
    state: &State,
    go_on: &dyn Fn() -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut after = None;
    loop {
        go_on()?;
        let (records, is_last) = view.requests(after, ANSWERS)?;
        state.add_requests(&records)?;
        match records.last() {
            Some(last) if !is_last => after = Some(RequestPlace::of(last)),
            _ => return Ok(()),
        }
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        Self::Storage(StorageError::Disk(error))
    }
}

#[cfg(test)]
mod tests;
