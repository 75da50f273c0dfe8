//! The taking end: drives the machine over a connection to the peer whose state is taken.
//!
//! Nothing ends it but its success: whatever goes wrong is tried again, since a region that has
//! begun cannot go back to what it showed before.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use actix::Addr;
use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::limits::STREAMS_MAX;
use tombolo_protocol::{Frame, Purpose, RefusalCode};
use tombolo_replication::catch_up::{CatchUp, Content, Goal, Input, Output, Pull, Pulled};
use tombolo_replication::reconciler::Misfit;
use tombolo_replication::{Streams, intake};
use tombolo_storage::disk::Disk;
use tombolo_storage::{CatchingUp, StorageError, View};

use super::{CatchUpState, EndOfLog};
use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::dialling::{dial, hello};
use crate::intake::{Arrived, Intake};
use crate::leader::{Leader, StateStep, TakeState};
use crate::links::Link;

/// How long the peer may say nothing.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How long it is waited after a failure; each time twice as long, at most so long.
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(15);

/// How long it is waited whether the log brings what is missing after all.
const LOG_MAX: Duration = Duration::from_secs(2);

/// A peer as it is dialled.
#[derive(Debug)]
pub(crate) struct Giver {
    pub(crate) address: (String, u16),
    pub(crate) link: Arc<Link>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Taking {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) givers: BTreeMap<RegionId, Giver>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) state: Arc<CatchUpState>,
    pub(crate) leader: Addr<Leader>,
    pub(crate) intake: Addr<Intake>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) ends: mpsc::Receiver<EndOfLog>,
    pub(crate) dial_timeout: Duration,
    pub(crate) part_bytes_max: usize,
    pub(crate) silence_ms_max: u64,
    /// Who has said of which origin that it no longer holds what follows the sequence here.
    pub(crate) not_held: BTreeMap<ReplicaId, (u64, BTreeSet<RegionId>)>,
}

type Connection = (FrameReader, FrameWriter);

/// Why it has not come to its end.
#[derive(Debug, thiserror::Error)]
enum TakingError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("what the peer shows cannot be taken: {detail}")]
    Refused { detail: String },
    #[error("there is no peer {peer}")]
    NoPeer { peer: RegionId },
    #[error("a thread of this region has ended")]
    Stopped,
    #[error("{peer} no longer has what is missing either")]
    EndOfLog { peer: RegionId },
}

impl Taking {
    /// Catches up whenever a peer says that it must, and first with what was begun before.
    pub(crate) async fn run(mut self, begun: Option<CatchingUp>) {
        let mut next = begun;
        loop {
            let mut under_way = match next.take() {
                Some(under_way) => under_way,
                None => match self.next_end().await {
                    Some(from) => CatchingUp { from, goal: Goal::default() },
                    None => return,
                },
            };
            let Err(error) = self.catch_up(&mut under_way).await else { continue };
            tracing::warn!(peer = %under_way.from, %error, "catching up by state was broken off");
            if let TakingError::EndOfLog { peer } = error {
                under_way.from = peer;
                under_way.goal.is_adopted = false;
            } else if self.state.is_on() {
                sleep(AGAIN_MAX).await;
            } else {
                // Nothing was begun: the peer says it again on its next connection.
                continue;
            }
            next = Some(under_way);
        }
    }

    /// The next peer that says that it no longer has what is missing here, where that is still so.
    async fn next_end(&mut self) -> Option<RegionId> {
        loop {
            let end = self.ends.recv().await?;
            if self.must_catch_up(end) {
                return Some(end.peer);
            }
        }
    }

    /// Whether what a peer says leaves no other way: its own changes nobody else is asked for while
    /// it is heard; those of others perhaps another peer still has.
    fn must_catch_up(&mut self, EndOfLog { peer, origin, after }: EndOfLog) -> bool {
        let view = self.views.load_full();
        let is_missing = |origin: &ReplicaId, after| view.vector().get(origin) <= after;
        self.not_held.retain(|origin, (after, _)| is_missing(origin, *after));
        if origin == self.own || !is_missing(&origin, after) {
            return false;
        }
        if origin.region == peer {
            return true;
        }
        if self.not_held.len() >= STREAMS_MAX && !self.not_held.contains_key(&origin) {
            return false;
        }
        let (_, lack_it) = self.not_held.entry(origin).or_insert_with(|| (after, BTreeSet::new()));
        lack_it.insert(peer);
        let usable = |giver: &&Giver| giver.link.is_usable(self.silence_ms_max);
        self.givers.values().filter(usable).all(|giver| lack_it.contains(&giver.link.peer))
    }

    async fn catch_up(&mut self, under_way: &mut CatchingUp) -> Result<(), TakingError> {
        let mut machine = CatchUp::new(under_way.goal.clone());
        let mut outputs = VecDeque::from(machine.begin());
        let mut connection = None;
        let mut again = AGAIN_MIN;
        loop {
            let done = match outputs.pop_front() {
                Some(Output::Done) => return self.end().await,
                Some(Output::Pull(pull)) => {
                    self.ask(under_way.from, &mut connection, pull).await.map(|()| None)
                }
                Some(output) => self.perform(output, under_way).await,
                None => self.hear(under_way.from, &mut connection).await.map(Some),
            };
            let input = match done {
                Ok(Some(input)) => {
                    again = AGAIN_MIN;
                    input
                }
                Ok(None) => continue,
                Err(TakingError::Connection(error)) if self.state.is_on() => {
                    tracing::info!(peer = %under_way.from, %error, "catching up by state waits");
                    connection = None;
                    sleep(again).await;
                    again = (again * 2).min(AGAIN_MAX);
                    Input::Lost
                }
                Err(error) => return Err(error),
            };
            if self.is_for_nothing(&input).await {
                return Ok(());
            }
            if matches!(input, Input::Adopted) {
                // All that is missing now comes by the log.
                connection = None;
            }
            let handled = machine.handle(input);
            let refused = |misfit: Misfit| TakingError::Refused { detail: misfit.to_string() };
            outputs.extend(handled.map_err(refused)?);
        }
    }

    async fn perform(
        &mut self,
        output: Output,
        under_way: &mut CatchingUp,
    ) -> Result<Option<Input>, TakingError> {
        Ok(match output {
            Output::Remember(goal) => {
                under_way.goal = goal;
                self.remember(under_way).await?;
                None
            }
            Output::Take(content) => {
                self.step(StateStep::Take { content, from: under_way.from }).await?;
                Some(Input::Taken)
            }
            Output::Adopt(head) => {
                let streams = self.step(StateStep::Adopt(head)).await?;
                let told = self.intake.send(Arrived(intake::Input::Adopted { streams })).await;
                told.map_err(|_| TakingError::Stopped)?.ok();
                Some(Input::Adopted)
            }
            Output::Wait(vector) => {
                self.wait(&vector).await?;
                Some(Input::Shown)
            }
            Output::Pull(_) | Output::Done => None,
        })
    }

    /// Whether nothing was begun, and the log brings what the peer has all the same: then the peer
    /// was mistaken, or is not who it says.
    async fn is_for_nothing(&mut self, input: &Input) -> bool {
        let Input::Pulled(Pulled { until, content: Content::Head(_), .. }) = input else {
            return false;
        };
        !self.state.is_on()
            && timeout(LOG_MAX, self.wait(until)).await.is_ok_and(|shown| shown.is_ok())
    }

    fn giver(&self, from: RegionId) -> Result<&Giver, TakingError> {
        self.givers.get(&from).ok_or(TakingError::NoPeer { peer: from })
    }

    /// Asks, over the connection that there is or another one.
    async fn ask(
        &self,
        from: RegionId,
        connection: &mut Option<Connection>,
        pull: Pull,
    ) -> Result<(), TakingError> {
        let (_, writer) = match connection {
            Some(connection) => connection,
            None => connection.insert(self.connect(from).await?),
        };
        let bytes = writer.write(&Frame::Pull(pull)).await?;
        self.giver(from)?.link.facts().bytes_sent += bytes;
        Ok(())
    }

    async fn connect(&self, from: RegionId) -> Result<Connection, TakingError> {
        let giver = self.giver(from)?;
        let vector = VersionVector::clone(self.views.load().vector());
        let hello = hello(&self.cluster, self.own, vector, Purpose::CatchUp);
        let dialled = dial((&giver.address.0, giver.address.1), hello, from);
        let dialled = unless_paused(&giver.link, timeout(self.dial_timeout, dialled)).await?;
        let (reader, writer, _) = dialled.map_err(|_| ConnectionError::Silent)??;
        Ok((reader, writer))
    }

    async fn hear(
        &self,
        from: RegionId,
        connection: &mut Option<Connection>,
    ) -> Result<Input, TakingError> {
        let (reader, _) = connection.as_mut().ok_or(ConnectionError::Closed)?;
        let link = &self.giver(from)?.link;
        let bytes_read = reader.bytes_read();
        let before = bytes_read.get();
        let frame = unless_paused(link, reader.read(self.part_bytes_max, ANSWER_MAX)).await;
        link.facts().bytes_received += bytes_read.get() - before;
        match frame?? {
            Frame::Pulled(pulled) => Ok(Input::Pulled(pulled)),
            Frame::Refused { code, detail } => {
                Err(ConnectionError::Refused { code, detail }.into())
            }
            _ => Err(ConnectionError::Unexpected { what: "something else than a part" }.into()),
        }
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

    /// Waits until `vector` is shown, unless a peer cannot ship what is missing of it.
    async fn wait(&mut self, vector: &VersionVector) -> Result<(), TakingError> {
        loop {
            self.published.borrow_and_update();
            if self.views.load().vector().descends(vector) {
                return Ok(());
            }
            tokio::select! {
                told = self.published.changed() => told.map_err(|_| TakingError::Stopped)?,
                Some(end) = self.ends.recv() => {
                    if self.must_catch_up(end) {
                        return Err(TakingError::EndOfLog { peer: end.peer });
                    }
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

/// What comes of `work`, where the link is not paused before.
async fn unless_paused<T>(
    link: &Link,
    work: impl Future<Output = T>,
) -> Result<T, ConnectionError> {
    let mut paused = link.watch_paused();
    tokio::select! {
        done = work => Ok(done),
        _ = paused.wait_for(|paused| *paused) => {
            let detail = "the link is paused".to_owned();
            Err(ConnectionError::Refusing { code: RefusalCode::Paused, detail })
        }
    }
}
