//! The asking end: drives the reconciler over a connection to one peer, made for that.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tombolo_causality::{Dot, RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Frame, Purpose, RefusalCode};
use tombolo_replication::leader::Voices;
use tombolo_replication::reconciler::{Findings, Input, Limits, Output, Reconciler};

use super::{HELD, Holdings, Patience};
use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::dialling::{dial, hello};
use crate::leader::JoinError;
use crate::links::{Link, Links};
use crate::naming;

/// Spans that are compared or settled at a time: what the way is long for.
const SPANS_MAX: usize = 4;

/// How often an item that is being written is looked at.
const ROUNDS_MAX: u32 = 4;

/// What one span has, at most: items, and bytes of their states.
const SPAN: (usize, usize) = (500, 256 << 10);

/// How long the peer may say nothing.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) links: Arc<Links>,
    pub(crate) holdings: Holdings,
    pub(crate) dial_timeout: Duration,
    pub(crate) frame_bytes_max: usize,
}

/// The same with one of the peers.
#[derive(Debug)]
pub(super) struct Asking {
    asker: Asker,
    pub(super) link: Arc<Link>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Compared {
    /// What was shown at the beginning.
    pub(super) vector: VersionVector,
    pub(super) findings: Findings,
    /// Of what was shown at the beginning, the changes that only one of both has set aside.
    pub(super) differing_exceptions: usize,
    /// Whether the peer did not show that to the end.
    pub(super) is_behind: bool,
}

/// What holds of a run as a whole.
#[derive(Debug)]
struct Run<'a> {
    speaks_for: &'a [RegionId],
    /// What the peer has set aside, at the beginning: it only grows.
    set_aside: Vec<Dot>,
    /// What the peer has said that it shows.
    shown: RefCell<VersionVector>,
}

impl Asker {
    /// The peers that there are now, in the order of their names.
    pub(super) fn peers(&self) -> Vec<Asking> {
        let links = self.links.all().into_iter();
        links.map(|link| Asking { asker: self.clone(), link }).collect()
    }
}

impl Asking {
    /// Compares everything with the peer and repairs what differs. This region speaks for the
    /// writes of `speaks_for`.
    pub(super) async fn run(&self, speaks_for: &[RegionId]) -> Result<Compared, ConnectionError> {
        let verified = async {
            let vector = VersionVector::clone(self.asker.holdings.view().vector());
            let hello = hello(&self.asker.cluster, self.asker.own, vector, Purpose::Verify);
            let (host, port) = &self.link.address;
            let dialled = dial((host, *port), hello, self.link.peer);
            let dialled = timeout(self.asker.dial_timeout, dialled).await;
            let (mut reader, mut writer, welcome) =
                dialled.map_err(|_| ConnectionError::Silent)??;
            let set_aside = self.exchange(&mut reader, &mut writer).await?;
            let view = self.asker.holdings.view();
            let tables = view.catalog().iter().map(|table| table.id);
            let limits = Limits { spans_max: SPANS_MAX, rounds_max: ROUNDS_MAX };
            let ours = view.exceptions();
            let unwelcome = set_aside.iter().filter(|dot| !ours.contains(dot)).copied().collect();
            let machine = Reconciler::new(limits, tables, speaks_for.to_vec());
            let machine = machine.with_unwelcome(unwelcome);
            let (vector, exceptions) = (Arc::clone(view.vector()), Arc::clone(view.exceptions()));
            drop(view);
            let run = Run { speaks_for, set_aside, shown: RefCell::new(welcome.vector) };
            let findings = self.converse((&mut reader, &mut writer), machine, &run).await?;
            // Asked after everything else, the peer tells of all that it has shown in the meantime.
            let set_aside = self.exchange(&mut reader, &mut writer).await?;
            let shown = run.shown.into_inner();
            let of_both =
                vector.iter().map(|(replica, seq)| (replica, seq.min(shown.get(&replica))));
            let differing_exceptions = exceptions.differing(&set_aside, &of_both.collect());
            let is_behind = findings.spans > 0 && !shown.descends(&vector);
            let vector = VersionVector::clone(&vector);
            Ok(Compared { vector, findings, differing_exceptions, is_behind })
        };
        tokio::select! {
            verified = verified => verified,
            closed = self.link.closed() => Err(closed),
        }
    }

    /// Tells the peer what is set aside here, and answers what is there.
    async fn exchange(
        &self,
        reader: &mut FrameReader,
        writer: &mut FrameWriter,
    ) -> Result<Vec<Dot>, ConnectionError> {
        let bytes = writer.write(&naming::all(&self.asker.holdings.view())).await?;
        self.link.facts().bytes_sent += bytes;
        match self.read(reader).await? {
            Frame::SetAside { dots } => Ok(dots),
            frame => Err(unexpected(frame)),
        }
    }

    /// Sends and receives beside each other: neither end then waits for the other to read.
    async fn converse(
        &self,
        (reader, writer): (&mut FrameReader, &mut FrameWriter),
        machine: Reconciler,
        run: &Run<'_>,
    ) -> Result<Findings, ConnectionError> {
        // Each span asks one thing at a time, and so do those whose items have their turn.
        let (to_peer, mut frames) = mpsc::channel(SPANS_MAX + 1);
        let sending = async {
            while let Some(frame) = frames.recv().await {
                match writer.write(&frame).await {
                    Ok(bytes) => self.link.facts().bytes_sent += bytes,
                    Err(error) => return error,
                }
            }
            ConnectionError::Stopped
        };
        tokio::select! {
            found = self.drive(reader, &to_peer, machine, run) => found,
            ended = sending => Err(ended),
        }
    }

    async fn drive(
        &self,
        reader: &mut FrameReader,
        to_peer: &mpsc::Sender<Frame>,
        mut machine: Reconciler,
        run: &Run<'_>,
    ) -> Result<Findings, ConnectionError> {
        let mut outputs = VecDeque::from(machine.begin());
        let patience = Patience::default();
        loop {
            self.asker.holdings.check()?;
            let input = match outputs.pop_front() {
                Some(Output::Done(findings)) => return Ok(findings),
                Some(output) => self.perform(output, to_peer, (run, &patience)).await?,
                None => Some(self.hear(reader, &run.shown).await?),
            };
            if let Some(input) = input {
                let misfit = |error: tombolo_replication::reconciler::Misfit| {
                    ConnectionError::Unexpected { what: error.what }
                };
                outputs.extend(machine.handle(input).map_err(misfit)?);
            }
        }
    }

    async fn hear(
        &self,
        reader: &mut FrameReader,
        shown: &RefCell<VersionVector>,
    ) -> Result<Input, ConnectionError> {
        match self.read(reader).await? {
            Frame::Compared(compared) => {
                self.asker.holdings.meters.spans_compared.increment();
                shown.borrow_mut().join(&compared.vector);
                Ok(Input::Compared(compared))
            }
            Frame::Offered(offered) => {
                shown.borrow_mut().join(&offered.vector);
                Ok(Input::Offered(offered))
            }
            frame => Err(unexpected(frame)),
        }
    }

    async fn read(&self, reader: &mut FrameReader) -> Result<Frame, ConnectionError> {
        let bytes_read = reader.bytes_read();
        let before = bytes_read.get();
        let frame = reader.read(self.asker.frame_bytes_max, ANSWER_MAX).await;
        self.link.facts().bytes_received += bytes_read.get() - before;
        if let Err(ConnectionError::Frame(_)) = &frame {
            self.asker.holdings.meters.states_refused.increment();
        }
        frame
    }

    async fn perform(
        &self,
        output: Output,
        to_peer: &mpsc::Sender<Frame>,
        (run, patience): (&Run<'_>, &Patience),
    ) -> Result<Option<Input>, ConnectionError> {
        let ours = &self.asker.holdings;
        let frame = match output {
            Output::Compare(compare) => Frame::Compare(compare),
            Output::Offer(offer) => Frame::Offer(offer),
            Output::Read(span) => {
                let listed = ours.list(span, SPAN).await?;
                let (listing, rest) = listed.map_or((None, None), |(l, rest)| (Some(l), rest));
                return Ok(Some(Input::Read { listing, rest }));
            }
            Output::Await { table, vector } => {
                ours.catch_up(&vector, patience).await?;
                return Ok(Some(Input::Awaited { table }));
            }
            Output::Load { table, keys, vector } => {
                ours.catch_up(&vector, patience).await?;
                let (vector, items) = ours.held(table, keys, HELD).await?;
                return Ok(Some(Input::Loaded { vector, items }));
            }
            Output::Join { table, items, vector } => {
                ours.catch_up(&vector, patience).await?;
                let (speaks_for, theirs) = (run.speaks_for.to_vec(), vec![self.link.peer]);
                let voices = Voices { ours: speaks_for, theirs, set_aside: run.set_aside.clone() };
                let joined = ours.join(table, items, voices).await;
                let left_over = joined.map_err(|error| not_joined(&error))?.left_over;
                return Ok(Some(Input::Joined { left_over }));
            }
            Output::Done(_) => return Ok(None),
        };
        to_peer.send(frame).await.map_err(|_| ConnectionError::Stopped)?;
        Ok(None)
    }
}

/// Why the connection ends on which this was the answer.
fn unexpected(frame: Frame) -> ConnectionError {
    match frame {
        Frame::Refused { code, detail } => ConnectionError::Refused { code, detail },
        _ => ConnectionError::Unexpected { what: "something else than an answer" },
    }
}

/// Why the connection ends where states were not joined.
pub(super) fn not_joined(error: &JoinError) -> ConnectionError {
    let code = match error {
        JoinError::Refused(_) => RefusalCode::Malformed,
        _ => RefusalCode::Unavailable,
    };
    ConnectionError::Refusing { code, detail: error.to_string() }
}
