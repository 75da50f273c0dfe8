//! Restoring: a data directory that goes on from a backup.
//!
//! ```text
//!   verified ─▶ marked ─▶ state.redb ─▶ journal ─▶ identity ─▶ opened and compared ─▶ unmarked
//! ```
//!
//! Nothing is written before every byte of the backup has been found to be what its manifest says.
//! While the directory is marked no region starts on it, so what a crash leaves half restored is
//! refused and not taken for less than there was. The mark goes when the directory opens and shows
//! exactly what the backup's region showed.
//!
//! The region goes on under a new incarnation. Peers may have seen what its old one wrote after the
//! backup; that is now a stream like any other, and is pulled back from them.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tombolo_causality::{Incarnation, RegionId, ReplicaId};
use tombolo_protocol::encode_position;

use super::manifest::{self, Manifest, ManifestError};
use crate::disk::{Disk, DiskOpenError, LOCK_NAME, RealDisk};
use crate::journal::{Journal, OpenError};
use crate::state::{Begun, FILE, State};
use crate::{Identity, LastStop, StorageError, Store, StoreOptions, small_file};

/// What marks a directory that is being restored.
const MARK: &str = "restoring";

/// The longest manifest that is read.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;

/// How much is copied at a time.
const PIECE_BYTES: usize = 1 << 20;

/// As whom the region goes on.
#[derive(Clone, Debug)]
pub struct Restoring {
    /// The cluster and the region; those of the backup where none are named.
    pub region: Option<(String, RegionId)>,
    /// Whether the backup may be another region's, or of another cluster.
    pub takes_foreign: bool,
    /// The incarnation that begins.
    pub incarnation: Incarnation,
    /// How the directory is opened.
    pub store: StoreOptions,
}

/// Why a directory was not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is no manifest, so no backup, or it cannot be read.
    #[error("{} is no backup that can be read: {source}", path.display())]
    NoBackup {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The manifest is none.
    #[error("the backup's manifest is not to be relied on: {0}")]
    Manifest(#[from] ManifestError),
    /// The state file is not what the manifest says.
    #[error("the backup's state file is not what its manifest says: it is damaged")]
    Damaged,
    /// The backup is of another region or cluster.
    #[error("the backup is of {found}, not of {expected}")]
    Foreign {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The data directory has something in it.
    #[error("the data directory {} is not empty: it is left as it is", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The data directory could not be opened, or a process has it.
    #[error(transparent)]
    Directory(#[from] DiskOpenError),
    /// The data directory could not be written; it is marked as half restored.
    #[error("the data directory could not be written, and is to be removed: {0}")]
    Storage(#[from] StorageError),
    /// The directory opens, and shows something else than the backup's region did.
    #[error("what was restored shows something else than the backup says")]
    Different,
}

impl Manifest {
    /// Reads that of the backup in `from`.
    pub fn read(from: &Path) -> Result<Self, RestoreError> {
        let no_backup = |source| RestoreError::NoBackup { path: from.to_owned(), source };
        let mut text = Vec::new();
        let file = File::open(from.join(manifest::FILE)).map_err(no_backup)?;
        file.take(MANIFEST_BYTES_MAX).read_to_end(&mut text).map_err(no_backup)?;
        Ok(Self::parse(&text)?)
    }
}

/// Whether a directory was left half restored.
pub(crate) fn is_half_restored(disk: &dyn Disk) -> io::Result<bool> {
    disk.exists(MARK)
}

/// Makes `to`, which is empty or not there, a data directory that goes on from the backup in `from`.
/// Durable at return. Blocks, and reads everything twice.
pub fn restore(
    from: &Path,
    to: &Path,
    restoring: &Restoring,
) -> Result<(Manifest, Identity), RestoreError> {
    let manifest = Manifest::read(from)?;
    let identity = identity(&manifest, restoring)?;
    if !is_empty(to)? {
        return Err(RestoreError::NotEmpty { path: to.to_owned() });
    }
    let state = File::open(from.join(FILE));
    let state = state.map_err(|source| RestoreError::NoBackup { path: from.to_owned(), source })?;
    copy(&state, &manifest, |_, _| Ok(()))?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(to)?);
    put(&state, &manifest, &identity, &disk, &restoring.store)?;
    Ok((manifest, identity))
}

fn identity(manifest: &Manifest, restoring: &Restoring) -> Result<Identity, RestoreError> {
    let of_backup = (manifest.cluster.clone(), manifest.author.region);
    let (cluster, region) = restoring.region.clone().unwrap_or_else(|| of_backup.clone());
    if !restoring.takes_foreign && (&cluster, &region) != (&of_backup.0, &of_backup.1) {
        let named = |cluster: &str, region| format!("{region} of cluster {cluster}");
        return Err(RestoreError::Foreign {
            found: named(&of_backup.0, of_backup.1),
            expected: named(&cluster, region),
        });
    }
    let replica = ReplicaId::new(region, restoring.incarnation);
    // Nothing was ever written under it, so nothing of it can be lost.
    Ok(Identity { cluster, replica, last_stop: LastStop::Clean })
}

/// A lock is left by whoever had the directory, and a file system of its own has `lost+found`.
fn is_empty(directory: &Path) -> Result<bool, DiskOpenError> {
    let failed = |source| DiskOpenError::Io { directory: directory.to_owned(), source };
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if name != LOCK_NAME && name != "lost+found" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Hands the state file on piece by piece, and finds out whether it is what the manifest says.
fn copy(
    state: &File,
    manifest: &Manifest,
    mut piece_at: impl FnMut(&[u8], u64) -> Result<(), StorageError>,
) -> Result<(), RestoreError> {
    let damaged = |_: io::Error| RestoreError::Damaged;
    let length = state.metadata().map_err(damaged)?.len();
    if length != manifest.state_bytes {
        return Err(RestoreError::Damaged);
    }
    let (mut hasher, mut piece, mut at) = (blake3::Hasher::new(), vec![0; PIECE_BYTES], 0);
    while at < length {
        let part = usize::try_from(length - at).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        state.read_exact_at(&mut piece[..part], at).map_err(damaged)?;
        hasher.update(&piece[..part]);
        piece_at(&piece[..part], at)?;
        at += part as u64;
    }
    let is_right = *hasher.finalize().as_bytes() == manifest.state_hash;
    if is_right { Ok(()) } else { Err(RestoreError::Damaged) }
}

pub(super) fn put(
    state: &File,
    manifest: &Manifest,
    identity: &Identity,
    disk: &Arc<dyn Disk>,
    options: &StoreOptions,
) -> Result<(), RestoreError> {
    let failed = StorageError::Disk;
    small_file::replace(&**disk, MARK, b"").map_err(failed)?;
    let file = disk.create(FILE).map_err(failed)?;
    copy(state, manifest, |piece, at| file.write_all_at(piece, at).map_err(failed))?;
    file.sync_data().map_err(failed)?;
    drop(file);
    disk.sync_dir("").map_err(failed)?;
    begin_journal(disk, options)?;
    identity.write(&**disk)?;
    // As a region opens it.
    let store = Store::open_restored(disk, options)?;
    let view = store.overlay.views().load_full();
    let (digest, items) = view.digest(None)?;
    if (digest, items) != (manifest.digest, manifest.items) || **view.vector() != manifest.vector {
        return Err(RestoreError::Different);
    }
    drop((view, store));
    small_file::remove(&**disk, MARK).map_err(failed)?;
    Ok(())
}

/// A journal that begins where the state ends: whoever asks for what came before is told that it is
/// gone.
fn begin_journal(disk: &Arc<dyn Disk>, options: &StoreOptions) -> Result<(), StorageError> {
    let ttl_ms = options.requests.ttl_ms;
    let state = State::open(&**disk, Begun::Before, options.cache_bytes, ttl_ms)?;
    let head = encode_position(&state.materialized()?.position)?;
    let begun: Result<_, OpenError> = Journal::open(Arc::clone(disk), &options.journal, || head);
    begun?;
    Ok(())
}
