//! The answering end: has one peer's requests answered, for as long as a connection lives.
//!
//! Answers are made on a thread of their own, so that what reads from the disk holds up no
//! heartbeat. Past the number of requests that may be under way the connection is not read.

use core::time::Duration;
use std::sync::Arc;

use actix_rt::ArbiterHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tombolo_protocol::{Forward, Forwarded, Frame, RefusalCode};

use super::asking::IDLE_MAX;
use super::{Answers, ForwardReply, ForwardRequest};
use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::links::Link;

/// See the module.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(crate) link: Arc<Link>,
    pub(crate) answers: Answers,
    /// Where answers are made.
    pub(crate) thread: ArbiterHandle,
    pub(crate) in_flight_max: usize,
    /// The longest request, and the longest answer.
    pub(crate) bytes_max: usize,
    /// How long an answer may take, whatever the peer says.
    pub(crate) timeout_max: Duration,
    pub(crate) silence_max: Duration,
}

impl Answering {
    /// Serves a peer that has been welcomed, until the connection ends.
    pub(crate) async fn run(self, reader: FrameReader, mut writer: FrameWriter) -> ConnectionError {
        let mut replaced = self.link.take_forwarding();
        let (to_writer, mut answered) = mpsc::channel(self.in_flight_max);
        let ended = tokio::select! {
            ended = self.receive(reader, to_writer) => ended,
            ended = self.send(&mut writer, &mut answered) => ended,
            // The sender lives as long as the link.
            _ = replaced.changed() => ConnectionError::Replaced,
            closed = self.link.closed() => closed,
        };
        if let ConnectionError::Refusing { code, detail } = &ended {
            // A peer that does not read must not hold the connection.
            timeout(self.silence_max, writer.refuse(*code, detail)).await.ok();
        }
        ended
    }

    async fn receive(
        &self,
        mut reader: FrameReader,
        to_writer: mpsc::Sender<Forwarded>,
    ) -> ConnectionError {
        let in_flight = Arc::new(Semaphore::new(self.in_flight_max));
        let (bytes_read, mut counted) = (reader.bytes_read(), 0);
        loop {
            // Longer than the asking end keeps a connection: it is that end's to close.
            let frame = reader.read(self.bytes_max, 2 * IDLE_MAX).await;
            self.link.facts().bytes_received += bytes_read.get() - counted;
            counted = bytes_read.get();
            let forward = match frame {
                Ok(Frame::Forward(forward)) => forward,
                Ok(Frame::Refused { code, detail }) => {
                    return ConnectionError::Refused { code, detail };
                }
                Ok(_) => {
                    return ConnectionError::Refusing {
                        code: RefusalCode::Malformed,
                        detail: "something else than a request".to_owned(),
                    };
                }
                Err(error) => return error,
            };
            let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else {
                return ConnectionError::Stopped;
            };
            if !self.answer(forward, permit, to_writer.clone()) {
                return ConnectionError::Stopped;
            }
        }
    }

    /// Has a request answered on the other thread; false where that has ended.
    fn answer(
        &self,
        forward: Forward,
        permit: OwnedSemaphorePermit,
        to_writer: mpsc::Sender<Forwarded>,
    ) -> bool {
        let (answers, from) = (self.answers.clone(), self.link.peer);
        let bytes_max = self.bytes_max;
        let wait = Duration::from_millis(forward.timeout_ms).min(self.timeout_max);
        self.thread.spawn_fn(move || {
            actix_rt::spawn(async move {
                let Forward { request, method, target, headers, body, .. } = forward;
                let asked = ForwardRequest { method, target, headers, body, timeout: wait };
                let answered = async { Some(answers.get()?.answer(from, asked).await) };
                // Who no longer waits gets no answer; what was begun is not undone.
                if let Ok(reply) = timeout(wait, answered).await {
                    let reply = reply.filter(|reply| reply.body.len() <= bytes_max);
                    let ForwardReply { status, headers, body } = reply.unwrap_or_else(cannot);
                    let answer = Forwarded { request, status, headers, body };
                    to_writer.send(answer).await.ok();
                }
                drop(permit);
            });
        })
    }

    async fn send(
        &self,
        writer: &mut FrameWriter,
        answered: &mut mpsc::Receiver<Forwarded>,
    ) -> ConnectionError {
        while let Some(answer) = answered.recv().await {
            match writer.write(&Frame::Forwarded(answer)).await {
                Ok(bytes) => self.link.facts().bytes_sent += bytes,
                Err(error) => return error,
            }
        }
        ConnectionError::Stopped
    }
}

/// Nobody here answers, or the answer is too long to be sent: somebody else is asked.
fn cannot() -> ForwardReply {
    ForwardReply { status: 503, headers: Vec::new(), body: Vec::new() }
}
