//! Connections to the peers: dialled and accepted, judged by what is heard on them, given up.
//!
//! What the replication, listener and intake actors do.

use tombolo_causality::VersionVector;
use tombolo_protocol::{Echo, Frame, Hello, Purpose, RefusalCode, Welcome};
use tombolo_replication::incarnation::is_forked;
use tombolo_replication::intake::{Input, Output, Refusal};
use tombolo_replication::shipper::{self, Shipper};

use super::starting::{CLUSTER, FRAME_BYTES_MAX, PROTOCOL, decode};
use super::{Failure, Inbound, Outbound, Region, Running, Shipping, Wake};
use crate::around::Around;
use crate::coverage::PathKind;
use crate::mutant::Mutant;
use crate::network::{Arrival, ConnectionId, Delivery, RegionIndex};

/// A peer's requests for missing changes that may wait.
const ASKS_MAX: usize = 64;

impl Running {
    /// Plans the next attempt to dial.
    pub(super) fn schedule(&mut self, region: &Region, around: &mut Around, peer: RegionIndex) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.outbound.is_some() {
            return;
        }
        link.turn += 1;
        let Some(at_ms) = link.breaker.attempt_at_ms().filter(|_| !link.paused) else { return };
        let in_us = (at_ms * 1_000).saturating_sub(around.now_us);
        let what = Wake::Attempt { peer, turn: link.turn };
        around.wake(region.index, region.life, in_us, what);
    }

    pub(super) fn attempt(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        turn: u64,
    ) {
        let vector = self.vector();
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.turn != turn || link.outbound.is_some() || link.paused {
            return;
        }
        link.breaker.attempt();
        let connection = around.network.dial(region.index, peer);
        let now_ms = around.now_ms();
        link.outbound =
            Some(Outbound { connection, shipping: None, dialled_ms: now_ms, heard_ms: now_ms });
        let hello = Hello {
            cluster: CLUSTER.to_owned(),
            region: region.name,
            replica: self.identity.replica,
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            vector,
            purpose: Purpose::Replicate,
        };
        around.send(connection, region.index, &Frame::Hello(hello));
    }

    /// The dialled connection has ended, or could not be had.
    fn down(&mut self, region: &Region, around: &mut Around, peer: RegionIndex) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if let Some(outbound) = link.outbound.take() {
            around.close(outbound.connection, region.index);
            around.network.forget(outbound.connection);
            if outbound.shipping.is_none() {
                around.path(PathKind::DialFailed);
            }
        }
        let jitter = around.random.next_u64();
        link.breaker.failed(around.now_ms(), jitter);
        self.schedule(region, around, peer);
    }

    /// The accepted connection has ended.
    fn lost(&mut self, region: &Region, around: &mut Around, peer: RegionIndex) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if let Some(inbound) = link.inbound.take() {
            around.close(inbound.connection, region.index);
            self.arrived.retain(|(_, connection, _)| *connection != inbound.connection);
            let name = link.name;
            let (now_ms, wall_ms) = (around.now_ms(), region.wall_ms(around));
            self.intake.handle(now_ms, wall_ms, Input::Lost { peer: name });
        }
    }

    pub(super) fn arrived(
        &mut self,
        region: &Region,
        around: &mut Around,
        delivery: Delivery,
    ) -> Result<(), Failure> {
        let Delivery { connection, arrival, .. } = delivery;
        let dialled = self.links.iter().find_map(|(peer, link)| {
            let outbound = link.outbound.as_ref()?;
            (outbound.connection == connection).then_some(*peer)
        });
        let accepted = self.links.iter().find_map(|(peer, link)| {
            let inbound = link.inbound.as_ref()?;
            (inbound.connection == connection).then_some(*peer)
        });
        let frame = match &arrival {
            Arrival::Frame(bytes) => decode(bytes),
            Arrival::Closed => None,
        };
        if frame.is_none() && matches!(arrival, Arrival::Frame(_)) {
            around.path(PathKind::FrameRefused);
            if around.is_planted(Mutant::UnknownPassedOver) {
                return Ok(());
            }
        }
        match (dialled, accepted, frame) {
            (Some(peer), _, Some(frame)) => self.answered(region, around, peer, frame),
            (Some(peer), _, None) => {
                self.down(region, around, peer);
                Ok(())
            }
            (_, Some(peer), Some(frame)) => self.said(region, around, peer, connection, frame),
            (_, Some(peer), None) => {
                self.lost(region, around, peer);
                Ok(())
            }
            (None, None, Some(Frame::Hello(hello))) => {
                self.greet(region, around, connection, &hello)
            }
            (None, None, _) => {
                around.close(connection, region.index);
                Ok(())
            }
        }
    }

    /// A peer introduces itself.
    fn greet(
        &mut self,
        region: &Region,
        around: &mut Around,
        connection: ConnectionId,
        hello: &Hello,
    ) -> Result<(), Failure> {
        let peer = around.names.iter().position(|name| *name == hello.region);
        let peer =
            peer.filter(|_| hello.cluster == CLUSTER && hello.replica.region == hello.region);
        let Some((peer, link)) = peer.and_then(|peer| Some((peer, self.links.get_mut(&peer)?)))
        else {
            around.close(connection, region.index);
            return Ok(());
        };
        if link.paused {
            let (code, detail) = (RefusalCode::Paused, "the link is paused".to_owned());
            around.send(connection, region.index, &Frame::Refused { code, detail });
            around.close(connection, region.index);
            return Ok(());
        }
        if !matches!(hello.purpose, Purpose::Replicate | Purpose::Identify) {
            // What is forwarded, compared and caught up with by state is not simulated.
            around.close(connection, region.index);
            return Ok(());
        }
        // The connection before it is dropped first: nothing more of it is taken in.
        self.lost(region, around, peer);
        let view = self.writer.overlay().views().load_full();
        let welcome = Frame::Welcome(Welcome {
            replica: self.identity.replica,
            protocol: PROTOCOL,
            vector: (**view.vector()).clone(),
            yours: view.position().streams.get(&hello.replica),
        });
        if hello.purpose == Purpose::Identify {
            // What has arrived is waited for in production; here it is at most one group.
            let yours = self.writer.overlay().position().streams.get(&hello.replica);
            let Frame::Welcome(mut settled) = welcome else { return Ok(()) };
            settled.yours = yours;
            around.send(connection, region.index, &Frame::Welcome(settled));
            around.close(connection, region.index);
            return Ok(());
        }
        around.send(connection, region.index, &welcome);
        let now_ms = around.now_ms();
        if let Some(link) = self.links.get_mut(&peer) {
            link.known.greets(&hello.vector);
            link.inbound = Some(Inbound {
                connection,
                heard_ms: now_ms,
                acknowledged: VersionVector::default(),
            });
            if link.outbound.is_none() {
                link.breaker.try_now(now_ms);
            }
        }
        self.schedule(region, around, peer);
        Ok(())
    }

    /// What whoever was dialled says.
    fn answered(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        frame: Frame,
    ) -> Result<(), Failure> {
        let now_ms = around.now_ms();
        let own =
            self.writer.overlay().views().load().position().streams.get(&self.identity.replica);
        let Some(link) = self.links.get_mut(&peer) else { return Ok(()) };
        let Some(outbound) = &mut link.outbound else { return Ok(()) };
        outbound.heard_ms = now_ms;
        link.last_heard_ms = Some(now_ms);
        match (frame, &mut outbound.shipping) {
            (Frame::Welcome(welcome), None) => {
                let mut log = self.reader.log();
                let theirs = welcome.yours;
                let then = log.hash_at(self.identity.replica, theirs.seq)?;
                let known = if theirs.seq == own.seq { Some(own.hash) } else { then };
                if welcome.replica.region != link.name || is_forked(own, theirs, known) {
                    self.down(region, around, peer);
                    return Ok(());
                }
                link.breaker.heard(now_ms);
                link.known.begins(welcome.replica, &welcome.vector);
                let tuning = &around.plan.tuning;
                let limits = shipper::Limits {
                    window_bytes_max: tuning.window_bytes_max,
                    asks_max: ASKS_MAX,
                };
                let tail = (**self.writer.overlay().views().load().vector()).clone();
                let shipper = Shipper::new(region.name, tail, limits);
                outbound.shipping = Some(Shipping { shipper, log });
                self.ship(
                    region,
                    around,
                    peer,
                    shipper::Input::Connected { vector: welcome.vector },
                )
            }
            (Frame::Acknowledge { vector, echo }, Some(_)) => {
                link.known.says(&vector);
                if let Some(echo) = echo {
                    link.rtt_us = Some(around.now_us.saturating_sub(echo.sent_us));
                }
                self.ship(region, around, peer, shipper::Input::Acknowledged { vector })
            }
            (Frame::Ask { origin, after, up_to }, Some(_)) => {
                let input = shipper::Input::Asked { origin, after, up_to };
                self.ship(region, around, peer, input)
            }
            _ => {
                self.down(region, around, peer);
                Ok(())
            }
        }
    }

    /// What a peer that has dialled says.
    fn said(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        connection: ConnectionId,
        frame: Frame,
    ) -> Result<(), Failure> {
        let now_ms = around.now_ms();
        let view = self.writer.overlay().views().load_full();
        let Some(link) = self.links.get_mut(&peer) else { return Ok(()) };
        let name = link.name;
        link.last_heard_ms = Some(now_ms);
        if let Some(inbound) = &mut link.inbound {
            inbound.heard_ms = now_ms;
        }
        match frame {
            Frame::Batch(batch) => {
                let Ok(batch) = batch.unpack(FRAME_BYTES_MAX) else {
                    around.path(PathKind::FrameRefused);
                    self.lost(region, around, peer);
                    return Ok(());
                };
                let input = Input::Received { peer: name, batch };
                self.arrived.push_back((peer, connection, input));
                self.take_in(region, around)
            }
            Frame::Heartbeat { sent_us, watermark, others } => {
                link.known.says(&watermark);
                let own = watermark.iter().filter(|(replica, _)| replica.region == name).collect();
                let one_way_ms = link.rtt_us.unwrap_or_default() / 2_000;
                link.lag.heard(now_ms, one_way_ms, own, view.vector());
                let vector = (**view.vector()).clone();
                if let Some(inbound) = &mut link.inbound {
                    inbound.acknowledged.clone_from(&vector);
                }
                let echo = Echo { sent_us, wall_us: region.wall_ms(around) * 1_000 };
                let echo = Frame::Acknowledge { vector, echo: Some(echo) };
                around.send(connection, region.index, &echo);
                self.are_said(&others);
                let input = Input::Heard { peer: name, vector: watermark };
                self.arrived.push_back((peer, connection, input));
                self.take_in(region, around)
            }
            _ => {
                self.lost(region, around, peer);
                Ok(())
            }
        }
    }

    /// Hands to the intake what has arrived, as long as there is room for what comes out.
    pub(super) fn take_in(&mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        while !self.is_crowded() {
            let Some((peer, connection, input)) = self.arrived.pop_front() else { break };
            let (now_ms, wall_ms) = (around.now_ms(), region.wall_ms(around));
            let before = self.intake.held_bytes();
            let duplicates = self.intake.duplicates();
            let input = around.as_arrived(input);
            for output in self.intake.handle(now_ms, wall_ms, input) {
                match output {
                    Output::Apply(changes) => {
                        let own = |change: &&tombolo_replication::SealedChange| {
                            let replica = change.change.dot.replica;
                            replica.region == region.name
                        };
                        if changes.iter().find(own).is_some() {
                            around.path(PathKind::OldLivesPulledBack);
                        }
                        self.apply(region, around, &changes)?;
                    }
                    Output::Ask { origin, after, up_to, .. } => {
                        let name = region.name;
                        around.tell(|| {
                            format!("{name} asks for {origin} after {after} up to {up_to}")
                        });
                        around.path(PathKind::Asked);
                        let frame = Frame::Ask { origin, after, up_to };
                        around.send(connection, region.index, &frame);
                    }
                    Output::Refuse { reason, .. } => {
                        let name = region.name;
                        around.tell(|| format!("{name} refuses a batch: {reason}"));
                        if matches!(reason, Refusal::ClockAhead { .. }) {
                            around.path(PathKind::ClockAheadRefused);
                        }
                        self.lost(region, around, peer);
                    }
                }
            }
            if self.intake.held_bytes() > before {
                around.path(PathKind::HeldBack);
            }
            if self.intake.duplicates() > duplicates {
                around.path(PathKind::Duplicate);
            }
        }
        Ok(())
    }

    /// Says that this region is there, and gives up who is silent.
    pub(super) fn heartbeat(&mut self, region: &Region, around: &mut Around) {
        let tuning = around.plan.tuning;
        let now_ms = around.now_ms();
        let watermark = self.vector();
        for peer in self.links.keys().copied().collect::<Vec<_>>() {
            let others = self.others(peer);
            let Some(link) = self.links.get_mut(&peer) else { continue };
            let mut is_down = false;
            if let Some(outbound) = &link.outbound {
                let (since, max_ms) = match outbound.shipping {
                    Some(_) => (outbound.heard_ms, tuning.silence_ms_max),
                    None => (outbound.dialled_ms, tuning.dial_timeout_ms),
                };
                is_down = now_ms.saturating_sub(since) > max_ms;
                if outbound.shipping.is_some() && !is_down {
                    let (watermark, sent_us) = (watermark.clone(), around.now_us);
                    let frame = Frame::Heartbeat { sent_us, watermark, others };
                    around.send(outbound.connection, region.index, &frame);
                }
            }
            let silent = link.inbound.as_ref().is_some_and(|inbound| {
                now_ms.saturating_sub(inbound.heard_ms) > tuning.silence_ms_max
            });
            if is_down {
                around.path(PathKind::SilenceEnded);
                self.down(region, around, peer);
            }
            if silent {
                self.lost(region, around, peer);
            }
        }
        self.release(region, around);
        let in_us = tuning.heartbeat_ms * 1_000;
        around.wake(region.index, region.life, in_us, Wake::Heartbeat);
    }

    /// An operator pauses a link, or lets it go on.
    pub(crate) fn set_paused(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        paused: bool,
    ) -> Result<(), Failure> {
        let Some(link) = self.links.get_mut(&peer) else { return Ok(()) };
        link.paused = paused;
        let names = self.links.values().filter(|link| link.paused).map(|link| link.name);
        tombolo_storage::PausedLinks(names.collect()).write(&*region.disk())?;
        if paused {
            self.down(region, around, peer);
            self.lost(region, around, peer);
        } else {
            if let Some(link) = self.links.get_mut(&peer) {
                link.breaker.try_now(around.now_ms());
            }
            self.schedule(region, around, peer);
        }
        Ok(())
    }
}
