//! What this region holds, as a comparison looks at it: in small pieces, on a thread that yields to
//! all others.

use core::cell::Cell;
use core::time::Duration;
use std::sync::Arc;

use actix::Addr;
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tombolo_causality::{RegionId, VersionVector};
use tombolo_datatypes::ItemState;
use tombolo_protocol::RefusalCode;
use tombolo_replication::leader::Voices;
use tombolo_replication::reconciler::{Held, Listing, Span};
use tombolo_replication::{Key, TableId};
use tombolo_storage::{ListingLimits, StorageError, View};

use crate::catching_up::CatchUpState;
use crate::connection::ConnectionError;
use crate::leader::{Join, JoinError, Joined, Leader};
use crate::meters::Meters;

/// How long one region waits to show what the other did when it looked. The log brings it in about
/// the time of the way; what is still missing after that counts as being on its way.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);

/// Whether the log is waited for: as long as that was not in vain.
#[derive(Debug)]
pub(super) struct Patience(Cell<bool>);

impl Default for Patience {
    fn default() -> Self {
        Self(Cell::new(true))
    }
}

/// See the module. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Holdings {
    pub(crate) own: RegionId,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) leader: Addr<Leader>,
    pub(crate) thread: ArbiterHandle,
    pub(crate) meters: Arc<Meters>,
    pub(crate) row_bytes_max: usize,
    pub(crate) state: Arc<CatchUpState>,
}

impl Holdings {
    /// What is shown now.
    pub(super) fn view(&self) -> Arc<View> {
        self.views.load_full()
    }

    /// Waits until `vector` is shown, but not for long; and not at all where it was waited for in
    /// vain before: the log is then further behind than is worth waiting for each time.
    pub(super) async fn catch_up(
        &self,
        vector: &VersionVector,
        patience: &Patience,
    ) -> Result<(), ConnectionError> {
        let mut published = self.published.clone();
        let caught_up = async {
            loop {
                published.borrow_and_update();
                if self.views.load().vector().descends(vector) {
                    return Ok(());
                }
                published.changed().await.map_err(|_| ConnectionError::Stopped)?;
            }
        };
        let wait = if patience.0.get() { CATCH_UP_MAX } else { Duration::ZERO };
        let caught_up = timeout(wait, caught_up).await;
        patience.0.set(caught_up.is_ok());
        caught_up.unwrap_or(Ok(()))
    }

    /// The bounds of a piece of so many items and bytes.
    pub(crate) fn limits(&self, (items_max, bytes_max): (usize, usize)) -> ListingLimits {
        ListingLimits { items_max, bytes_max, row_bytes_max: self.row_bytes_max }
    }

    /// Refuses while the region catches up: what it has is then no state of any moment.
    pub(super) fn check(&self) -> Result<(), ConnectionError> {
        if self.state.is_on() {
            let detail = "the region catches up by state".to_owned();
            return Err(ConnectionError::Refusing { code: RefusalCode::Unavailable, detail });
        }
        Ok(())
    }

    /// Lists the beginning of `span`, and what is left of it; nothing where there is no such table.
    pub(super) async fn list(
        &self,
        span: Span,
        piece: (usize, usize),
    ) -> Result<Option<(Listing, Option<Span>)>, ConnectionError> {
        let limits = self.limits(piece);
        self.look(move |view| view.list(span, limits)).await.map(|(_, listed)| listed)
    }

    /// What is held of the first of these items, with what is shown then.
    pub(super) async fn held(
        &self,
        table: TableId,
        keys: Vec<Key>,
        piece: (usize, usize),
    ) -> Result<(VersionVector, Vec<Held>), ConnectionError> {
        let limits = self.limits(piece);
        self.look(move |view| view.held(table, keys, limits)).await
    }

    /// Has the leader join a peer's states.
    pub(super) async fn join(
        &self,
        table: TableId,
        items: Vec<(Key, Arc<ItemState>)>,
        voices: Voices,
    ) -> Result<Joined, JoinError> {
        let (reply, joined) = oneshot::channel();
        let stopping = || JoinError::Closed(crate::SubmitError::Stopping);
        let sent = self.leader.send(Join { table, items, voices, reply }).await;
        sent.map_err(|_| stopping())?;
        joined.await.map_err(|_| stopping())?
    }

    /// Looks at what is shown now, on the thread for that.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&View) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<(VersionVector, T), ConnectionError> {
        let (seen, answer) = oneshot::channel();
        let views = Arc::clone(&self.views);
        self.thread.spawn_fn(move || {
            let view = views.load_full();
            let vector = VersionVector::clone(view.vector());
            // Whoever asked may have gone.
            seen.send(look(&view).map(|found| (vector, found))).ok();
        });
        Ok(answer.await.map_err(|_| ConnectionError::Stopped)??)
    }
}
