//! Taking what a peer shows, for a region that catches up by state.

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_causality::{Dot, HybridTimestamp, RegionId};
use tombolo_datatypes::ItemState;
use tombolo_protocol::limits::STREAMS_MAX;
use tombolo_replication::catch_up::{Content, Head, NotAdopted};
use tombolo_replication::leader::{NotJoined, Reach, Voices};
use tombolo_replication::{ItemKey, Key, Streams, TableId};
use tombolo_storage::StorageError;

use super::Leader;
use crate::clock::wall_ms;
use crate::error::SubmitError;

/// Do this step. The reply comes when it is durable, with the streams that were adopted; `taken`
/// is told when there is room for another.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct TakeState {
    pub(crate) step: StateStep,
    pub(crate) reply: oneshot::Sender<Result<Streams, NotTakenOver>>,
    pub(crate) taken: oneshot::Sender<()>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum StateStep {
    /// Decide nothing from now on.
    Begin,
    /// Take a part of what `from` shows, which has `set_aside` these changes.
    Take { content: Content, from: RegionId, set_aside: Vec<Dot> },
    /// All of it is here: its streams are.
    Adopt(Head),
    /// Decide again.
    End,
}

/// How far what a peer shows is believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Belief {
    /// How far a stamp may lie ahead of the clock here.
    pub(crate) clock_skew_ms_max: u64,
}

/// Why something was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTakenOver {
    #[error(transparent)]
    Closed(#[from] SubmitError),
    #[error(transparent)]
    Joining(#[from] NotJoined),
    #[error(transparent)]
    Adopting(#[from] NotAdopted),
    #[error("it is stamped too far ahead of this region's clock")]
    ClockAhead,
    #[error("there would be more streams than there may be")]
    TooManyStreams,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Handler<TakeState> for Leader {
    type Result = ();

    fn handle(&mut self, message: TakeState, ctx: &mut Self::Context) {
        let TakeState { step, reply, taken } = message;
        match self.step(step) {
            Ok(streams) => {
                self.schedule_flush(ctx);
                self.when_durable(move |result| {
                    super::answer(reply, result.map(|()| streams).map_err(NotTakenOver::from));
                });
            }
            Err(error) => super::answer(reply, Err(error)),
        }
        self.when_roomy(move || super::answer(taken, ()), ctx);
    }
}

impl Leader {
    fn step(&mut self, step: StateStep) -> Result<Streams, NotTakenOver> {
        // A full disk or overlay is waited for, as by what other regions ship.
        if self.is_failed {
            return Err(SubmitError::Unknown.into());
        }
        if self.stopping.is_some() {
            return Err(SubmitError::Stopping.into());
        }
        match step {
            StateStep::Begin => self.is_catching_up = true,
            StateStep::End => self.is_catching_up = false,
            StateStep::Take { content: Content::Head(head), .. } => self.take_tables(&head)?,
            StateStep::Take { content: Content::Items { table, items }, from, set_aside } => {
                let ours = vec![self.machine.replica().region];
                let voices = Voices { ours, theirs: vec![from], set_aside };
                for (key, theirs) in items {
                    self.take_item(table, key, &theirs, &voices)?;
                }
            }
            StateStep::Take { content: Content::Requests(records), .. } => {
                if records.iter().any(|kept| kept.stamp > self.latest_believed()) {
                    return Err(NotTakenOver::ClockAhead);
                }
                for kept in records {
                    self.overlay.stage_request(kept.clone())?;
                    self.machine.keep(kept);
                }
            }
            StateStep::Take { content: Content::NoSuchTable, .. } => {}
            StateStep::Adopt(head) => return self.adopt(&head),
        }
        Ok(Streams::default())
    }

    fn take_tables(&mut self, head: &Head) -> Result<(), NotTakenOver> {
        let ours = &self.overlay.position().streams;
        let orderers = self.roster.orderers(&[self.machine.catalog(), &head.catalog]);
        if head.has_all_tables(ours, &orderers) && head.catalog != *self.machine.catalog() {
            self.overlay.stage_catalog(&head.catalog)?;
            self.machine.take_catalog(head.catalog.clone());
        }
        Ok(())
    }

    fn take_item(
        &mut self,
        table: TableId,
        key: Key,
        theirs: &ItemState,
        voices: &Voices,
    ) -> Result<(), NotTakenOver> {
        let item = ItemKey { table, key };
        let ours = self.overlay.latest(&item)?;
        let reach = Reach::Ahead(self.latest_believed());
        match self.machine.join(&item, ours.as_deref(), theirs, voices, reach) {
            Ok(Some(state)) => {
                self.overlay.stage_joined(&item, state.into())?;
                self.meters.states_joined.increment();
                Ok(())
            }
            Ok(None) => Ok(()),
            // Also where the table has been dropped meanwhile: what the log and the peer tell of it
            // may be of different moments, and nothing may be left out.
            Err(error) => {
                if error.is_refused() {
                    self.meters.states_refused.increment();
                }
                Err(error.into())
            }
        }
    }

    fn adopt(&mut self, head: &Head) -> Result<Streams, NotTakenOver> {
        if head.stamp_floor > self.latest_believed() {
            return Err(NotTakenOver::ClockAhead);
        }
        let ours = &self.overlay.position().streams;
        let own = self.machine.replica();
        let set_aside = self.machine.exceptions();
        let orderers = self.roster.orderers(&[self.machine.catalog(), &head.catalog]);
        let adopted = head.adoptable(own, (ours, set_aside), &orderers)?;
        let new = adopted.streams.iter().filter(|(origin, _)| ours.get(origin).seq == 0).count();
        // One is left for what this replica writes itself.
        if ours.iter().len() + new >= STREAMS_MAX {
            return Err(NotTakenOver::TooManyStreams);
        }
        // Again: an older definition may have come by the log since.
        self.take_tables(head)?;
        self.overlay.stage_position(&adopted.streams, head.stamp_floor)?;
        if !adopted.exceptions.is_empty() {
            self.overlay.stage_exceptions(&adopted.exceptions)?;
        }
        self.machine.adopt(&adopted, head.stamp_floor);
        Ok(adopted.streams)
    }

    /// The latest stamp that a peer's clock may have given.
    fn latest_believed(&self) -> HybridTimestamp {
        HybridTimestamp::new(wall_ms() + self.belief.clock_skew_ms_max, u16::MAX)
    }
}
