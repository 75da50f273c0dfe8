//! Catching up by state: taking what a peer shows, where no log holds any more what is missing here.
//!
//! A peer that can no longer ship what this region lacks says so, and that begins it. From before
//! the first state is joined until everything that the states have seen is applied, the region
//! answers nothing and decides nothing: items would be shown without their causes. That is durable,
//! so a crash in between changes nothing. What other regions ship meanwhile is taken in as ever,
//! and what was written here before is shipped.

mod ends;
mod givers;
mod giving;
mod taking;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_storage::CatchingUp;

pub(crate) use self::givers::Givers;
pub(crate) use self::giving::Giving;
pub(crate) use self::taking::Taking;

/// What peers say of their logs that may wait: one for each of them, and some more.
const ENDS_MAX: usize = 64;

/// A peer no longer has the changes of `origin` after `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndOfLog {
    pub(crate) peer: RegionId,
    pub(crate) origin: ReplicaId,
    pub(crate) after: u64,
}

/// Whether the region catches up by state.
#[derive(Debug)]
pub(crate) struct CatchUpState {
    is_on: watch::Sender<bool>,
    /// What must be shown before it is over.
    goal: Mutex<VersionVector>,
    ends: mpsc::Sender<EndOfLog>,
}

impl CatchUpState {
    /// As it was when the region last ran, and what peers say of their logs.
    pub(crate) fn new(begun: Option<&CatchingUp>) -> (Self, mpsc::Receiver<EndOfLog>) {
        let (ends, told) = mpsc::channel(ENDS_MAX);
        let goal = begun.map(|begun| begun.goal.vector.clone()).unwrap_or_default();
        let is_on = watch::Sender::new(begun.is_some());
        (Self { is_on, goal: Mutex::new(goal), ends }, told)
    }

    pub(crate) fn is_on(&self) -> bool {
        *self.is_on.borrow()
    }

    /// A peer says that it no longer has what is missing here.
    pub(crate) fn is_told(&self, end: EndOfLog) {
        if self.ends.try_send(end).is_err() {
            // It says so again on its next connection.
            tracing::debug!(peer = %end.peer, "more ends of logs than may wait");
        }
    }

    /// What the items here may have seen beyond what is shown.
    pub(crate) fn goal(&self) -> VersionVector {
        self.locked().clone()
    }

    fn begin(&self) {
        self.is_on.send_replace(true);
    }

    fn set_goal(&self, goal: VersionVector) {
        *self.locked() = goal;
    }

    fn end(&self) {
        self.set_goal(VersionVector::new());
        self.is_on.send_replace(false);
    }

    fn locked(&self) -> MutexGuard<'_, VersionVector> {
        self.goal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
