//! What looks at whole states: comparing with peers, and catching up by theirs.

use std::sync::Arc;

use actix::Addr;
use actix_rt::Arbiter;
use tokio::sync::{mpsc, watch};
use tombolo_storage::disk::Disk;
use tombolo_storage::{CatchingUp, Reauthored};

use super::{Wiring, ms};
use crate::catching_up::{EndOfLog, Givers, Taking};
use crate::connection::HELLO_BYTES_MAX;
use crate::forks::Feeding;
use crate::leader::Leader;
use crate::listener::Open;
use crate::verifying::{self, Holdings, Verifier};

/// The longest part of a state, whatever the settings let an item grow to.
const PART_BYTES_MAX: usize = 512 << 20;

impl Wiring<'_> {
    /// What this region holds, as it is looked at on `thread`.
    pub(super) fn holdings(
        &self,
        leader: &Addr<Leader>,
        published: &watch::Receiver<u64>,
        thread: &Arbiter,
    ) -> Holdings {
        Holdings {
            own: self.replica.region,
            views: Arc::clone(self.views),
            published: published.clone(),
            leader: leader.clone(),
            thread: thread.handle(),
            meters: Arc::clone(self.meters),
            // What is around a row in a frame: its key, and a vector as in a hello.
            row_bytes_max: self.settings.replication.frame_bytes_max - HELLO_BYTES_MAX,
            state: Arc::clone(self.state),
        }
    }

    /// What compares with the peers, in a task of its own on `thread`.
    pub(in crate::boot) fn verifier(&self, thread: &Arbiter, holdings: &Holdings) -> Verifier {
        let settings = &self.settings.replication;
        let (verifier, jobs) = Verifier::new();
        let asker = verifying::Asker {
            cluster: self.settings.cluster.id.as_str().to_owned(),
            own: self.replica,
            links: Arc::clone(self.links),
            holdings: holdings.clone(),
            dial_timeout: settings.dial_timeout,
            frame_bytes_max: settings.frame_bytes_max,
        };
        // Where the thread has ended the region has as well.
        thread.spawn_fn(move || drop(actix_rt::spawn(verifying::serve(asker, jobs))));
        verifier
    }

    /// What catches up by state, in a task of its own on `thread`; first with what was `begun`.
    pub(in crate::boot) fn taking(
        &self,
        (open, disk): (&Open, &Arc<dyn Disk>),
        thread: &Arbiter,
        (begun, ends): (Option<CatchingUp>, mpsc::Receiver<EndOfLog>),
    ) {
        let settings = &self.settings.replication;
        let givers = Givers {
            cluster: self.settings.cluster.id.as_str().to_owned(),
            own: self.replica,
            links: Arc::clone(self.links),
            views: Arc::clone(self.views),
            dial_timeout: settings.dial_timeout,
            part_bytes_max: self.part_bytes_max(),
            silence_ms_max: ms(settings.silence_max),
        };
        let taking = Taking {
            givers: Arc::new(givers),
            disk: Arc::clone(disk),
            state: Arc::clone(self.state),
            leader: open.leader.clone(),
            intake: open.intake.clone(),
            published: open.published.clone(),
            roster: Arc::clone(self.roster),
        };
        // Where the thread has ended the region has as well.
        thread.spawn_fn(move || drop(actix_rt::spawn(taking.run(begun, ends))));
    }

    /// Has taken in what the directory was left with that no peer will send, in a task of its own on
    /// `thread`.
    pub(in crate::boot) fn feeding(
        &self,
        (open, disk): (&Open, &Arc<dyn Disk>),
        thread: &Arbiter,
        file: Option<Reauthored>,
    ) {
        // Without a peer no history has forked.
        let (Some(file), Some(link)) = (file, self.links.all().into_iter().next()) else { return };
        let feeding = Feeding {
            disk: Arc::clone(disk),
            intake: open.intake.clone(),
            views: Arc::clone(self.views),
            published: open.published.clone(),
            peer: link.peer,
        };
        // Where the thread has ended the region has as well.
        thread.spawn_fn(move || drop(actix_rt::spawn(feeding.run(file))));
    }

    /// The longest part of a state that is pulled: an item with twice as many siblings as one region
    /// lets stand, each as long as may be, must come through.
    fn part_bytes_max(&self) -> usize {
        let siblings_max = 2 * self.settings.items.siblings_max;
        let item_bytes_max = siblings_max.saturating_mul(self.settings.http.value_bytes_max);
        item_bytes_max.min(PART_BYTES_MAX).max(self.settings.replication.frame_bytes_max)
    }
}
