//! What is known of each peer: shared by the tasks of its connections and whoever looks.
//!
//! Locks are held for a few instructions and never across a wait. Which peers there are changes as
//! members are added and removed: whoever holds a link keeps it, and learns that it has ended.

mod passage;
mod status;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use actix::Addr;
use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};
use tombolo_causality::{Dot, RegionId, ReplicaId, VersionVector};
use tombolo_protocol::Frame;
use tombolo_replication::acknowledgements::{Contact, Known};
use tombolo_replication::circuit_breaker;
use tombolo_replication::clock_skew::ClockSkew;
use tombolo_replication::lag::Lag;

use self::passage::Passage;
pub use self::status::{LinkState, LinkStatus};
use crate::clock::monotonic_ms;
use crate::connection::ConnectionError;
use crate::forwarding::Forwarder;
use crate::replication::Replication;

/// Frames that may wait to be sent to one peer beside its batches.
pub(crate) const OUTBOX_FRAMES_MAX: usize = 256;

/// All peers of a region.
#[derive(Debug)]
pub(crate) struct Links {
    own: RegionId,
    peers: ArcSwap<BTreeMap<RegionId, Arc<Link>>>,
    /// Told whenever a peer's vector has grown, and when a peer has come or gone.
    acknowledged: watch::Sender<u64>,
}

/// One peer.
#[derive(Debug)]
pub(crate) struct Link {
    own: RegionId,
    pub(crate) peer: RegionId,
    /// Where it is dialled.
    pub(crate) address: (String, u16),
    /// The change that added it, where one has.
    pub(crate) since: Option<Dot>,
    facts: Mutex<Facts>,
    /// Told when the link is paused here, no longer is, or has ended.
    passage: watch::Sender<Passage>,
    /// What keeps the connection to the peer, once the region is open.
    replication: OnceLock<Addr<Replication>>,
    /// What has it answer requests, once the region is open.
    forwarder: OnceLock<Forwarder>,
    acknowledged: watch::Sender<u64>,
    /// Told when the peer has a new connection for forwarding.
    forwarding: watch::Sender<u64>,
    /// Told when the peer has a new connection for comparing.
    verifying: watch::Sender<u64>,
    /// Told when the peer has a new connection for catching up.
    catching_up: watch::Sender<u64>,
}

/// What is known of a peer.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) breaker: circuit_breaker::State,
    /// Why it is not up.
    pub(crate) reason: Option<String>,
    pub(crate) paused_by_peer: bool,
    pub(crate) needs_snapshot: bool,
    /// Whether the peer knows another history of this very replica.
    pub(crate) is_forked: bool,
    pub(crate) lag: Lag,
    pub(crate) last_heard_ms: Option<u64>,
    pub(crate) rtt_us: Option<u64>,
    pub(crate) clock_skew: ClockSkew,
    /// What the peer is known to have, durably, and to show.
    pub(crate) known: Known,
    pub(crate) in_flight_bytes: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) batches_sent: u64,
    /// To the connection on which the peer ships to us.
    outbox: Option<(u64, mpsc::Sender<Frame>)>,
    connections: u64,
}

impl Links {
    /// The links of `own`, of which there are none yet.
    pub(crate) fn new(own: RegionId) -> Self {
        Self { own, peers: ArcSwap::default(), acknowledged: watch::Sender::new(0) }
    }

    /// A link with `peer`, in the place of one that there was.
    pub(crate) fn add(
        &self,
        peer: RegionId,
        address: (String, u16),
        since: Option<Dot>,
        paused: bool,
    ) -> Arc<Link> {
        let link = Arc::new(Link {
            own: self.own,
            peer,
            address,
            since,
            facts: Mutex::new(Facts::new()),
            passage: watch::Sender::new(Passage::of(paused)),
            replication: OnceLock::new(),
            forwarder: OnceLock::new(),
            acknowledged: self.acknowledged.clone(),
            forwarding: watch::Sender::new(0),
            verifying: watch::Sender::new(0),
            catching_up: watch::Sender::new(0),
        });
        self.change(|peers| {
            peers.insert(peer, Arc::clone(&link));
        });
        link
    }

    /// Takes the link with `peer` out and ends it.
    pub(crate) fn remove(&self, peer: RegionId) -> Option<Arc<Link>> {
        let link = self.get(&peer)?;
        self.change(|peers| {
            peers.remove(&peer);
        });
        link.passage.send_replace(Passage::Ended);
        Some(link)
    }

    /// One thread changes the links, so nothing is lost between reading and writing.
    fn change(&self, change: impl FnOnce(&mut BTreeMap<RegionId, Arc<Link>>)) {
        let mut peers = BTreeMap::clone(&self.peers.load());
        change(&mut peers);
        self.peers.store(Arc::new(peers));
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// The region at this end.
    pub(crate) fn own(&self) -> RegionId {
        self.own
    }

    pub(crate) fn get(&self, peer: &RegionId) -> Option<Arc<Link>> {
        self.peers.load().get(peer).cloned()
    }

    /// All that there are now.
    pub(crate) fn all(&self) -> Vec<Arc<Link>> {
        self.peers.load().values().cloned().collect()
    }

    /// What `to` may be told of the other peers, by replica.
    pub(crate) fn others(&self, to: RegionId) -> Vec<(ReplicaId, VersionVector)> {
        let others = self.all().into_iter().filter(|link| link.peer != to);
        others.filter_map(|link| link.facts().known.to_pass_on()).collect()
    }

    /// A peer tells what it knows of others.
    pub(crate) fn are_said(&self, others: &[(ReplicaId, VersionVector)]) {
        for (replica, vector) in others {
            // Of this region nobody needs to be told, and others may have members of their own.
            if let Some(link) = self.get(&replica.region) {
                link.is_said(*replica, vector);
            }
        }
    }

    /// Changes whenever a peer's vector grows.
    pub(crate) fn watch_acknowledged(&self) -> watch::Receiver<u64> {
        self.acknowledged.subscribe()
    }
}

impl Facts {
    fn new() -> Self {
        Self {
            breaker: circuit_breaker::State::Open { until_ms: 0 },
            reason: None,
            paused_by_peer: false,
            needs_snapshot: false,
            is_forked: false,
            lag: Lag::new(monotonic_ms()),
            last_heard_ms: None,
            rtt_us: None,
            clock_skew: ClockSkew::default(),
            known: Known::default(),
            in_flight_bytes: 0,
            bytes_sent: 0,
            bytes_received: 0,
            batches_sent: 0,
            outbox: None,
            connections: 0,
        }
    }
}

impl Link {
    /// The facts, for a moment.
    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_paused(&self) -> bool {
        *self.passage.borrow() == Passage::Paused
    }

    /// Whether nothing may pass: it is paused here, or has ended.
    pub(crate) fn is_closed(&self) -> bool {
        *self.passage.borrow() != Passage::Open
    }

    /// Whether the peer is no longer a member.
    pub(crate) fn has_ended(&self) -> bool {
        *self.passage.borrow() == Passage::Ended
    }

    /// Pauses or resumes it; one that has ended stays so.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.passage.send_if_modified(|passage| {
            let is_other = *passage != Passage::Ended && *passage != Passage::of(paused);
            if is_other {
                *passage = Passage::of(paused);
            }
            is_other
        });
    }

    /// Ends when nothing may pass any more, with the reason that a connection is closed for.
    pub(crate) async fn closed(&self) -> ConnectionError {
        let mut passage = self.passage.subscribe();
        // The sender lives as long as the link.
        let closed = passage.wait_for(|passage| *passage != Passage::Open).await;
        closed.map_or(ConnectionError::Stopped, |passage| passage.refusal(self.peer))
    }

    /// Ends when the peer is no longer a member.
    pub(crate) async fn ended(&self) {
        let mut passage = self.passage.subscribe();
        // The sender lives as long as the link.
        passage.wait_for(|passage| *passage == Passage::Ended).await.ok();
    }

    /// What keeps the connection, and what has requests answered: made once the region is open.
    pub(crate) fn is_served_by(&self, replication: Addr<Replication>, forwarder: Forwarder) {
        self.replication.get_or_init(|| replication);
        self.forwarder.get_or_init(|| forwarder);
    }

    pub(crate) fn replication(&self) -> Option<&Addr<Replication>> {
        self.replication.get()
    }

    pub(crate) fn forwarder(&self) -> Option<&Forwarder> {
        self.forwarder.get()
    }

    /// Whether the peer can be asked something: connected both ways, and heard lately.
    pub(crate) fn is_usable(&self, silence_ms_max: u64) -> bool {
        let now_ms = monotonic_ms();
        let facts = self.facts();
        let heard =
            facts.last_heard_ms.is_some_and(|at| now_ms.saturating_sub(at) <= silence_ms_max);
        let closed = facts.breaker == circuit_breaker::State::Closed;
        heard && closed && !facts.paused_by_peer && !self.is_closed()
    }

    /// A connection for forwarding takes the place of the one before, which is told.
    pub(crate) fn take_forwarding(&self) -> watch::Receiver<u64> {
        take(&self.forwarding)
    }

    /// The same of a connection for comparing.
    pub(crate) fn take_verifying(&self) -> watch::Receiver<u64> {
        take(&self.verifying)
    }

    /// The same of a connection for catching up.
    pub(crate) fn take_catching_up(&self) -> watch::Receiver<u64> {
        take(&self.catching_up)
    }

    /// The peer says at the beginning of a connection who it is and what it has: less than before,
    /// where it has lost its directory.
    pub(crate) fn begin_from(&self, replica: ReplicaId, vector: &VersionVector) {
        self.facts().known.begins(replica, vector);
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// The peer calls, and has `vector`, durably.
    pub(crate) fn greet(&self, vector: &VersionVector) {
        self.facts().known.greets(vector);
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// The peer, as `replica`, has set these changes aside.
    pub(crate) fn sets_aside(&self, replica: ReplicaId, dots: &[Dot]) {
        self.facts().known.sets_aside(replica, dots);
    }

    /// The peer acknowledges `vector`: it has it, durably.
    pub(crate) fn acknowledge(&self, vector: &VersionVector) {
        let is_news = self.facts().known.says(vector);
        if is_news {
            self.acknowledged.send_modify(|count| *count += 1);
        }
    }

    /// Another peer says that this one is `replica` and has `vector`, durably.
    fn is_said(&self, replica: ReplicaId, vector: &VersionVector) {
        let is_news = {
            let mut facts = self.facts();
            let contact = match facts.breaker {
                circuit_breaker::State::Closed => Contact::Direct,
                _ => Contact::Cut,
            };
            facts.known.is_said(contact, replica, vector)
        };
        if is_news {
            self.acknowledged.send_modify(|count| *count += 1);
        }
    }

    /// A connection takes the place of the one before; answers its number and what is to be sent
    /// on it.
    pub(crate) fn open_outbox(&self) -> (u64, mpsc::Receiver<Frame>) {
        let (sender, receiver) = mpsc::channel(OUTBOX_FRAMES_MAX);
        let mut facts = self.facts();
        facts.connections += 1;
        let connection = facts.connections;
        facts.outbox = Some((connection, sender));
        (connection, receiver)
    }

    /// The connection of that number has ended.
    pub(crate) fn close_outbox(&self, connection: u64) {
        let mut facts = self.facts();
        if facts.outbox.as_ref().is_some_and(|(open, _)| *open == connection) {
            facts.outbox = None;
        }
    }

    /// Sends a frame on the connection on which the peer ships to us; false where there is none or
    /// too much waits on it.
    pub(crate) fn try_send(&self, frame: Frame) -> bool {
        let outbox = self.facts().outbox.as_ref().map(|(_, sender)| sender.clone());
        outbox.is_some_and(|sender| sender.try_send(frame).is_ok())
    }
}

/// Counts one more connection; whoever has one before is told.
fn take(connections: &watch::Sender<u64>) -> watch::Receiver<u64> {
    connections.send_modify(|connections| *connections += 1);
    connections.subscribe()
}
