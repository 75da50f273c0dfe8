//! The handle of a running region: what the API and the binary hold.

mod members;
mod waiting;

use core::time::Duration;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;
use tombolo_causality::{RegionId, ReplicaId};
use tombolo_replication::idempotency::NamedRequest;
use tombolo_replication::leader::{Command, TableCommand};
use tombolo_storage::disk::{Disk, RealDisk};
use tombolo_storage::{Identity, LastStop, PausedLinks, StorageError, View};
use tombolo_topology::Settings;

use crate::backing_up::{BackedUp, BackupError, LastBackups};
use crate::error::{StartError, SubmitError, TableError, UnknownPeer};
use crate::leader::{Answer, Recall, Stop, Submit};
use crate::links::{Link, LinkStatus};
use crate::meters::Meters;
use crate::observer::Observer;
use crate::ordering::Reach;
use crate::replication::{ConnectAnew, PauseChanged};
use crate::running::Running;
use crate::tables::TableAnswer;
use crate::verifying::{Verified, VerifyError};
use crate::{boot, clock};

pub use self::members::MembersNow;
pub use self::waiting::{ConcernUnmet, MayWait, Routed};

/// A running region. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Region(Arc<Running>);

impl Region {
    /// Opens the region's directory, makes sure of who it is, and starts its actors.
    ///
    /// Runs in an actix system, which must outlive the region.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let disk = Arc::new(RealDisk::open(&settings.region.data_dir)?);
        Self::start_on(disk, settings).await
    }

    /// The same on a disk of the caller's, such as a simulated one.
    pub async fn start_on(disk: Arc<dyn Disk>, settings: Settings) -> Result<Self, StartError> {
        boot::start(disk, settings).await.map(|running| Self(Arc::new(running)))
    }

    /// Its name.
    pub fn name(&self) -> RegionId {
        self.0.settings.region.name
    }

    /// Who it writes as.
    pub fn replica(&self) -> ReplicaId {
        self.0.identity.replica
    }

    /// The settings it runs with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// When it started, in ms since 1970.
    pub fn started_at_ms(&self) -> u64 {
        self.0.started_at_ms
    }

    /// The wall clock, in ms since 1970.
    pub fn now_ms(&self) -> u64 {
        clock::wall_ms()
    }

    /// Where other regions connect.
    pub fn replication_address(&self) -> SocketAddr {
        self.0.replication_address
    }

    /// Everything that is shown now, unchanging.
    pub fn view(&self) -> Arc<View> {
        self.0.views.load_full()
    }

    /// Whether it takes commands.
    pub fn is_ready(&self) -> bool {
        self.0.leader.connected()
            && !*self.0.failed.borrow()
            && !self.is_catching_up()
            && self.is_member()
    }

    /// Whether it catches up by state: what its views show then is nothing to be answered with.
    pub fn is_catching_up(&self) -> bool {
        self.0.state.is_on()
    }

    /// Ends when the disk has failed: the process must end, and recovers when it starts again.
    pub async fn failed(&self) {
        let mut failed = self.0.failed.clone();
        // A sender that is gone has stopped in good order, which is no failure.
        if failed.wait_for(|failed| *failed).await.is_err() {
            core::future::pending::<()>().await;
        }
    }

    /// What it has counted of its work.
    pub fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// What its journal's retained segments take on the disk, in bytes.
    pub fn journal_kept_bytes(&self) -> u64 {
        self.0.journal.retained_bytes()
    }

    /// Has a command decided; answers when it is durable here.
    pub async fn submit(&self, command: Command) -> Result<Answer, SubmitError> {
        if self.0.room.is_short() {
            // Said here as well: a leader with both its groups full looks at nothing.
            return Err(SubmitError::StorageFull);
        }
        let (reply, answer) = oneshot::channel();
        let submit = Submit { command, offered: clock::instant(), reply };
        self.0.leader.try_send(submit).map_err(|error| self.not_offered(&error))?;
        answer.await.unwrap_or(Err(SubmitError::Unknown))
    }

    /// The answer to a named request that has settled a conflict, if it was done before; comes when
    /// that is durable here.
    pub async fn recall(&self, request: NamedRequest) -> Result<Option<Answer>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let recall = Recall { request, reply };
        self.0.leader.try_send(recall).map_err(|error| self.not_offered(&error))?;
        let kept = answer.await.unwrap_or(Err(SubmitError::Unknown))?;
        let recalled = kept.and_then(Answer::recalled);
        if recalled.is_some() {
            self.0.meters.repeated.increment();
        }
        Ok(recalled)
    }

    fn not_offered<T>(&self, error: &actix::dev::SendError<T>) -> SubmitError {
        match error {
            actix::dev::SendError::Full(_) => {
                self.0.meters.refused_mailbox.increment();
                SubmitError::Overloaded
            }
            actix::dev::SendError::Closed(_) => SubmitError::Stopping,
        }
    }

    /// Tells `observer` of traced changes of other regions as they become visible here, for as long
    /// as it lives. There is one.
    pub fn observed_by(&self, observer: &Arc<dyn Observer>) {
        self.0.observed.by(observer);
    }

    /// Defines, alters or drops a table; answers when that has arrived as far as `reach` says.
    ///
    /// Where the table is as asked for already, nothing is written. A request that its client has
    /// named is done once, and answered as it was the first time.
    pub async fn call_table(
        &self,
        command: TableCommand,
        reach: Reach,
    ) -> Result<TableAnswer, TableError> {
        self.0.tables.call(command, reach).await
    }

    /// All links, by peer.
    pub fn links(&self) -> Vec<LinkStatus> {
        self.0.links.all().iter().map(|link| self.status(link)).collect()
    }

    /// Stops all traffic with `peer`, in both directions, until [`Self::resume_link`].
    pub async fn pause_link(&self, peer: RegionId) -> Result<LinkStatus, PauseError> {
        self.set_paused(peer, true).await
    }

    /// Ends a pause. The link stays paused while the peer has paused it.
    pub async fn resume_link(&self, peer: RegionId) -> Result<LinkStatus, PauseError> {
        self.set_paused(peer, false).await
    }

    async fn set_paused(&self, peer: RegionId, paused: bool) -> Result<LinkStatus, PauseError> {
        let link = self.0.links.get(&peer).ok_or(UnknownPeer { peer })?;
        let links = self.0.links.all();
        let paused_peers =
            links.iter().filter(|link| if link.peer == peer { paused } else { link.is_paused() });
        // Durable first: a pause that was answered outlives a restart.
        PausedLinks(paused_peers.map(|link| link.peer).collect()).write(&*self.0.disk)?;
        link.set_paused(paused);
        if let Some(replication) = link.replication() {
            replication.send(PauseChanged).await.map_err(|_| PauseError::Stopping)?;
        }
        Ok(self.status(&link))
    }

    /// Compares what is held here with what every peer holds, and repairs what differs, here and
    /// there. In the order of the peers' names.
    pub async fn verify(&self) -> Result<Vec<Verified>, VerifyError> {
        if self.is_catching_up() {
            return Err(VerifyError::CatchingUp);
        }
        self.0.verifier.verify().await
    }

    /// Begins to compare all that is held here with what `peer` holds, to repair what differs on
    /// both sides, and has it caught up by state where its log ends too late for the link. Answers
    /// before that is done.
    pub async fn resync(&self, peer: RegionId) -> Result<LinkStatus, ResyncError> {
        let link = self.0.links.get(&peer).ok_or(UnknownPeer { peer })?;
        if self.is_catching_up() {
            return Err(VerifyError::CatchingUp.into());
        }
        self.0.verifier.begin_with(peer)?;
        if let Some(replication) = link.replication() {
            replication.send(ConnectAnew).await.map_err(|_| VerifyError::Stopping)?;
        }
        Ok(self.status(&link))
    }

    /// Writes a backup of what is shown now to `path`, below the configured directory. Answers when
    /// it is durable; goes on to its end also where whoever asked has gone.
    pub async fn back_up(&self, path: PathBuf) -> Result<BackedUp, BackupError> {
        let view = self.view();
        // Only now: what is joined of a peer's state comes after the region has turned silent.
        if self.is_catching_up() {
            return Err(BackupError::CatchingUp);
        }
        self.0.backups.write(path, view).await
    }

    /// What became of the last backups.
    pub fn last_backups(&self) -> LastBackups {
        self.0.backups.last()
    }

    fn status(&self, link: &Link) -> LinkStatus {
        link.status(self.view().vector(), ms(self.0.settings.replication.silence_max))
    }

    /// Makes everything durable, moves it into the state, and ends in good order.
    pub async fn stop(&self) -> Result<(), StorageError> {
        self.0.backups.stop().await;
        // What waits for room would hold up the stop; it is in the journal, or is not acknowledged.
        self.0.room.give_up();
        let (done, stopped) = oneshot::channel();
        let asked = self.0.leader.send(Stop { done }).await.is_ok();
        let recorded = if asked && stopped.await.is_ok() {
            let identity = Identity { last_stop: LastStop::Clean, ..self.0.identity.clone() };
            identity.write(&*self.0.disk)
        } else {
            Ok(())
        };
        for thread in &self.0.threads {
            thread.stop();
        }
        recorded
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Why a peer was not compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResyncError {
    /// There is no such peer.
    #[error(transparent)]
    UnknownPeer(#[from] UnknownPeer),
    /// Not now.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Why a link was not paused or resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PauseError {
    /// There is no such peer.
    #[error(transparent)]
    UnknownPeer(#[from] UnknownPeer),
    /// It could not be made durable.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The region is stopping.
    #[error("the region is stopping")]
    Stopping,
}
