//! The read router: where a request is answered that must not meet less than its session has.
//!
//! ```text
//! this region has it ─▶ Serve
//! not yet ─▶ Wait ─ time is up ─▶ Forward to the nearest that has it ─ nobody ─▶ Refuse
//! ```
//!
//! Never an older value: what is required is fixed when the request begins, and only a view that
//! contains all of it answers. A forwarded request is held against the same by whoever receives it,
//! and goes no further.

mod eventual;
mod monotonic_reads;
mod read_your_writes;
mod session;

use tombolo_causality::{RegionId, Session, VersionVector};

use crate::Consistency;

/// What a region must show before it answers a request of `session`.
pub fn required(consistency: Consistency, session: &Session) -> VersionVector {
    match consistency {
        Consistency::Eventual => eventual::required(session),
        Consistency::ReadYourWrites => read_your_writes::required(session),
        Consistency::MonotonicReads => monotonic_reads::required(session),
        Consistency::Session => session::required(session),
    }
}

/// How a request came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// From a client.
    First,
    /// From another region, which has it already: it goes no further.
    Forwarded,
}

/// A peer as the router sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Which.
    pub region: RegionId,
    /// What it is known to show.
    pub vector: VersionVector,
    /// Whether it can be asked.
    pub is_usable: bool,
    /// How far away it is, where that is known.
    pub rtt_us: Option<u64>,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Answer it here and now.
    Serve,
    /// Look again when this region shows more, or at this time.
    Wait {
        /// When the wait ends, in monotonic ms.
        until_ms: u64,
    },
    /// Have this peer answer it.
    Forward {
        /// Whom.
        to: RegionId,
    },
    /// Nobody who can be reached is known to have what is required.
    Refuse,
}

/// See the module. One for each request.
#[derive(Clone, Debug)]
pub struct ReadRouter {
    required: VersionVector,
    until_ms: u64,
    hop: Hop,
    /// Who was asked in vain.
    tried: Vec<RegionId>,
}

impl ReadRouter {
    /// A router of a request that requires so much and waits here until `until_ms`.
    pub fn new(required: VersionVector, until_ms: u64, hop: Hop) -> Self {
        Self { required, until_ms, hop, tried: Vec::new() }
    }

    /// Whether a region that shows `vector` may answer.
    pub fn is_met_by(&self, vector: &VersionVector) -> bool {
        vector.descends(&self.required)
    }

    /// What to do at `now_ms`, where this region shows `own`.
    pub fn route(
        &self,
        now_ms: u64,
        own: &VersionVector,
        peers: impl IntoIterator<Item = Peer>,
    ) -> Route {
        if self.is_met_by(own) {
            return Route::Serve;
        }
        if now_ms < self.until_ms {
            return Route::Wait { until_ms: self.until_ms };
        }
        if self.hop == Hop::Forwarded {
            return Route::Refuse;
        }
        let able = peers.into_iter().filter(|peer| self.can_ask(peer));
        // One whose distance is not known is the farthest.
        let nearest = able.min_by_key(|peer| (peer.rtt_us.unwrap_or(u64::MAX), peer.region));
        nearest.map_or(Route::Refuse, |peer| Route::Forward { to: peer.region })
    }

    /// `peer` was asked and could not answer: it is not asked again.
    pub fn failed(&mut self, peer: RegionId) {
        self.tried.push(peer);
    }

    /// Whether `peer` can be reached and should have what is required. What its own replicas wrote
    /// it is taken to have, though it has not been heard since: it looks again itself.
    fn can_ask(&self, peer: &Peer) -> bool {
        let has = |(replica, seq): (tombolo_causality::ReplicaId, u64)| {
            replica.region == peer.region || seq <= peer.vector.get(&replica)
        };
        peer.is_usable && !self.tried.contains(&peer.region) && self.required.iter().all(has)
    }
}

#[cfg(test)]
mod tests;
