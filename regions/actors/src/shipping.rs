//! The dialling end of a link: ships this region's changes to one peer for as long as a
//! connection lives.
//!
//! Two things run beside each other and end together: reading what the peer says, and sending what
//! the shipper decides. A peer that says nothing for too long ends both.

mod questions;

use core::cmp::Ordering;
use core::time::Duration;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tombolo_causality::{ReplicaId, VersionVector};
use tombolo_protocol::{BatchFrame, Frame, Purpose, RefusalCode, Welcome};
use tombolo_replication::Admission;
use tombolo_replication::clock_skew::RoundTrip;
use tombolo_replication::incarnation::is_forked;
use tombolo_replication::shipper::{Input, Output, Read, Shipper};
use tombolo_storage::{Found, LogReader, View};

use self::questions::Asked;
pub(crate) use self::questions::Question;
use crate::clock::{monotonic_ms, monotonic_us, wall_us};
use crate::connection::{ConnectionError, FrameReader, FrameWriter, HELLO_BYTES_MAX};
use crate::dialling::{dial, hello};
use crate::links::{Link, Links};
use crate::naming::Naming;
use crate::roster::Roster;

/// Frames of the peer that may wait to be looked at, acknowledgements aside.
const INCOMING_FRAMES_MAX: usize = 128;

/// What shipping to one peer needs.
#[derive(Debug, Clone)]
pub(crate) struct Shipping {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) link: Arc<Link>,
    pub(crate) links: Arc<Links>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) heartbeat: Duration,
    pub(crate) silence_max: Duration,
    pub(crate) dial_timeout: Duration,
    pub(crate) batch_bytes: usize,
    pub(crate) compression_level: i32,
}

impl Shipping {
    /// Dials the peer and ships until the connection ends; `connected` is called once it stands.
    pub(crate) async fn run(
        mut self,
        mut shipper: Shipper,
        log: LogReader,
        questions: mpsc::Receiver<Question>,
        connected: impl FnOnce(),
    ) -> ConnectionError {
        let vector = (**self.views.load().vector()).clone();
        let hello = hello(&self.cluster, self.own, vector, Purpose::Replicate);
        let (host, port) = &self.link.address;
        let dialled = dial((host, *port), hello, self.link.peer);
        let (reader, writer, welcome) = match timeout(self.dial_timeout, dialled).await {
            Ok(Ok(dialled)) => dialled,
            Ok(Err(error)) => return error,
            Err(_) => return ConnectionError::Silent,
        };
        let mut log = log;
        if let Err(error) = self.check_life(&welcome) {
            return error;
        }
        if let Err(error) = self.check_history(&mut log, &welcome) {
            return error;
        }
        connected();
        self.link.begin_from(welcome.replica, &welcome.vector);
        let (acknowledged, from_acknowledged) = watch::channel(welcome.vector.clone());
        let first = shipper.handle(Input::Connected { vector: welcome.vector });
        let (to_sender, from_reader) = mpsc::channel(INCOMING_FRAMES_MAX);
        let link = Arc::clone(&self.link);
        let silence_max = self.silence_max;
        let sending = Sending {
            shipper,
            log,
            writer,
            questions,
            asked: Asked::default(),
            acknowledged: from_acknowledged,
            incoming: from_reader,
        };
        let peer_replica = welcome.replica;
        let receiving = Receiving { reader, link, peer_replica, acknowledged, to_sender };
        tokio::select! {
            ended = receiving.run(silence_max) => ended,
            ended = sending.run(&mut self, first) => ended,
        }
    }

    /// Whether the peer's directory is that of the member that was added under its name.
    fn check_life(&self, welcome: &Welcome) -> Result<(), ConnectionError> {
        let peer = self.link.peer;
        if self.roster.members().admission(peer, &welcome.vector) == Admission::Removed {
            let detail = format!("{peer} runs on the directory of a life that was removed");
            return Err(ConnectionError::Refusing { code: RefusalCode::Removed, detail });
        }
        Ok(())
    }

    /// Whether the peer knows this replica's stream as it is: one that knows more, or otherwise,
    /// has met another life of this data directory.
    fn check_history(&self, log: &mut LogReader, welcome: &Welcome) -> Result<(), ConnectionError> {
        let own = self.views.load().position().streams.get(&self.own);
        let theirs = welcome.yours;
        let known = match theirs.seq.cmp(&own.seq) {
            Ordering::Equal => Some(own.hash),
            // Nothing where the journal no longer tells: the peer then needs a snapshot anyway.
            Ordering::Less => log.hash_at(self.own, theirs.seq)?,
            Ordering::Greater => None,
        };
        let is_forked = is_forked(own, theirs, known);
        let was_forked = core::mem::replace(&mut self.link.facts().is_forked, is_forked);
        if is_forked {
            let (own, seq) = (self.own, theirs.seq);
            let detail = format!(
                "it knows another history of {own} at {seq}: this data directory is a copy that was \
                 written to; stop this region and run `tombolo recover-fork --config FILE`"
            );
            if !was_forked {
                let peer = self.link.peer;
                tracing::error!(%peer, reason = detail, "the history of this region has forked");
            }
            return Err(ConnectionError::Refusing { code: RefusalCode::Forked, detail });
        }
        Ok(())
    }
}

/// What reading leaves for sending. It never waits for it: a peer is heard also while a large batch
/// is on its way.
struct Receiving {
    reader: FrameReader,
    link: Arc<Link>,
    /// Who the peer says that it is.
    peer_replica: ReplicaId,
    acknowledged: watch::Sender<VersionVector>,
    to_sender: mpsc::Sender<Frame>,
}

impl Receiving {
    async fn run(mut self, silence_max: Duration) -> ConnectionError {
        let (bytes_read, mut counted) = (self.reader.bytes_read(), 0);
        loop {
            let frame = match self.reader.read(HELLO_BYTES_MAX, silence_max).await {
                Ok(Frame::Refused { code, detail }) => {
                    return ConnectionError::Refused { code, detail };
                }
                Ok(frame) => frame,
                Err(error) => return error,
            };
            {
                let mut facts = self.link.facts();
                facts.last_heard_ms = Some(monotonic_ms());
                facts.bytes_received += bytes_read.get() - counted;
                counted = bytes_read.get();
            }
            match frame {
                Frame::Acknowledge { vector, echo } => {
                    if let Some(echo) = echo {
                        let rtt_us = monotonic_us().saturating_sub(echo.sent_us);
                        let peer_wall_us = echo.wall_us;
                        let trip = RoundTrip { rtt_us, peer_wall_us, wall_us: wall_us() };
                        let mut facts = self.link.facts();
                        facts.rtt_us = Some(rtt_us);
                        facts.clock_skew.told(trip);
                    }
                    self.link.acknowledge(&vector);
                    self.acknowledged.send_modify(|acknowledged| acknowledged.join(&vector));
                }
                Frame::SetAside { dots } => self.link.sets_aside(self.peer_replica, &dots),
                frame => {
                    // What is dropped is asked again by whoever waits for it.
                    if self.to_sender.try_send(frame).is_err() {
                        tracing::debug!(peer = %self.link.peer, "the peer asks too much at once");
                    }
                }
            }
        }
    }
}

struct Sending {
    shipper: Shipper,
    log: LogReader,
    writer: FrameWriter,
    acknowledged: watch::Receiver<VersionVector>,
    incoming: mpsc::Receiver<Frame>,
    questions: mpsc::Receiver<Question>,
    asked: Asked,
}

impl Sending {
    async fn run(mut self, shipping: &mut Shipping, first: Option<Output>) -> ConnectionError {
        match self.send(shipping, first).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn send(
        &mut self,
        shipping: &mut Shipping,
        first: Option<Output>,
    ) -> Result<core::convert::Infallible, ConnectionError> {
        let mut naming = Naming::default();
        let mut heartbeat = interval(shipping.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.perform(shipping, first).await?;
        loop {
            let output = tokio::select! {
                frame = self.incoming.recv() => {
                    let frame = frame.ok_or(ConnectionError::Stopped)?;
                    self.incoming(frame)?
                }
                changed = self.acknowledged.changed() => {
                    changed.map_err(|_| ConnectionError::Stopped)?;
                    let vector = self.acknowledged.borrow_and_update().clone();
                    self.shipper.handle(Input::Acknowledged { vector })
                }
                changed = shipping.published.changed() => {
                    changed.map_err(|_| ConnectionError::Stopped)?;
                    let vector = (**shipping.views.load().vector()).clone();
                    self.shipper.handle(Input::Appended { vector })
                }
                Some(question) = self.questions.recv() => {
                    let frame = self.asked.ask(question);
                    self.write(shipping, &frame).await?;
                    None
                }
                _ = heartbeat.tick() => {
                    let view = shipping.views.load_full();
                    if let Some(frame) = naming.due(&view) {
                        self.write(shipping, &frame).await?;
                    }
                    let watermark = (**view.vector()).clone();
                    let others = shipping.links.others(shipping.link.peer);
                    let frame = Frame::Heartbeat { sent_us: monotonic_us(), watermark, others };
                    self.write(shipping, &frame).await?;
                    None
                }
            };
            self.perform(shipping, output).await?;
        }
    }

    fn incoming(&mut self, frame: Frame) -> Result<Option<Output>, ConnectionError> {
        match frame {
            Frame::Ask { origin, after, up_to } => {
                Ok(self.shipper.handle(Input::Asked { origin, after, up_to }))
            }
            Frame::TableReply { request, reply } => {
                self.asked.table_answered(request, reply);
                Ok(None)
            }
            Frame::MemberReply { request, reply } => {
                self.asked.member_answered(request, reply);
                Ok(None)
            }
            _ => Err(ConnectionError::Unexpected { what: "a frame of the shipping side" }),
        }
    }

    /// Loads and sends until the shipper wants nothing more.
    async fn perform(
        &mut self,
        shipping: &Shipping,
        mut output: Option<Output>,
    ) -> Result<(), ConnectionError> {
        while let Some(wanted) = output {
            output = match wanted {
                Output::NeedsSnapshot { origin, after } => {
                    tracing::warn!(peer = %shipping.link.peer, %origin, "the peer needs a snapshot");
                    self.write(shipping, &Frame::OutOfLog { origin, after }).await?;
                    None
                }
                Output::NotHeld { origin, after } => {
                    self.write(shipping, &Frame::OutOfLog { origin, after }).await?;
                    None
                }
                Output::Load { origin, after, up_to } => {
                    let input = self.load(shipping, origin, after, up_to).await?;
                    self.shipper.handle(input)
                }
            };
            if output.is_some() {
                // Others on this thread have their turn between two batches.
                tokio::task::yield_now().await;
            }
        }
        let mut facts = shipping.link.facts();
        facts.in_flight_bytes = self.shipper.in_flight_bytes() as u64;
        facts.needs_snapshot = self.shipper.needs_snapshot();
        Ok(())
    }

    async fn load(
        &mut self,
        shipping: &Shipping,
        origin: ReplicaId,
        after: u64,
        up_to: u64,
    ) -> Result<Input, ConnectionError> {
        let run = match self.log.read(origin, after, up_to, shipping.batch_bytes)? {
            Found::Run(run) => run,
            Found::Released => return Ok(Input::Released { origin }),
            Found::Nothing => return Ok(Input::Loaded { origin, read: None }),
        };
        let changes = run.changes.iter().map(Vec::as_slice);
        let batch = BatchFrame::pack(origin, run.hash_before, changes, shipping.compression_level)?;
        self.write(shipping, &Frame::Batch(batch)).await?;
        shipping.link.facts().batches_sent += 1;
        Ok(Input::Loaded { origin, read: Some(Read { last: run.last, bytes: run.bytes }) })
    }

    async fn write(&mut self, shipping: &Shipping, frame: &Frame) -> Result<(), ConnectionError> {
        let bytes = self.writer.write(frame).await?;
        shipping.link.facts().bytes_sent += bytes;
        Ok(())
    }
}
