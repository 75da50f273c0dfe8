//! Writing backups of the region while it runs, one at a time.
//!
//! A backup is of the view of the moment in which it begins, and is written by a thread of its own
//! that leaves the processor to everybody else. It goes on to its end also where whoever asked has
//! gone; only the region's stop breaks it off. What does not come to its end is taken away again,
//! and has no manifest in any case.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;
use std::{io, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tombolo_causality::ReplicaId;
use tombolo_storage::View;
use tombolo_storage::backup::{self, Manifest, Place, PlaceError};

use crate::boot::yield_to_others;
use crate::clock::{instant, wall_ms};

/// Backups that are written at a time.
const RUNS_MAX: u32 = 1;

/// A backup that is there, durably.
#[derive(Clone, Debug)]
pub struct BackedUp {
    /// Where.
    pub path: PathBuf,
    /// What it is of.
    pub manifest: Manifest,
    /// How long it took.
    pub duration: Duration,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The region has no directory for backups.
    #[error("the setting backup.directory names no directory for backups")]
    NotConfigured,
    /// It cannot be written there.
    #[error(transparent)]
    Place(PlaceError),
    /// One is being written.
    #[error("a backup is being written already")]
    Running,
    /// The region catches up by state.
    #[error("the region catches up: it has items without what they rest on")]
    CatchingUp,
    /// There is no room for it.
    #[error("there is no room for the backup")]
    Full,
    /// Reading the region or writing the backup failed.
    #[error("the backup failed: {detail}")]
    Failed {
        /// Why.
        detail: String,
    },
    /// The region is stopping.
    #[error("the region is stopping")]
    Stopping,
}

/// What became of the last ones since the region started, in ms since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastBackups {
    /// When the last one was there; 0 before.
    pub succeeded_at_ms: u64,
    /// When the last one failed; 0 before.
    pub failed_at_ms: u64,
}

/// See the module. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Backups(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    cluster: String,
    author: ReplicaId,
    root: Option<PathBuf>,
    turn: Arc<Semaphore>,
    is_stopping: AtomicBool,
    succeeded_at_ms: AtomicU64,
    failed_at_ms: AtomicU64,
}

impl Backups {
    /// Backups of the region `author`, below `root`.
    pub(crate) fn new(cluster: &str, author: ReplicaId, root: Option<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            cluster: cluster.to_owned(),
            author,
            root,
            turn: Arc::new(Semaphore::new(RUNS_MAX as usize)),
            is_stopping: AtomicBool::new(false),
            succeeded_at_ms: AtomicU64::new(0),
            failed_at_ms: AtomicU64::new(0),
        }))
    }

    /// What became of the last ones.
    pub(crate) fn last(&self) -> LastBackups {
        LastBackups {
            succeeded_at_ms: self.0.succeeded_at_ms.load(Ordering::Relaxed),
            failed_at_ms: self.0.failed_at_ms.load(Ordering::Relaxed),
        }
    }

    /// Writes a backup of `view` to `path`. Answers when it is durable.
    pub(crate) async fn write(
        &self,
        path: PathBuf,
        view: Arc<View>,
    ) -> Result<BackedUp, BackupError> {
        let turn = self.turn()?;
        if self.0.root.is_none() {
            return Err(BackupError::NotConfigured);
        }
        let (reply, written) = oneshot::channel();
        let shared = Arc::clone(&self.0);
        let writing = move || shared.run(path, &view, turn, reply);
        let started = thread::Builder::new().name("backup".to_owned()).spawn(writing);
        started.map_err(|error| BackupError::Failed { detail: error.to_string() })?;
        written.await.unwrap_or(Err(BackupError::Stopping))
    }

    fn turn(&self) -> Result<OwnedSemaphorePermit, BackupError> {
        Arc::clone(&self.0.turn).try_acquire_owned().map_err(|_| BackupError::Running)
    }

    /// Breaks off what is being written, and answers when that has ended. From now on none comes to
    /// its end.
    pub(crate) async fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::Relaxed);
        // Closed by nobody; and if it were, nothing could be under way.
        self.0.turn.acquire_many(RUNS_MAX).await.ok();
    }
}

impl Shared {
    fn run(
        &self,
        path: PathBuf,
        view: &View,
        turn: OwnedSemaphorePermit,
        reply: oneshot::Sender<Result<BackedUp, BackupError>>,
    ) {
        yield_to_others("what writes a backup");
        let written = self.write(path, view);
        match &written {
            Ok(BackedUp { path, manifest, duration }) => {
                self.succeeded_at_ms.store(wall_ms(), Ordering::Relaxed);
                let (bytes, items) = (manifest.state_bytes, manifest.items);
                tracing::info!(path = %path.display(), bytes, items, ?duration, "backed up");
            }
            // Nothing was begun.
            Err(BackupError::Place(error)) => tracing::warn!(%error, "a backup was refused"),
            Err(error) => {
                self.failed_at_ms.store(wall_ms(), Ordering::Relaxed);
                tracing::error!(%error, "a backup failed");
            }
        }
        drop(turn);
        // Whoever asked may have gone; the log has it.
        reply.send(written).ok();
    }

    fn write(&self, path: PathBuf, view: &View) -> Result<BackedUp, BackupError> {
        let Some(root) = &self.root else { return Err(BackupError::NotConfigured) };
        let (taken_at_ms, began) = (wall_ms(), instant());
        let place = Place::make(root, &path).map_err(|error| match error {
            PlaceError::Io { source, .. } if is_full(&source) => BackupError::Full,
            error => BackupError::Place(error),
        })?;
        let failed =
            |error: &dyn core::fmt::Display| BackupError::Failed { detail: error.to_string() };
        let goes_on = || !self.is_stopping.load(Ordering::Relaxed);
        let of = (&*self.cluster, self.author, taken_at_ms);
        let written = match place.open() {
            Ok(disk) => backup::back_up(view, &disk, of, &goes_on).map_err(|error| match error {
                backup::BackupError::Full => BackupError::Full,
                backup::BackupError::BrokenOff => BackupError::Stopping,
                error => failed(&error),
            }),
            Err(error) => Err(failed(&error)),
        };
        match written {
            Ok(manifest) => Ok(BackedUp { path, manifest, duration: began.elapsed() }),
            Err(error) => {
                place.remove();
                Err(error)
            }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId};

    use super::*;

    #[test]
    fn one_backup_is_written_at_a_time() {
        let author = ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(1));
        let backups = Backups::new("tombolo", author, None);
        let first = backups.turn().unwrap();
        assert!(matches!(backups.turn(), Err(BackupError::Running)));
        drop(first);
        assert!(backups.turn().is_ok());
    }
}
