//! A region that starts: opens its directory, and asks its peers who it is.

use std::collections::BTreeMap;

use tombolo_causality::{Incarnation, ReplicaId};
use tombolo_protocol::{
    FRAME_HEADER_BYTES, Frame, FrameHeader, Hello, Purpose, Welcome, decode_frame,
};
use tombolo_replication::StreamPosition;
use tombolo_replication::idempotency::LedgerLimits;
use tombolo_replication::incarnation::{Testimony, lives_on, testimony};
use tombolo_storage::journal::JournalOptions;
use tombolo_storage::{
    Begun, Identity, LastStop, OverlayOptions, PausedLinks, Store, StoreOptions,
};

use super::{Failure, Process, Region, Running, Wake};
use crate::around::Around;
use crate::coverage::PathKind;
use crate::disk::{Fault, Lie};
use crate::mutant::Mutant;
use crate::network::{Arrival, ConnectionId, Delivery, RegionIndex};

/// The cluster of every world.
pub(crate) const CLUSTER: &str = "simulated";

/// The protocol that is spoken.
pub(crate) const PROTOCOL: u8 = 1;

/// The longest frame that is taken, in bytes.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 20;

/// How long after a failed attempt a peer is asked again.
const ASK_AGAIN_US: u64 = 50_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Starting {
    store: Option<Store>,
    identity: Identity,
    paused: PausedLinks,
    here: StreamPosition,
    testimonies: BTreeMap<RegionIndex, Testimony>,
    asking: BTreeMap<ConnectionId, RegionIndex>,
    strangers: Vec<ConnectionId>,
    is_over: bool,
}

/// A frame out of the bytes of one, where they are whole.
pub(crate) fn decode(bytes: &[u8]) -> Option<Frame> {
    let (head, payload) = bytes.split_at_checked(FRAME_HEADER_BYTES)?;
    let header = FrameHeader::decode(head.try_into().ok()?, FRAME_BYTES_MAX).ok()?;
    if header.payload_bytes != payload.len() {
        return None;
    }
    decode_frame(header, payload).ok()
}

impl Region {
    /// A process begins on the directory.
    pub(crate) fn start(&mut self, around: &mut Around) -> Result<(), Failure> {
        if around.is_planted(Mutant::DroppedSync) {
            self.disk.inject(Fault::Lie(Lie::SyncData));
        }
        let disk = self.disk();
        let (identity, begun) = if let Some(identity) = Identity::read(&*disk)? {
            (identity, Begun::Before)
        } else {
            let incarnation = Incarnation(around.random.next_u64());
            let replica = ReplicaId::new(self.name, incarnation);
            let cluster = CLUSTER.to_owned();
            (Identity { cluster, replica, last_stop: LastStop::Unclean }, Begun::Now)
        };
        let options = options(around);
        let store = Store::open(&disk, begun, &options)?;
        if store.was_suspect {
            around.path(PathKind::Renewed);
        }
        if begun == Begun::Before && store.materialized.is_some() {
            around.path(PathKind::StateReopened);
        }
        let paused = PausedLinks::read(&*disk)?;
        let view = store.overlay.views().load_full();
        let excused = core::mem::take(&mut self.disk_is_excused);
        self.disk_may_be_damaged |= excused;
        around.check_recovered(self.index, &store, &view, excused);
        let here = view.position().streams.get(&identity.replica);
        let mut starting = Starting {
            store: Some(store),
            identity,
            paused,
            here,
            testimonies: BTreeMap::new(),
            asking: BTreeMap::new(),
            strangers: Vec::new(),
            is_over: false,
        };
        if begun == Begun::Before {
            around.path(PathKind::Replayed);
            for peer in (0..around.names.len()).filter(|peer| *peer != self.index) {
                starting.testimonies.insert(peer, Testimony::Silent);
                starting.ask(self, around, peer);
            }
            let wait_us = around.plan.tuning.identity_check_ms * 1_000;
            around.wake(self.index, self.life, wait_us, Wake::IdentityChecked);
        }
        let is_over = starting.testimonies.is_empty();
        self.process = Process::Starting(Box::new(starting));
        if is_over { self.open(around) } else { Ok(()) }
    }

    /// The region knows who it is, and opens.
    pub(super) fn open(&mut self, around: &mut Around) -> Result<(), Failure> {
        let process = core::mem::replace(&mut self.process, Process::Down);
        let Process::Starting(mut starting) = process else {
            self.process = process;
            return Ok(());
        };
        for connection in starting.asking.keys().chain(&starting.strangers) {
            around.close(*connection, self.index);
        }
        starting.settle(around);
        starting.identity.last_stop = LastStop::Unclean;
        starting.identity.write(&*self.disk())?;
        let Some(store) = starting.store.take() else { return Ok(()) };
        let running = Running::new(self, around, store, starting.identity, &starting.paused);
        self.process = Process::Running(Box::new(running));
        Ok(())
    }
}

fn options(around: &mut Around) -> StoreOptions {
    let tuning = &around.plan.tuning;
    let mut journal = JournalOptions::new(around.random.next_u64());
    journal.segment_bytes = tuning.segment_bytes;
    StoreOptions {
        journal,
        overlay: OverlayOptions {
            seal_bytes: tuning.seal_bytes,
            sealed_layers_max: tuning.sealed_layers_max,
            replay_bytes: tuning.replay_bytes,
            recent_bytes_max: tuning.seal_bytes,
        },
        cache_bytes: 1 << 20,
        requests: LedgerLimits::default(),
    }
}

impl Starting {
    fn settle(&mut self, around: &mut Around) {
        let testimonies = self.testimonies.values().copied();
        if testimonies.len() == 0 {
            return;
        }
        let stopped_cleanly = self.identity.last_stop == LastStop::Clean;
        if around.keeps_incarnation(lives_on(testimonies.clone(), stopped_cleanly)) {
            around.path(PathKind::IncarnationConfirmed);
            return;
        }
        let outdated = |t| matches!(t, Testimony::KnowsMore | Testimony::KnowsOtherwise);
        around.path(if testimonies.into_iter().any(outdated) {
            PathKind::IncarnationMintedOutdated
        } else {
            PathKind::IncarnationMintedUnanswered
        });
        self.identity.replica.incarnation = Incarnation(around.random.next_u64());
    }

    fn ask(&mut self, region: &Region, around: &mut Around, peer: RegionIndex) {
        let connection = around.network.dial(region.index, peer);
        self.asking.insert(connection, peer);
        let vector = self.store.as_ref().map(|store| store.overlay.views().load().vector().clone());
        let replica = self.identity.replica;
        let hello = Hello {
            cluster: CLUSTER.to_owned(),
            region: region.name,
            replica,
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            vector: vector.map(|vector| (*vector).clone()).unwrap_or_default(),
            purpose: Purpose::Identify,
        };
        around.send(connection, region.index, &Frame::Hello(hello));
    }

    /// Answers whether the region knows who it is.
    pub(super) fn wake(&mut self, region: &Region, around: &mut Around, what: Wake) -> bool {
        match what {
            Wake::IdentityChecked => self.is_over = true,
            Wake::AskAgain { peer } if !self.is_over => self.ask(region, around, peer),
            _ => {}
        }
        self.is_over
    }

    pub(super) fn arrived(
        &mut self,
        region: &Region,
        around: &mut Around,
        delivery: Delivery,
    ) -> bool {
        let Delivery { connection, arrival, .. } = delivery;
        let frame = match arrival {
            Arrival::Frame(bytes) => decode(&bytes),
            Arrival::Closed => None,
        };
        let Some(peer) = self.asking.get(&connection).copied() else {
            self.greet(region, around, connection, frame);
            return false;
        };
        self.asking.remove(&connection);
        around.close(connection, region.index);
        around.network.forget(connection);
        match frame {
            Some(Frame::Welcome(welcome)) => {
                self.testimonies.insert(peer, testimony(self.here, welcome.yours));
            }
            // A peer that is starting as well may not listen yet.
            None if self.identity.last_stop == LastStop::Unclean => {
                let what = Wake::AskAgain { peer };
                around.wake(region.index, region.life, ASK_AGAIN_US, what);
                return false;
            }
            _ => {}
        }
        let waits = self.testimonies.values().any(|said| *said == Testimony::Silent);
        let asks = !self.asking.is_empty();
        self.is_over = !waits || (!asks && self.identity.last_stop == LastStop::Clean);
        self.is_over
    }

    /// Who asks who it is is told what is known here, also before this region knows who it is.
    fn greet(
        &mut self,
        region: &Region,
        around: &mut Around,
        connection: ConnectionId,
        frame: Option<Frame>,
    ) {
        let Some(Frame::Hello(hello)) = frame else {
            around.close(connection, region.index);
            return around.network.forget(connection);
        };
        let frame = match (hello.purpose, &self.store) {
            (Purpose::Identify, Some(store)) => {
                let view = store.overlay.views().load_full();
                Frame::Welcome(Welcome {
                    replica: self.identity.replica,
                    protocol: PROTOCOL,
                    vector: (**view.vector()).clone(),
                    yours: view.position().streams.get(&hello.replica),
                })
            }
            _ => Frame::Refused {
                code: tombolo_protocol::RefusalCode::Unavailable,
                detail: "the region is starting".to_owned(),
            },
        };
        around.send(connection, region.index, &frame);
        around.close(connection, region.index);
    }
}
