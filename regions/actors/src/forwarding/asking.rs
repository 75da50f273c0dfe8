//! The asking end: sends requests to one peer, over a connection that is made when it is needed.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tombolo_causality::{ReplicaId, VersionVector};
use tombolo_protocol::{Forward, Frame, Purpose};

use super::{ForwardError, ForwardReply, Job};
use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::dialling::{dial, hello};
use crate::links::Link;

/// How long a connection is kept on which nothing is answered.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) link: Arc<Link>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) dial_timeout: Duration,
    pub(crate) frame_bytes_max: usize,
}

/// Whoever waits for an answer, by request.
type Pending = RefCell<BTreeMap<u64, oneshot::Sender<Result<ForwardReply, ForwardError>>>>;

impl Asking {
    /// Sends what comes until nobody can ask any more, or the peer has gone.
    pub(crate) async fn run(mut self) {
        while let Some(job) = self.next().await {
            if job.reply.is_closed() {
                continue;
            }
            match self.connect().await {
                Ok((reader, writer)) => {
                    let ended = self.converse(job, reader, writer).await;
                    tracing::debug!(peer = %self.link.peer, reason = %ended, "forwarding ended");
                }
                Err(error) => {
                    tracing::debug!(peer = %self.link.peer, %error, "the peer cannot be asked");
                    not_sent(job);
                    // Those behind it would each wait as long in vain.
                    while let Ok(job) = self.jobs.try_recv() {
                        not_sent(job);
                    }
                }
            }
        }
    }

    /// The next request, unless the peer is no longer a member.
    async fn next(&mut self) -> Option<Job> {
        tokio::select! {
            job = self.jobs.recv() => job,
            () = self.link.ended() => None,
        }
    }

    async fn connect(&self) -> Result<(FrameReader, FrameWriter), ConnectionError> {
        let hello = hello(&self.cluster, self.own, VersionVector::new(), Purpose::Forward);
        let (host, port) = &self.link.address;
        let dialled = dial((host, *port), hello, self.link.peer);
        tokio::select! {
            dialled = timeout(self.dial_timeout, dialled) => {
                let (reader, writer, _) = dialled.map_err(|_| ConnectionError::Silent)??;
                Ok((reader, writer))
            }
            closed = self.link.closed() => Err(closed),
        }
    }

    /// Sends and receives until the connection ends. What is unanswered then may have been done.
    async fn converse(
        &mut self,
        first: Job,
        reader: FrameReader,
        writer: FrameWriter,
    ) -> ConnectionError {
        let link = Arc::clone(&self.link);
        let frame_bytes_max = self.frame_bytes_max;
        let pending = Pending::default();
        tokio::select! {
            ended = self.send(first, writer, &pending) => ended,
            ended = receive(&link, reader, frame_bytes_max, &pending) => ended,
            closed = link.closed() => closed,
        }
    }

    async fn send(
        &mut self,
        first: Job,
        mut writer: FrameWriter,
        pending: &Pending,
    ) -> ConnectionError {
        let mut next = Some(first);
        let request = Cell::new(0);
        while let Some(job) = next {
            let Job { request: asked, reply } = job;
            if !reply.is_closed() {
                request.set(request.get() + 1);
                pending.borrow_mut().retain(|_, reply| !reply.is_closed());
                pending.borrow_mut().insert(request.get(), reply);
                let frame = Frame::Forward(Forward {
                    request: request.get(),
                    timeout_ms: u64::try_from(asked.timeout.as_millis()).unwrap_or(u64::MAX),
                    method: asked.method,
                    target: asked.target,
                    headers: asked.headers,
                    body: asked.body,
                });
                match writer.write(&frame).await {
                    Ok(bytes) => self.link.facts().bytes_sent += bytes,
                    Err(error) => return error,
                }
            }
            next = self.jobs.recv().await;
        }
        ConnectionError::Stopped
    }
}

async fn receive(
    link: &Link,
    mut reader: FrameReader,
    frame_bytes_max: usize,
    pending: &Pending,
) -> ConnectionError {
    let (bytes_read, mut counted) = (reader.bytes_read(), 0);
    loop {
        let frame = reader.read(frame_bytes_max, IDLE_MAX).await;
        link.facts().bytes_received += bytes_read.get() - counted;
        counted = bytes_read.get();
        match frame {
            Ok(Frame::Forwarded(answer)) => {
                let waiting = pending.borrow_mut().remove(&answer.request);
                let reply = ForwardReply {
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.body,
                };
                // Whoever asked may have stopped waiting.
                waiting.map(|waiting| waiting.send(Ok(reply)).ok());
            }
            Ok(Frame::Refused { code, detail }) => {
                return ConnectionError::Refused { code, detail };
            }
            Ok(_) => return ConnectionError::Unexpected { what: "something else than an answer" },
            Err(error) => return error,
        }
    }
}

fn not_sent(job: Job) {
    // Whoever asked may have stopped waiting.
    job.reply.send(Err(ForwardError::NotSent)).ok();
}
