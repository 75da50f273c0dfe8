//! The region's own writes and those of others, from decided to shown: what the leader's, the
//! journal's and the materializer's actors do.

use std::collections::BTreeMap;

use tombolo_causality::VersionVector;
use tombolo_datatypes::ItemLimits;
use tombolo_protocol::encode_position;
use tombolo_replication::SealedChange;
use tombolo_replication::acknowledgements::Known;
use tombolo_replication::circuit_breaker::{self, CircuitBreaker};
use tombolo_replication::intake::{self, Intake};
use tombolo_replication::lag::Lag;
use tombolo_replication::leader::{Leader, NotApplied};
use tombolo_storage::{
    Append, Identity, LastStop, PausedLinks, ROOM_SOUGHT_EVERY, SealedLayer, StorageError, Store,
    Writer,
};

use super::{Failure, Link, Region, Running, Waiter, Wake};
use crate::around::Around;
use crate::coverage::PathKind;
use crate::request::Reply;

impl Running {
    pub(super) fn new(
        region: &Region,
        around: &mut Around,
        store: Store,
        identity: Identity,
        paused: &PausedLinks,
    ) -> Self {
        let Store { overlay, journal, materializer, reader, recovered, materialized, room, .. } =
            store;
        room.wait_from_now_on();
        let tuning = around.plan.tuning;
        let streams = overlay.views().load().position().streams.clone();
        let limits = intake::Limits {
            held_back_bytes_max: tuning.held_back_bytes_max,
            clock_skew_ms_max: tuning.clock_skew_ms_max,
            silence_ms_max: tuning.silence_ms_max,
            ask_again_ms: 1_000,
            streams_max: tombolo_protocol::limits::STREAMS_MAX - 1,
        };
        let machine = Leader::resume(identity.replica, recovered).with_limits(limits_of_items());
        let mut running = Self {
            intake: Intake::new(identity.replica, &streams, limits),
            identity,
            writer: Writer::new(machine, overlay),
            journal,
            reader,
            materializer,
            replay_from: materialized,
            room,
            shortage: None,
            held: None,
            appending: Vec::new(),
            layers: std::collections::VecDeque::new(),
            arrived: std::collections::VecDeque::new(),
            links: BTreeMap::new(),
            delayed: Vec::new(),
            retention_due_ms: 0,
        };
        let breaker = circuit_breaker::Limits {
            silence_ms_max: tuning.silence_ms_max,
            backoff_ms_min: tuning.backoff_ms_min,
            backoff_ms_max: tuning.backoff_ms_max,
        };
        for peer in (0..around.names.len()).filter(|peer| *peer != region.index) {
            let name = around.names[peer];
            let link = Link {
                name,
                breaker: CircuitBreaker::new(breaker),
                turn: 0,
                paused: paused.0.contains(&name),
                outbound: None,
                inbound: None,
                known: Known::default(),
                lag: Lag::new(around.now_ms()),
                last_heard_ms: None,
                rtt_us: None,
                needs_snapshot: false,
            };
            running.links.insert(peer, link);
            running.schedule(region, around, peer);
        }
        around.wake(region.index, region.life, 0, Wake::Heartbeat);
        running
    }

    /// What the region shows.
    pub(super) fn vector(&self) -> VersionVector {
        (**self.writer.overlay().views().load().vector()).clone()
    }

    pub(super) fn wake(
        &mut self,
        region: &Region,
        around: &mut Around,
        what: Wake,
    ) -> Result<(), Failure> {
        match what {
            Wake::Sync => self.sync(region, around),
            Wake::Materialize => self.materialize(region, around),
            Wake::Heartbeat => {
                self.heartbeat(region, around);
                Ok(())
            }
            Wake::Attempt { peer, turn } => {
                self.attempt(region, around, peer, turn);
                Ok(())
            }
            Wake::LookForRoom => self.look_for_room(region, around),
            Wake::Waited => self.look_at_delayed(region, around),
            Wake::IdentityChecked | Wake::AskAgain { .. } => Ok(()),
        }
    }

    /// Joins changes of other regions.
    pub(super) fn apply(
        &mut self,
        region: &Region,
        around: &mut Around,
        changes: &[SealedChange],
    ) -> Result<(), Failure> {
        for sealed in changes {
            let sealed = around.as_applied(sealed.clone(), &self.writer);
            self.apply_one(&sealed)?;
        }
        self.flush(region, around)
    }

    fn apply_one(&mut self, sealed: &SealedChange) -> Result<(), Failure> {
        let applied = self.writer.apply(core::slice::from_ref(sealed));
        applied.map(drop).map_err(|error| match error {
            NotApplied::State(error) => Failure::from(error),
            other => Failure(other.to_string()),
        })
    }

    /// Whether nothing more should be taken in.
    pub(super) fn is_crowded(&self) -> bool {
        self.writer.overlay().is_full() || self.room.is_short()
    }

    /// Hands the gathered group to the journal, unless one is under way.
    pub(super) fn flush(&mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        match self.writer.close()? {
            Some(append) => self.append(region, around, append),
            None => Ok(()),
        }
    }

    fn append(
        &mut self,
        region: &Region,
        around: &mut Around,
        append: Append,
    ) -> Result<(), Failure> {
        let head = encode_position(&append.before).map_err(StorageError::from)?;
        match self.journal.append(&[&append.payload], || head).map_err(StorageError::from) {
            Ok(_) => {
                self.appending = append.payload;
                let sync_us = around.plan.tuning.sync_us * region.disk_slowness;
                let sync_us = sync_us + around.random.below(sync_us + 1);
                around.wake(region.index, region.life, sync_us, Wake::Sync);
                Ok(())
            }
            Err(error) if error.is_full_journal() && self.room.waits() => {
                self.held = Some(append);
                self.is_short(region, around);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_short(&mut self, region: &Region, around: &mut Around) {
        if self.shortage.is_none() {
            self.shortage = Some(self.room.shortage());
            let in_us = u64::try_from(ROOM_SOUGHT_EVERY.as_micros()).unwrap_or(u64::MAX);
            around.wake(region.index, region.life, in_us, Wake::LookForRoom);
        }
    }

    fn look_for_room(&mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        if self.shortage.take().is_none() {
            return Ok(());
        }
        if let Some(held) = self.held.take() {
            self.append(region, around, held)?;
        }
        self.prepare(region, around);
        if self.shortage.is_none() {
            around.path(PathKind::RoomAgain);
            self.take_in(region, around)?;
        }
        Ok(())
    }

    /// Makes the next segment ready.
    fn prepare(&mut self, region: &Region, around: &mut Around) {
        let preparer = self.journal.preparer();
        if !preparer.has_work() {
            return;
        }
        // Of other errors the append that needs the segment reports what matters.
        let result = preparer.prepare().map_err(StorageError::from);
        if result.is_err_and(|error| error.is_full_journal()) {
            self.is_short(region, around);
        }
    }

    fn sync(&mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        if !self.writer.is_appending() {
            return Ok(());
        }
        self.journal.sync().map_err(StorageError::from)?;
        let payload = core::mem::take(&mut self.appending);
        around.trace.bytes(&payload);
        let published = self.writer.durable(self.journal.end());
        let checked = around.truth.durable(region.index, &payload);
        around.check(checked);
        for Waiter { client, number, reply, .. } in published.waiting {
            around.reply(client, number, reply);
        }
        if let Some(layer) = published.sealed {
            self.seal(region, around, layer);
        }
        self.prepare(region, around);
        self.published(region, around)?;
        self.flush(region, around)
    }

    fn seal(&mut self, region: &Region, around: &mut Around, layer: SealedLayer) {
        self.layers.push_back(layer);
        if self.layers.len() == 1 {
            let in_us = around.plan.tuning.materialize_us;
            around.wake(region.index, region.life, in_us, Wake::Materialize);
        }
    }

    fn materialize(&mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        let in_us = around.plan.tuning.materialize_us * region.disk_slowness;
        if region.disk_is_full {
            // It would wait for room; here there is nobody else who could make some meanwhile.
            around.wake(region.index, region.life, in_us, Wake::Materialize);
            return Ok(());
        }
        let Some(layer) = self.layers.pop_front() else { return Ok(()) };
        let installed = self.materializer.materialize(&layer)?;
        around.path(PathKind::Materialized);
        self.replay_from = installed.replay_from;
        drop(self.writer.installed(installed));
        if !self.layers.is_empty() {
            around.wake(region.index, region.life, in_us, Wake::Materialize);
        }
        self.take_in(region, around)
    }

    /// A new view is shown.
    fn published(&mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        let vector = self.vector();
        for peer in self.links.keys().copied().collect::<Vec<_>>() {
            self.appended(region, around, peer, &vector)?;
            self.acknowledge_news(region, around, peer, &vector);
            if let Some(link) = self.links.get_mut(&peer) {
                link.lag.visible(&vector);
            }
        }
        self.look_at_delayed(region, around)
    }

    /// Whether every link that is not paused is up in both directions.
    pub(crate) fn links_are_up(&self) -> bool {
        self.links.values().all(|link| {
            let ships = link.outbound.as_ref().is_some_and(|outbound| outbound.shipping.is_some());
            !link.paused && ships && link.inbound.is_some()
        })
    }

    /// The largest lag that is shown, in ms.
    pub(crate) fn lag_ms(&self, now_ms: u64) -> u64 {
        self.links.values().map(|link| link.lag.at(now_ms)).max().unwrap_or_default()
    }

    /// Where the links stand, for people.
    pub(crate) fn tell_links(&self) -> String {
        let links = self.links.values().map(|link| {
            let ships = link.outbound.as_ref().map(|outbound| outbound.shipping.is_some());
            let snapshot = if link.needs_snapshot { ", needs a snapshot" } else { "" };
            let paused = if link.paused { ", paused" } else { "" };
            format!(
                "to {}: ships {ships:?}, hears {}{snapshot}{paused} lag {:?} connection {:?}",
                link.name,
                link.inbound.is_some(),
                link.lag,
                link.outbound.as_ref().map(|o| o.connection)
            )
        });
        let name = self.identity.replica;
        format!("{name}: {}", links.collect::<Vec<_>>().join(", "))
    }

    /// The process ends now: whoever waits never hears.
    pub(crate) fn abandon(&mut self, around: &mut Around) {
        for Waiter { client, number, .. } in self.writer.abandon() {
            around.reply(client, number, Reply::Unknown);
        }
        for delayed in self.delayed.drain(..) {
            around.reply(delayed.request.client, delayed.request.number, Reply::Unreachable);
        }
    }

    /// The process is asked to end: finishes what is under way, and leaves the directory clean.
    pub(crate) fn stop(mut self, region: &Region, around: &mut Around) -> Result<(), Failure> {
        self.room.give_up();
        if self.held.is_some() || region.disk_is_full {
            self.abandon(around);
            return Ok(());
        }
        while self.writer.is_appending() {
            self.sync(region, around)?;
        }
        let mut layers = core::mem::take(&mut self.layers);
        while let Some(layer) = layers.pop_front() {
            let installed = self.materializer.materialize(&layer)?;
            drop(self.writer.installed(installed));
            layers.extend(layers.is_empty().then(|| self.writer.seal_rest()).flatten());
        }
        if let Some(rest) = self.writer.seal_rest() {
            self.materializer.materialize(&rest)?;
        }
        self.abandon(around);
        self.identity.last_stop = LastStop::Clean;
        self.identity.write(&*region.disk())?;
        around.path(PathKind::CleanStop);
        Ok(())
    }
}

/// So many conflicts that none is let go: what is kept can then be told exactly.
fn limits_of_items() -> ItemLimits {
    ItemLimits { conflicts_max: usize::MAX, ..ItemLimits::default() }
}
