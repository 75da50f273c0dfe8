//! The taking end: drives the machine over a connection to the peer whose state is taken.
//!
//! Nothing ends it but its success: whatever goes wrong is tried again, since a region that has
//! begun cannot go back to what it showed before.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use actix::Addr;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tombolo_causality::{Dot, RegionId, VersionVector};
use tombolo_replication::catch_up::{CatchUp, Content, Goal, Input, Output, Pull, Pulled};
use tombolo_replication::reconciler::Misfit;
use tombolo_replication::{Streams, intake};
use tombolo_storage::disk::Disk;
use tombolo_storage::{CatchingUp, StorageError};

use super::ends::Ends;
use super::givers::{Conversation, Givers};
use super::{CatchUpState, EndOfLog};
use crate::connection::ConnectionError;
use crate::intake::{Arrived, Intake};
use crate::leader::{Leader, StateStep, TakeState};
use crate::roster::Roster;

/// How long it is waited after a failure; each time twice as long, at most so long.
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(15);

/// How long it is waited whether the log brings what is missing after all.
const LOG_MAX: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug)]
pub(crate) struct Taking {
    pub(crate) givers: Arc<Givers>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) state: Arc<CatchUpState>,
    pub(crate) leader: Addr<Leader>,
    pub(crate) intake: Addr<Intake>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) roster: Arc<Roster>,
}

/// Why it has not come to its end.
#[derive(Debug, thiserror::Error)]
enum TakingError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("what the peer shows cannot be taken: {detail}")]
    Refused { detail: String },
    #[error("a thread of this region has ended")]
    Stopped,
    #[error("{peer} no longer has what is missing either")]
    EndOfLog { peer: RegionId },
}

impl Taking {
    /// Catches up whenever what peers say leaves no other way, and first with what was begun before.
    pub(crate) async fn run(self, begun: Option<CatchingUp>, ends: mpsc::Receiver<EndOfLog>) {
        let anew = |from| CatchingUp { from, goal: Goal::default() };
        let mut ends = Ends::new(&self.givers, ends);
        let (mut next, mut again) = (begun, AGAIN_MIN);
        loop {
            let mut under_way = match next.take() {
                Some(under_way) => under_way,
                None => match ends.next(&self.givers).await {
                    Some(from) => anew(from),
                    None => return,
                },
            };
            let Err(error) = self.catch_up(&mut under_way, &mut ends).await else {
                again = AGAIN_MIN;
                continue;
            };
            tracing::warn!(peer = %under_way.from, %error, "catching up by state was broken off");
            if let TakingError::EndOfLog { peer } = error {
                under_way.from = peer;
                under_way.goal.is_adopted = false;
            } else if self.state.is_on() {
                sleep(AGAIN_MAX).await;
            } else {
                // Nothing was begun: any other peer will do as well.
                tokio::select! {
                    () = sleep(again) => {}
                    Some(from) = ends.next(&self.givers) => under_way = anew(from),
                }
                again = (again * 2).min(AGAIN_MAX);
            }
            next = Some(under_way);
        }
    }

    async fn catch_up(
        &self,
        under_way: &mut CatchingUp,
        ends: &mut Ends,
    ) -> Result<(), TakingError> {
        let mut machine = CatchUp::new(under_way.goal.clone());
        let mut outputs = VecDeque::from(machine.begin());
        let mut conversation = None;
        let mut again = AGAIN_MIN;
        let mut set_aside = Vec::new();
        loop {
            let done = match outputs.pop_front() {
                Some(Output::Done) => return self.end().await,
                Some(Output::Pull(pull)) => {
                    self.ask(under_way.from, &mut conversation, pull).await.map(|()| None)
                }
                Some(Output::Wait(vector)) => {
                    self.wait(&vector, ends).await.map(|()| Some(Input::Shown))
                }
                Some(output) => self.perform(output, under_way, &set_aside).await,
                None => hear(&mut conversation).await.map(Some),
            };
            let input = match done {
                Ok(Some(input)) => {
                    again = AGAIN_MIN;
                    input
                }
                Ok(None) => continue,
                Err(TakingError::Connection(error)) if self.state.is_on() => {
                    tracing::info!(peer = %under_way.from, %error, "catching up by state waits");
                    conversation = None;
                    self.pause(again, under_way, ends).await?;
                    again = (again * 2).min(AGAIN_MAX);
                    Input::Lost
                }
                Err(error) => return Err(error),
            };
            if self.is_for_nothing(&input, ends).await? {
                return Ok(());
            }
            if let Input::Pulled(Pulled { content: Content::Head(head), .. }) = &input {
                set_aside = head.exceptions.dots().collect();
            }
            if matches!(input, Input::Adopted) {
                // All that is missing now comes by the log.
                conversation = None;
            }
            let handled = machine.handle(input);
            let refused = |misfit: Misfit| TakingError::Refused { detail: misfit.to_string() };
            outputs.extend(handled.map_err(refused)?);
        }
    }

    /// Waits before another attempt. As long as nothing was taken any peer will do; of one that is no
    /// longer a member nothing more can be taken, so that it is begun anew with another.
    async fn pause(
        &self,
        again: Duration,
        under_way: &mut CatchingUp,
        ends: &mut Ends,
    ) -> Result<(), TakingError> {
        let from = under_way.from;
        let is_begun = under_way.goal != Goal::default();
        tokio::select! {
            () = sleep(again) => {
                let other = self.givers.after(from).filter(|other| *other != from);
                let is_gone = self.givers.links.get(&from).is_none();
                match other {
                    Some(peer) if is_begun && is_gone => {
                        return Err(TakingError::EndOfLog { peer });
                    }
                    Some(peer) if !is_begun => under_way.from = peer,
                    _ => {}
                }
            }
            Some(peer) = ends.next(&self.givers), if !is_begun => under_way.from = peer,
        }
        Ok(())
    }

    /// Asks, in the conversation that there is or another one.
    async fn ask(
        &self,
        from: RegionId,
        conversation: &mut Option<Conversation>,
        pull: Pull,
    ) -> Result<(), TakingError> {
        let conversation = match conversation {
            Some(conversation) => conversation,
            None => conversation.insert(self.givers.converse(from).await?),
        };
        Ok(conversation.ask(pull).await?)
    }

    /// Does what only this region has a part in.
    async fn perform(
        &self,
        output: Output,
        under_way: &mut CatchingUp,
        set_aside: &[Dot],
    ) -> Result<Option<Input>, TakingError> {
        Ok(match output {
            Output::Remember(goal) => {
                under_way.goal = goal;
                self.remember(under_way).await?;
                None
            }
            Output::Take(content) => {
                let (from, set_aside) = (under_way.from, set_aside.to_vec());
                self.step(StateStep::Take { content, from, set_aside }).await?;
                Some(Input::Taken)
            }
            Output::Adopt(head) => {
                let streams = self.step(StateStep::Adopt(head)).await?;
                let told = self.intake.send(Arrived(intake::Input::Adopted { streams })).await;
                told.map_err(|_| TakingError::Stopped)?.ok();
                Some(Input::Adopted)
            }
            Output::Pull(_) | Output::Wait(_) | Output::Done => None,
        })
    }

    /// Before anything is begun: whether the log brings what the peer has all the same, so that the
    /// peer was mistaken, or is not who it says; and that what it has can be adopted.
    async fn is_for_nothing(&self, input: &Input, ends: &mut Ends) -> Result<bool, TakingError> {
        let Input::Pulled(Pulled { until, content: Content::Head(head), .. }) = input else {
            return Ok(false);
        };
        if self.state.is_on() {
            return Ok(false);
        }
        if let Ok(Ok(())) = timeout(LOG_MAX, self.wait(until, ends)).await {
            return Ok(true);
        }
        let view = self.givers.views.load_full();
        let ours = (&view.position().streams, &**view.exceptions());
        let orderers = self.roster.orderers(&[view.catalog(), &head.catalog]);
        let adoptable = head.adoptable(self.givers.own, ours, &orderers);
        adoptable.map_err(|error| TakingError::Refused { detail: error.to_string() })?;
        Ok(false)
    }

    /// Makes the goal durable, and the first time sees to it that nothing is answered or decided.
    async fn remember(&self, under_way: &CatchingUp) -> Result<(), TakingError> {
        let (disk, written) = (Arc::clone(&self.disk), under_way.clone());
        self.blocking(move || written.write(&*disk)).await?;
        self.state.set_goal(under_way.goal.vector.clone());
        if !self.state.is_on() {
            tracing::warn!(peer = %under_way.from, "catching up by state: nothing is answered");
            self.state.begin();
            self.step(StateStep::Begin).await?;
        }
        Ok(())
    }

    async fn end(&self) -> Result<(), TakingError> {
        let disk = Arc::clone(&self.disk);
        self.blocking(move || CatchingUp::end(&*disk)).await?;
        self.step(StateStep::End).await?;
        self.state.end();
        tracing::info!("caught up by state");
        Ok(())
    }

    async fn blocking(
        &self,
        work: impl FnOnce() -> Result<(), StorageError> + Send + 'static,
    ) -> Result<(), TakingError> {
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| TakingError::Stopped)??)
    }

    /// Waits until `vector` is shown, unless no peer can ship what is missing of it.
    async fn wait(&self, vector: &VersionVector, ends: &mut Ends) -> Result<(), TakingError> {
        let mut published = self.published.clone();
        loop {
            published.borrow_and_update();
            if self.givers.views.load().vector().descends(vector) {
                return Ok(());
            }
            tokio::select! {
                told = published.changed() => told.map_err(|_| TakingError::Stopped)?,
                Some(peer) = ends.next(&self.givers) => {
                    return Err(TakingError::EndOfLog { peer });
                }
            }
        }
    }

    /// Has the leader do a step; answers when it is durable and there is room for another.
    async fn step(&self, step: StateStep) -> Result<Streams, TakingError> {
        let ((reply, done), (taken, has_room)) = (oneshot::channel(), oneshot::channel());
        let stopped = || TakingError::Stopped;
        let sent = self.leader.send(TakeState { step, reply, taken }).await;
        sent.map_err(|_| stopped())?;
        let done = done.await.map_err(|_| stopped())?;
        let streams = done.map_err(|error| TakingError::Refused { detail: error.to_string() })?;
        has_room.await.map_err(|_| stopped())?;
        Ok(streams)
    }
}

async fn hear(conversation: &mut Option<Conversation>) -> Result<Input, TakingError> {
    // Without one the machine waits for nobody else.
    let conversation = conversation.as_mut().ok_or(ConnectionError::Closed)?;
    Ok(Input::Pulled(conversation.hear().await?))
}
