//! The leader's actor: the shell around the region's only writer.
//!
//! Commands and changes of other regions are decided as they come, and staged. While one group is
//! being made durable the next one gathers: group commit without a timer. When the gathering group
//! is full as well, the mailbox is left alone until the journal answers, so that a stalled disk is
//! felt as a full mailbox and answered with 503.

mod answer;
mod applying;
mod durable;
mod joining;
mod messages;
mod taking;

use core::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use tokio::sync::{oneshot, watch};
use tombolo_datatypes::ItemState;
use tombolo_protocol::seal;
use tombolo_replication::leader::{Decided, Leader as Machine, Refusal};
use tombolo_replication::{Change, ItemKey};
use tombolo_storage::journal::Position;
use tombolo_storage::{Group, Installed, Overlay, ROOM_SOUGHT_EVERY, Room, StorageError};

pub use self::answer::{After, Answer};
use self::durable::Durable;
pub(crate) use self::joining::{Join, JoinError, Joined};
pub(crate) use self::messages::{
    Apply, DecideMembers, DecideTable, NotTaken, Recall, Settle, Stop, Submit, TableDecision,
};
pub(crate) use self::taking::{Belief, StateStep, TakeState};
use crate::clock::{instant, wall_ms};
use crate::error::SubmitError;
use crate::journal::{Append, Journal};
use crate::materializer::{Materialize, Materializer, Retire};
use crate::meters::{Meters, WriteTimes};
use crate::observer::Observed;
use crate::roster::Roster;
use crate::standing::Standing;

/// How much may gather, at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) mailbox_commands: usize,
    pub(crate) group_changes: usize,
    pub(crate) group_bytes: usize,
}

/// Who waits for a group to be durable, with what they are then told.
type Waiting = Vec<Waiter>;

/// One of them. Commands are told without a box of their own.
enum Waiter {
    Command(oneshot::Sender<Result<Answer, SubmitError>>, Answer),
    Other(Box<dyn FnOnce(Result<(), SubmitError>)>),
}

impl Waiter {
    /// Tells that it was made durable, and when, or that it was not.
    fn tell(self, result: Result<Instant, SubmitError>, meters: &Meters) {
        match self {
            Self::Command(reply, mut decided) => {
                if let (Ok(durable), Some(times)) = (&result, &mut decided.times) {
                    times.durable = *durable;
                    meters.observe(times);
                }
                answer(reply, result.map(|_| decided));
            }
            Self::Other(tell) => tell(result.map(drop)),
        }
    }
}

struct InFlight {
    group: Group,
    waiting: Waiting,
    append: Pin<Box<Request<Journal, Append>>>,
}

/// See the module.
pub(crate) struct Leader {
    machine: Machine,
    overlay: Overlay,
    limits: Limits,
    journal: Addr<Journal>,
    materializer: Addr<Materializer>,
    /// Told of every published view.
    published: watch::Sender<u64>,
    /// Told when the disk has failed and the process must end.
    failed: watch::Sender<bool>,
    /// Told from where a restart would replay.
    replay_from: watch::Sender<Option<Position>>,
    meters: Arc<Meters>,
    observed: Observed,
    room: Arc<Room>,
    in_flight: Option<InFlight>,
    gathering: Waiting,
    /// Whoever hands changes over waits here while the overlay or the disk is full.
    crowded_out: Vec<Box<dyn FnOnce()>>,
    flush_scheduled: bool,
    materializing: usize,
    stopping: Option<oneshot::Sender<()>>,
    is_failed: bool,
    /// Whether the region catches up by state.
    is_catching_up: bool,
    belief: Belief,
    roster: Arc<Roster>,
    standing: Arc<Standing>,
}

impl core::fmt::Debug for Leader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Leader").field("machine", &self.machine).finish_non_exhaustive()
    }
}

/// What a leader is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) machine: Machine,
    pub(crate) overlay: Overlay,
    pub(crate) limits: Limits,
    pub(crate) journal: Addr<Journal>,
    pub(crate) materializer: Addr<Materializer>,
    pub(crate) published: watch::Sender<u64>,
    pub(crate) failed: watch::Sender<bool>,
    pub(crate) replay_from: watch::Sender<Option<Position>>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) observed: Observed,
    pub(crate) room: Arc<Room>,
    pub(crate) is_catching_up: bool,
    pub(crate) belief: Belief,
    pub(crate) roster: Arc<Roster>,
    pub(crate) standing: Arc<Standing>,
}

impl Leader {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            machine: parts.machine,
            overlay: parts.overlay,
            limits: parts.limits,
            journal: parts.journal,
            materializer: parts.materializer,
            published: parts.published,
            failed: parts.failed,
            replay_from: parts.replay_from,
            meters: parts.meters,
            observed: parts.observed,
            room: parts.room,
            in_flight: None,
            gathering: Vec::new(),
            crowded_out: Vec::new(),
            flush_scheduled: false,
            materializing: 0,
            stopping: None,
            is_failed: false,
            is_catching_up: parts.is_catching_up,
            belief: parts.belief,
            roster: parts.roster,
            standing: parts.standing,
        }
    }

    /// Why nothing is taken in now, where that is so.
    fn closed(&self) -> Option<SubmitError> {
        if self.is_failed {
            Some(SubmitError::Unknown)
        } else if self.stopping.is_some() {
            Some(SubmitError::Stopping)
        } else if self.standing.is_told() {
            Some(SubmitError::NotAMember)
        } else if self.is_catching_up {
            Some(SubmitError::CatchingUp)
        } else if self.room.is_short() {
            Some(SubmitError::StorageFull)
        } else if self.overlay.is_full() {
            Some(SubmitError::Overloaded)
        } else {
            None
        }
    }

    fn submit(&mut self, submit: Submit, ctx: &mut Context<Self>) {
        let Submit { command, offered, reply } = submit;
        let taken = instant();
        if let Some(error) = self.closed() {
            if matches!(error, SubmitError::Overloaded) {
                self.meters.refused_overlay.increment();
            }
            return answer(reply, Err(error));
        }
        if let Some(request) = &command.request {
            match self.machine.repeated(wall_ms(), request) {
                Ok(None) => {}
                Ok(Some(kept)) => {
                    // It may be of a change that is not durable yet, and is then waited for.
                    self.meters.repeated.increment();
                    let repeated = Answer::repeated(command.item, kept);
                    return self.when_durable(move |result| {
                        answer(reply, result.map(|()| repeated));
                    });
                }
                Err(refusal) => return self.refuse(refusal, reply),
            }
        }
        let state = match self.overlay.latest(&command.item) {
            Ok(state) => state,
            Err(error) => {
                return answer(reply, Err(SubmitError::Unreadable { detail: error.to_string() }));
            }
        };
        match self.machine.decide(wall_ms(), command, state.as_deref()) {
            Err(refusal) => self.refuse(refusal, reply),
            Ok(decided) => {
                let Decided { change, item, state, resolver, existed, tells_value, settled } =
                    decided;
                let (dot, state) = (change.dot, Arc::new(state));
                let after = After::Written { state: state.clone(), resolver };
                let now = instant();
                let times = Some(WriteTimes { offered, taken, staged: now, durable: now });
                let decided =
                    Answer { dot, item: item.clone(), existed, tells_value, after, settled, times };
                let waiter = Waiter::Command(reply, decided);
                self.stage(change, Some((item, state)), ctx, waiter);
            }
        }
    }

    /// Calls `tell` when everything decided so far is durable.
    fn when_durable(&mut self, tell: impl FnOnce(Result<(), SubmitError>) + 'static) {
        if self.overlay.staged_records() > 0 {
            self.gathering.push(Waiter::Other(Box::new(tell)));
        } else if let Some(in_flight) = &mut self.in_flight {
            in_flight.waiting.push(Waiter::Other(Box::new(tell)));
        } else {
            tell(Ok(()));
        }
    }

    /// A refusal may rest on what is not durable yet; it then waits for it as an answer does.
    fn refuse<T: 'static>(
        &mut self,
        refusal: Refusal,
        reply: oneshot::Sender<Result<T, SubmitError>>,
    ) {
        if matches!(refusal, Refusal::VersionMismatch) {
            self.meters.conditions_unmet.increment();
        }
        self.when_durable(move |result| {
            answer(reply, Err(result.err().unwrap_or(SubmitError::Refused(refusal))));
        });
    }

    /// Stages a change of this region; `waiter` is told when it is durable.
    fn stage(
        &mut self,
        change: Change,
        state: Option<(ItemKey, Arc<ItemState>)>,
        ctx: &mut Context<Self>,
        waiter: Waiter,
    ) {
        // Waits with the group in which the change is, also when that group is closed at once.
        self.gathering.push(waiter);
        self.meters.changes_local.increment();
        let staged = seal(change)
            .map_err(StorageError::from)
            .and_then(|sealed| self.overlay.stage(&sealed, state));
        match staged {
            Ok(()) => self.schedule_flush(ctx),
            Err(error) => self.fail(&error),
        }
    }

    /// Calls `tell`, that more may be handed over, once there is room in the overlay and on the disk.
    fn when_roomy(&mut self, tell: impl FnOnce() + 'static, ctx: &mut Context<Self>) {
        self.crowded_out.push(Box::new(tell));
        self.let_in(ctx);
    }

    fn let_in(&mut self, ctx: &mut Context<Self>) {
        if self.crowded_out.is_empty() || self.overlay.is_full() {
            // A full overlay is looked at again when the next layer is installed.
        } else if self.room.is_short() {
            ctx.run_later(ROOM_SOUGHT_EVERY, Self::let_in);
        } else {
            self.crowded_out.drain(..).for_each(|tell| tell());
        }
    }

    /// Flushes when all that waits in the mailbox has been decided.
    fn schedule_flush(&mut self, ctx: &mut Context<Self>) {
        if self.group_is_full() {
            self.flush(ctx);
            if self.group_is_full() && self.in_flight.is_some() {
                ctx.wait(Durable);
            }
        } else if !self.flush_scheduled {
            self.flush_scheduled = true;
            ctx.spawn(fut::ready(()).map(|(), actor: &mut Self, ctx| {
                actor.flush_scheduled = false;
                actor.flush(ctx);
            }));
        }
    }

    fn group_is_full(&self) -> bool {
        self.overlay.staged_records() >= self.limits.group_changes
            || self.overlay.staged_bytes() >= self.limits.group_bytes
    }

    /// Hands the gathered group to the journal, unless one is under way.
    fn flush(&mut self, ctx: &mut Context<Self>) {
        if self.in_flight.is_some() || self.is_failed {
            return;
        }
        match self.overlay.close_group(self.machine.catalog()) {
            Ok(None) => self.stop_if_done(ctx),
            Ok(Some(mut group)) => {
                self.meters.group_changes.observe(group.changes as u64);
                let payload = core::mem::take(&mut group.payload);
                let before = Arc::clone(group.before());
                let append = Box::pin(self.journal.send(Append { payload, before }));
                let waiting = core::mem::take(&mut self.gathering);
                self.in_flight = Some(InFlight { group, waiting, append });
                ctx.spawn(Durable);
            }
            Err(error) => self.fail(&error),
        }
    }

    fn materialize(&mut self, sealed: tombolo_storage::SealedLayer, ctx: &mut Context<Self>) {
        self.materializing += 1;
        let work = self.materializer.send(Materialize(sealed)).into_actor(self);
        ctx.spawn(work.map(|result, actor, ctx| {
            actor.materializing -= 1;
            match result {
                Ok(Ok(installed)) => actor.installed(installed, ctx),
                Ok(Err(error)) => actor.fail(&error),
                Err(error) => actor.fail(&error),
            }
        }));
    }

    fn installed(&mut self, installed: Installed, ctx: &mut Context<Self>) {
        self.replay_from.send_replace(installed.replay_from);
        let retired = self.overlay.installed(installed);
        // Freed there; where the materializer has ended, here.
        self.materializer.try_send(Retire(retired)).ok();
        self.let_in(ctx);
        self.published.send_modify(|published| *published += 1);
        self.stop_if_done(ctx);
    }

    /// At a graceful stop, when nothing is under way: moves the rest into the state, then says so.
    fn stop_if_done(&mut self, ctx: &mut Context<Self>) {
        if self.stopping.is_none() || self.in_flight.is_some() || self.materializing > 0 {
            return;
        }
        // Where there is no room the rest stays in the journal, from which the next start has it.
        if !self.room.is_short()
            && let Some(rest) = self.overlay.seal_rest()
        {
            return self.materialize(rest, ctx);
        }
        if let Some(done) = self.stopping.take() {
            // Whoever asked may have stopped waiting; the region is stopped either way.
            done.send(()).ok();
            ctx.stop();
        }
    }

    /// The end: what is staged may or may not become durable, and nothing more is decided.
    fn fail(&mut self, error: &(dyn std::error::Error + 'static)) {
        tracing::error!(error, "the region cannot go on and stops");
        self.is_failed = true;
        self.failed.send_replace(true);
        let in_flight = self.in_flight.take().map(|in_flight| in_flight.waiting);
        let waiting = in_flight.into_iter().flatten().chain(self.gathering.drain(..));
        waiting.for_each(|waiter| waiter.tell(Err(SubmitError::Unknown), &self.meters));
        // Whoever waits for the stop is told that it is none in good order.
        self.stopping = None;
    }
}

/// Tells a client; one that went away needs no answer.
fn answer<T>(reply: oneshot::Sender<T>, result: T) {
    reply.send(result).ok();
}

impl Actor for Leader {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.limits.mailbox_commands);
    }
}
