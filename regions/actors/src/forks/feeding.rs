//! Taking in what a directory was left with that no peer will send.
//!
//! One batch at a time goes to the intake, as if a peer had sent it, and again every second until it
//! is shown: what it depends on comes from the peers. When all of it is shown the file goes.

use core::time::Duration;
use std::sync::Arc;

use actix::Addr;
use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::timeout;
use tombolo_causality::RegionId;
use tombolo_replication::intake::{Batch, Input};
use tombolo_storage::disk::Disk;
use tombolo_storage::{Reauthored, StorageError, View};

use crate::intake::{Arrived, Intake};

const AGAIN: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Feeding {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) intake: Addr<Intake>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    /// Who is asked for what the changes depend on.
    pub(crate) peer: RegionId,
}

impl Feeding {
    /// Feeds all that there is.
    pub(crate) async fn run(mut self, mut file: Reauthored) {
        match self.feed(&mut file).await {
            Ok(true) => {
                tracing::info!(
                    "what was written after the history forked is there under new names"
                );
            }
            // The region stops; the file is there at the next start.
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "what was written after the history forked is not taken in");
            }
        }
    }

    /// Whether it has come to its end.
    async fn feed(&mut self, file: &mut Reauthored) -> Result<bool, StorageError> {
        while let Some(batch) = file.read_batch()? {
            if !self.take_in(&batch).await {
                return Ok(false);
            }
        }
        Reauthored::remove(&*self.disk)?;
        Ok(true)
    }

    /// Whether it is shown now; not where the region stops.
    async fn take_in(&mut self, batch: &Batch) -> bool {
        let Some(last) = batch.changes.last().map(|sealed| sealed.change.dot) else { return true };
        while !self.views.load().vector().contains(&last) {
            let arrived = Arrived(Input::Received { peer: self.peer, batch: batch.clone() });
            match self.intake.send(arrived).await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => tracing::warn!(%reason, "a batch is not taken in yet"),
                Err(_) => return false,
            }
            let views = Arc::clone(&self.views);
            let shown = self.published.wait_for(|_| views.load().vector().contains(&last));
            if matches!(timeout(AGAIN, shown).await, Ok(Err(_))) {
                return false;
            }
        }
        true
    }
}
