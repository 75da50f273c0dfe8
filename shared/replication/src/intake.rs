//! The intake: what arrives from peers, in the order in which it may be shown.
//!
//! A change is handed to the leader only when everything in its `deps` has been handed over before
//! it. Until then it is held back, and what is missing is asked of the peer that sent it, by name:
//! that peer has it, because it had applied it. Every stream is contiguous and its running hash is
//! checked at the seam, so a gap, a replay or a forked history never reaches the leader.
//!
//! Held-back changes are bounded in bytes: past the bound the furthest are dropped and asked for
//! again later.

mod asking;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;

use tombolo_causality::{Dot, HybridClock, RegionId, ReplicaId, VersionVector};

use self::stream::Stream;
use crate::{RunningHash, SealedChange, Streams};

/// The bounds of an intake.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Held-back changes, in encoded bytes, over all streams.
    pub held_back_bytes_max: usize,
    /// How far a stamp may lie ahead of the local clock.
    pub clock_skew_ms_max: u64,
    /// How long an origin is silent before others are asked for its changes.
    pub silence_ms_max: u64,
    /// How long an unanswered request for missing changes stands before it is made again.
    pub ask_again_ms: u64,
    /// How many streams there may be. One more would be more than can be written down.
    pub streams_max: usize,
}

/// Consecutive changes of one stream, as one peer sent them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose changes.
    pub origin: ReplicaId,
    /// The running hash just before the first of them.
    pub hash_before: RunningHash,
    /// The changes, their sequences consecutive.
    pub changes: Vec<SealedChange>,
}

/// What happens to an intake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A batch arrived over the link with `peer`.
    Received {
        /// Who sent it.
        peer: RegionId,
        /// What it sent.
        batch: Batch,
    },
    /// A heartbeat: `peer` is alive and has applied `vector`.
    Heard {
        /// Who sent it.
        peer: RegionId,
        /// What it has applied.
        vector: VersionVector,
    },
    /// These streams have come so far by other ways than the log, all of it applied.
    Adopted {
        /// The streams.
        streams: Streams,
    },
    /// The link with `peer` was lost: requests made there will not be answered.
    Lost {
        /// Whose link.
        peer: RegionId,
    },
}

/// What the intake wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The leader: apply these, in this order.
    Apply(Vec<SealedChange>),
    /// The network: ask `peer` for the changes of `origin` after `after` up to `up_to`.
    Ask {
        /// Who is asked.
        peer: RegionId,
        /// Whose changes.
        origin: ReplicaId,
        /// Everything up to here is here.
        after: u64,
        /// Everything up to here is needed.
        up_to: u64,
    },
    /// The link with `peer`: close it with this reason; nothing of the batch was taken.
    Refuse {
        /// Whose link.
        peer: RegionId,
        /// Why.
        reason: Refusal,
    },
}

/// Why a batch was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The stream's history differs from the one known here.
    #[error("the history of {origin} differs from what is known here at or before {seq}")]
    Forked {
        /// The stream.
        origin: ReplicaId,
        /// Where it was compared.
        seq: u64,
    },
    /// A stamp lies too far ahead of the local clock.
    #[error("{origin} stamps {ahead_ms} ms ahead of this region's clock")]
    ClockAhead {
        /// The stream.
        origin: ReplicaId,
        /// How far ahead.
        ahead_ms: u64,
    },
    /// The sequences in the batch are not consecutive, or of more than one stream.
    #[error("a batch of {origin} has a gap or another stream within it")]
    Malformed {
        /// The stream.
        origin: ReplicaId,
    },
    /// There are as many streams here as there may be, and this one is new.
    #[error("{origin} is new, and there are {max} replicas here, which is the most")]
    TooManyStreams {
        /// The stream.
        origin: ReplicaId,
        /// How many there may be.
        max: usize,
    },
    /// The batch holds changes of this very replica that it has not written.
    #[error("{origin} is this replica, and has not written {seq}")]
    OwnFuture {
        /// This replica.
        origin: ReplicaId,
        /// The sequence.
        seq: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    peer: RegionId,
    up_to: u64,
    at_ms: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Intake {
    own: ReplicaId,
    limits: Limits,
    streams: BTreeMap<ReplicaId, Stream>,
    /// What has been handed to the leader, in order.
    handed: VersionVector,
    held_bytes: usize,
    /// Up to where changes were not kept, and who had sent them: after a gap, or for want of room.
    dropped: BTreeMap<ReplicaId, (RegionId, u64)>,
    asked: BTreeMap<ReplicaId, Asked>,
    heard_at_ms: BTreeMap<RegionId, u64>,
    duplicates: u64,
}

impl Intake {
    /// An intake of the replica `own`, which has applied `streams`.
    pub fn new(own: ReplicaId, streams: &Streams, limits: Limits) -> Self {
        Self {
            own,
            limits,
            streams: streams.iter().map(|(id, at)| (id, Stream::new(at))).collect(),
            handed: streams.vector(),
            held_bytes: 0,
            dropped: BTreeMap::new(),
            asked: BTreeMap::new(),
            heard_at_ms: BTreeMap::new(),
            duplicates: 0,
        }
    }

    /// Takes in one event. `now_ms` is monotonic, `wall_ms` the wall clock that stamps are held
    /// against.
    pub fn handle(&mut self, now_ms: u64, wall_ms: u64, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Received { peer, batch } => {
                self.heard_at_ms.insert(peer, now_ms);
                if let Err(reason) = self.check(wall_ms, &batch) {
                    return vec![Output::Refuse { peer, reason }];
                }
                self.received(now_ms, peer, batch, &mut outputs);
            }
            Input::Heard { peer, vector } => {
                self.heard_at_ms.insert(peer, now_ms);
                self.ask_for_the_dropped(now_ms, peer, &vector, &mut outputs);
                self.ask_again_for_what_holds_back(now_ms, peer, &vector, &mut outputs);
                self.ask_for_the_silent(now_ms, peer, &vector, &mut outputs);
            }
            Input::Adopted { streams } => self.adopt(now_ms, &streams, &mut outputs),
            Input::Lost { peer } => {
                self.asked.retain(|_, asked| asked.peer != peer);
                self.heard_at_ms.remove(&peer);
            }
        }
        outputs
    }

    /// Goes on from `streams`, where the leader stands after it has refused to take `dot`: what was
    /// handed over beyond is given up, with all that is held back, since it may rest on it. Others'
    /// changes are asked for again at once; those of the stream that is refused come with its next
    /// connection, and are not asked of anybody until a request would be made again.
    pub fn go_back(&mut self, now_ms: u64, dot: Dot, streams: &Streams) -> Vec<Output> {
        let given_up = core::mem::take(&mut self.streams);
        self.streams = streams.iter().map(|(id, at)| (id, Stream::new(at))).collect();
        self.handed = streams.vector();
        self.held_bytes = 0;
        self.asked.clear();
        let peer = dot.replica.region;
        self.asked.insert(dot.replica, Asked { peer, up_to: u64::MAX, at_ms: now_ms });
        let mut out = Vec::new();
        for (origin, stream) in given_up {
            let up_to = stream.accepted().seq;
            if origin != dot.replica && up_to > self.stream_position(&origin).seq {
                self.ask(now_ms, origin.region, origin, up_to, &mut out);
            }
        }
        out
    }

    /// Bytes held back.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Changes that arrived again and were without effect.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn check(&self, wall_ms: u64, batch: &Batch) -> Result<(), Refusal> {
        let origin = batch.origin;
        let Some(first) = batch.changes.first() else { return Err(Refusal::Malformed { origin }) };
        let max = self.limits.streams_max;
        if self.streams.len() >= max && !self.streams.contains_key(&origin) {
            return Err(Refusal::TooManyStreams { origin, max });
        }
        let mut hash = batch.hash_before;
        let here = self.stream_position(&origin);
        for (seq, sealed) in (first.change.dot.seq..).zip(&batch.changes) {
            let dot = sealed.change.dot;
            if dot.replica != origin || dot.seq != seq || seq == 0 {
                return Err(Refusal::Malformed { origin });
            }
            if seq == here.seq + 1 && hash != here.hash {
                return Err(Refusal::Forked { origin, seq: here.seq });
            }
            hash = hash.after(&sealed.bytes);
            if seq == here.seq && hash != here.hash {
                return Err(Refusal::Forked { origin, seq });
            }
            if origin == self.own && seq > here.seq {
                return Err(Refusal::OwnFuture { origin, seq });
            }
            let skew_ms_max = self.limits.clock_skew_ms_max;
            if HybridClock::check_ahead(sealed.change.stamp, wall_ms, skew_ms_max).is_err() {
                let ahead_ms = sealed.change.stamp.millis().saturating_sub(wall_ms);
                return Err(Refusal::ClockAhead { origin, ahead_ms });
            }
        }
        Ok(())
    }

    fn received(&mut self, now_ms: u64, peer: RegionId, batch: Batch, out: &mut Vec<Output>) {
        let origin = batch.origin;
        let first = batch.changes.first().map_or(0, |sealed| sealed.change.dot.seq);
        let stream = self.streams.entry(origin).or_default();
        let here = stream.accepted().seq;
        if first > here + 1 {
            // A gap: nothing of it can be checked, so nothing is kept, and all of it is asked for.
            let last = first - 1 + batch.changes.len() as u64;
            self.drop_up_to(peer, origin, last);
            self.ask(now_ms, peer, origin, last, out);
            return;
        }
        let known = batch.changes.iter().take_while(|s| s.change.dot.seq <= here).count();
        self.duplicates += known as u64;
        for sealed in batch.changes.into_iter().skip(known) {
            self.held_bytes += sealed.bytes.len();
            stream.push(peer, sealed);
        }
        let is_roomier = self.release(out);
        self.shed();
        if is_roomier {
            self.ask_again_for_the_dropped(now_ms, out);
        }
        self.go_on_asking(now_ms, peer, origin, here, out);
        self.ask_for_what_holds_back(now_ms, out);
    }

    /// What a catch-up by state has brought.
    fn adopt(&mut self, now_ms: u64, streams: &Streams, out: &mut Vec<Output>) {
        for (origin, at) in streams.iter() {
            let stream = self.streams.entry(origin).or_default();
            self.held_bytes -= stream.adopt(at);
            self.handed.raise(origin, at.seq);
            if self.asked.get(&origin).is_some_and(|asked| asked.up_to <= at.seq) {
                self.asked.remove(&origin);
            }
        }
        self.release(out);
        self.ask_for_what_holds_back(now_ms, out);
    }

    /// Hands over everything whose `deps` are here, until nothing more moves; answers whether
    /// anything did.
    fn release(&mut self, out: &mut Vec<Output>) -> bool {
        let mut ready = Vec::new();
        loop {
            let before = ready.len();
            for (origin, stream) in &mut self.streams {
                while let Some(deps) = stream.head().map(|head| Arc::clone(&head.change.deps)) {
                    if missing(self.own, &self.handed, &deps).next().is_some() {
                        break;
                    }
                    let Some(sealed) = stream.pop() else { break };
                    self.held_bytes -= sealed.bytes.len();
                    self.handed.raise(*origin, sealed.change.dot.seq);
                    ready.push(sealed);
                }
            }
            if ready.len() == before {
                break;
            }
        }
        let is_any = !ready.is_empty();
        if is_any {
            out.push(Output::Apply(ready));
        }
        is_any
    }

    /// Drops the furthest of what is held back until the bound holds: the latest, by its stamp. What
    /// a change depends on is stamped before it, so the change that can be handed over next is never
    /// dropped for one that waits for it.
    fn shed(&mut self) {
        while self.held_bytes > self.limits.held_back_bytes_max {
            let furthest = self.streams.values_mut().max_by_key(|stream| stream.furthest());
            let dropped = furthest.and_then(Stream::drop_furthest);
            let Some((sender, dropped)) = dropped else { break };
            self.held_bytes -= dropped.bytes.len();
            self.drop_up_to(sender, dropped.change.dot.replica, dropped.change.dot.seq);
        }
    }

    fn stream_position(&self, origin: &ReplicaId) -> crate::StreamPosition {
        self.streams.get(origin).map(Stream::accepted).unwrap_or_default()
    }
}

/// What `deps` names and `handed` lacks. That the own stream is here goes without saying: a peer
/// can only depend on what this replica has written.
fn missing<'a>(
    own: ReplicaId,
    handed: &'a VersionVector,
    deps: &'a VersionVector,
) -> impl Iterator<Item = (ReplicaId, u64)> + 'a {
    deps.iter().filter(move |(origin, seq)| *origin != own && *seq > handed.get(origin))
}

#[cfg(test)]
mod tests;
