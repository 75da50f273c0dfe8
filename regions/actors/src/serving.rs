//! The listening end of a link: takes in what one peer ships, for as long as a connection lives.

use core::cell::Cell;
use core::mem::replace;
use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use actix::Addr;
use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tombolo_causality::{ReplicaId, VersionVector};
use tombolo_protocol::{Echo, Frame, RefusalCode};
use tombolo_replication::intake::{Input, Refusal};
use tombolo_storage::View;

use crate::catching_up::{CatchUpState, EndOfLog};
use crate::clock::{monotonic_ms, wall_us};
use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::intake::{Arrived, Intake};
use crate::links::{Link, Links};
use crate::members::Members;
use crate::naming::{self, Naming};
use crate::tables::Tables;

/// What serving a peer needs.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) link: Arc<Link>,
    /// Who the peer says that it is.
    pub(crate) peer_replica: ReplicaId,
    pub(crate) links: Arc<Links>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) intake: Addr<Intake>,
    pub(crate) tables: Tables,
    pub(crate) members: Members,
    pub(crate) state: Arc<CatchUpState>,
    pub(crate) silence_max: Duration,
    pub(crate) frame_bytes_max: usize,
}

/// What reading leaves for writing.
#[derive(Debug)]
struct Echoing {
    /// The latest heartbeat that has not been echoed.
    sent_us: Cell<Option<u64>>,
    heard: Notify,
    /// How much has been read, also of a frame that is not whole yet.
    bytes_read: Rc<Cell<u64>>,
    /// Whether something that was read waits to be taken in.
    is_busy: Cell<bool>,
}

impl Serving {
    /// Serves a peer that has been welcomed, until the connection ends.
    pub(crate) async fn run(
        mut self,
        reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let link = Arc::clone(&self.link);
        let (connection, outbox) = link.open_outbox();
        let echo = Echoing {
            sent_us: Cell::default(),
            heard: Notify::new(),
            bytes_read: reader.bytes_read(),
            is_busy: Cell::default(),
        };
        let reading = self.clone();
        let ended = tokio::select! {
            // Being replaced comes first: nothing more is then taken in.
            biased;
            ended = self.send(&mut writer, &echo, outbox) => ended,
            ended = reading.receive(reader, &echo) => ended,
            closed = link.closed() => closed,
        };
        link.close_outbox(connection);
        if link.has_ended() {
            timeout(self.silence_max, self.say_last(&mut writer)).await.ok();
        }
        if let ConnectionError::Refusing { code, detail } = &ended {
            // A peer that does not read must not hold the connection.
            timeout(self.silence_max, writer.refuse(*code, detail)).await.ok();
        }
        let lost = Arrived(Input::Lost { peer: link.peer });
        if !matches!(ended, ConnectionError::Replaced) && self.intake.send(lost).await.is_err() {
            return ConnectionError::Stopped;
        }
        ended
    }

    /// To a peer that is no longer a member: what is here, its removal included, so that one that
    /// ordered that itself knows that it has arrived.
    async fn say_last(&self, writer: &mut FrameWriter) {
        let view = self.views.load_full();
        let acknowledge = Frame::Acknowledge { vector: (**view.vector()).clone(), echo: None };
        for frame in [naming::all(&view), acknowledge] {
            if writer.write(&frame).await.is_err() {
                return;
            }
        }
    }

    async fn receive(self, mut reader: FrameReader, echo: &Echoing) -> ConnectionError {
        let mut counted = 0;
        loop {
            let frame = match reader.read(self.frame_bytes_max, self.silence_max).await {
                Ok(frame) => frame,
                Err(ConnectionError::Frame(error)) => return malformed(&error),
                Err(error) => return error,
            };
            {
                let mut facts = self.link.facts();
                facts.last_heard_ms = Some(monotonic_ms());
                facts.bytes_received += echo.bytes_read.get() - counted;
                counted = echo.bytes_read.get();
            }
            echo.is_busy.set(true);
            if let Err(error) = self.take(frame, echo).await {
                return error;
            }
            echo.is_busy.set(false);
        }
    }

    async fn take(&self, frame: Frame, echo: &Echoing) -> Result<(), ConnectionError> {
        match frame {
            Frame::Batch(batch) => {
                let batch = batch.unpack(self.frame_bytes_max).map_err(|e| malformed(&e.into()))?;
                self.arrived(Input::Received { peer: self.link.peer, batch }).await
            }
            Frame::Heartbeat { sent_us, watermark, others } => {
                self.heard(&watermark);
                self.links.are_said(&others);
                echo.sent_us.set(Some(sent_us));
                echo.heard.notify_one();
                self.arrived(Input::Heard { peer: self.link.peer, vector: watermark }).await
            }
            Frame::TableRequest { request, what } => {
                let (tables, link) = (self.tables.clone(), Arc::clone(&self.link));
                // Answered when it is durable, which must not hold up what else arrives.
                actix_rt::spawn(async move {
                    let reply = tables.decide_for_peer(what).await;
                    if !link.try_send(Frame::TableReply { request, reply }) {
                        tracing::debug!(peer = %link.peer, "a table's answer was not delivered");
                    }
                });
                Ok(())
            }
            Frame::MemberRequest { request, what } => {
                let (members, link) = (self.members.clone(), Arc::clone(&self.link));
                actix_rt::spawn(async move {
                    let reply = members.decide_for_peer(what).await;
                    if !link.try_send(Frame::MemberReply { request, reply }) {
                        tracing::debug!(peer = %link.peer, "an answer about a member was lost");
                    }
                });
                Ok(())
            }
            Frame::SetAside { dots } => {
                self.link.sets_aside(self.peer_replica, &dots);
                Ok(())
            }
            Frame::OutOfLog { origin, after } => {
                self.state.is_told(EndOfLog { peer: self.link.peer, origin, after });
                Ok(())
            }
            Frame::Refused { code, detail } => Err(ConnectionError::Refused { code, detail }),
            _ => Err(ConnectionError::Refusing {
                code: RefusalCode::Malformed,
                detail: "a frame of the serving side".to_owned(),
            }),
        }
    }

    fn heard(&self, watermark: &VersionVector) {
        let view = self.views.load();
        let peer = self.link.peer;
        let own = watermark.iter().filter(|(replica, _)| replica.region == peer).collect();
        self.link.acknowledge(watermark);
        let mut facts = self.link.facts();
        let one_way_ms = facts.rtt_us.unwrap_or_default() / 2_000;
        facts.lag.heard(monotonic_ms(), one_way_ms, own, view.vector());
    }

    async fn arrived(&self, input: Input) -> Result<(), ConnectionError> {
        match self.intake.send(Arrived(input)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => {
                let code = match reason {
                    Refusal::ClockAhead { .. } => RefusalCode::ClockAhead,
                    Refusal::Forked { .. } | Refusal::OwnFuture { .. } => RefusalCode::Forked,
                    _ => RefusalCode::Malformed,
                };
                Err(ConnectionError::Refusing { code, detail: reason.to_string() })
            }
            Err(_) => Err(ConnectionError::Stopped),
        }
    }

    /// Acknowledges what is durable, as soon as it is and with every heartbeat, after it has named
    /// what of it is not shown, and sends what
    /// others of this region have for the peer. While the peer's bytes are on the way or wait to be
    /// taken in, it is told so now and then: its heartbeats wait behind them.
    async fn send(
        &mut self,
        writer: &mut FrameWriter,
        echo: &Echoing,
        mut outbox: mpsc::Receiver<Frame>,
    ) -> ConnectionError {
        let peer = self.link.peer;
        let (mut acknowledged, mut naming) = (VersionVector::new(), Naming::default());
        let mut alive = interval(self.silence_max / 3);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bytes_read = 0;
        loop {
            let frame = tokio::select! {
                biased;
                frame = outbox.recv() => match frame {
                    Some(Frame::Refused { code, detail }) => {
                        return ConnectionError::Refusing { code, detail };
                    }
                    Some(frame) => Some(frame),
                    None => return ConnectionError::Replaced,
                },
                () = echo.heard.notified() => None,
                _ = alive.tick() => {
                    let before = replace(&mut bytes_read, echo.bytes_read.get());
                    if before == bytes_read && !echo.is_busy.get() {
                        continue;
                    }
                    self.link.facts().last_heard_ms = Some(monotonic_ms());
                    None
                }
                changed = self.published.changed() => {
                    if changed.is_err() {
                        return ConnectionError::Stopped;
                    }
                    let view = self.views.load();
                    let theirs = |(replica, seq): (ReplicaId, u64)| {
                        replica.region == peer && seq > acknowledged.get(&replica)
                    };
                    if !view.vector().iter().any(theirs) {
                        continue;
                    }
                    None
                }
            };
            let frames = if let Some(frame) = frame {
                [None, Some(frame)]
            } else {
                let view = self.views.load_full();
                acknowledged.clone_from(view.vector());
                let sent_us = echo.sent_us.take();
                let echo = sent_us.map(|sent_us| Echo { sent_us, wall_us: wall_us() });
                let acknowledge = Frame::Acknowledge { vector: acknowledged.clone(), echo };
                [naming.due(&view), Some(acknowledge)]
            };
            for frame in frames.iter().flatten() {
                match writer.write(frame).await {
                    Ok(bytes) => self.link.facts().bytes_sent += bytes,
                    Err(error) => return error,
                }
            }
            alive.reset();
        }
    }
}

/// Why a connection ends on which something arrived that is no frame.
pub(crate) fn malformed(error: &tombolo_protocol::FrameError) -> ConnectionError {
    use tombolo_protocol::{DecodeError, FrameError};
    let code = match error {
        FrameError::Decode(
            DecodeError::UnknownKind { .. }
            | DecodeError::UnknownName { .. }
            | DecodeError::UnknownVersion { .. },
        ) => RefusalCode::UnknownKind,
        _ => RefusalCode::Malformed,
    };
    ConnectionError::Refusing { code, detail: error.to_string() }
}
