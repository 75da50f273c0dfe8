//! A link as operators see it.

use core::fmt;

use tombolo_causality::{RegionId, VersionVector};
use tombolo_replication::circuit_breaker::State;

use super::Link;
use crate::clock::monotonic_ms;

/// In which state a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkState {
    /// All that the peer has arrives in about the time of the way.
    Up,
    /// Connected, but behind.
    Lagging,
    /// An operator has paused it, here or there.
    Paused,
    /// Nothing is heard.
    Down,
    /// The peer needs what the journal no longer holds.
    NeedsSnapshot,
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Lagging => "lagging",
            Self::Paused => "paused",
            Self::Down => "down",
            Self::NeedsSnapshot => "needs_snapshot",
        })
    }
}

/// A link at one moment.
#[derive(Clone, Debug)]
pub struct LinkStatus {
    /// The region at its other end.
    pub peer: RegionId,
    /// Its state.
    pub state: LinkState,
    /// Why it is not up, where it is not.
    pub reason: Option<String>,
    /// What its circuit breaker says.
    pub breaker: State,
    /// How far this region is behind the peer, in ms.
    pub inbound_lag_ms: u64,
    /// How long ago the peer was last heard, in ms.
    pub last_heard_ms: Option<u64>,
    /// Own changes that the peer has not acknowledged.
    pub outbound_pending_changes: u64,
    /// Sent and not yet acknowledged, in bytes.
    pub outbound_pending_bytes: u64,
    /// The last round trip, in ms.
    pub rtt_ms: Option<f64>,
    /// The peer's wall clock less this region's, in ms, where it is known.
    pub clock_skew_ms: Option<i64>,
    /// Bytes sent, ever.
    pub bytes_sent: u64,
    /// Bytes received, ever.
    pub bytes_received: u64,
    /// Batches sent, ever.
    pub batches_sent: u64,
}

/// Lag beyond the way there and a few heartbeats, past which a link is called lagging.
const LAGGING_MS: u64 = 1_000;

impl Link {
    /// The link now; `visible` is what this region shows, `silence_ms_max` what a link bears.
    pub(crate) fn status(&self, visible: &VersionVector, silence_ms_max: u64) -> LinkStatus {
        let now_ms = monotonic_ms();
        let paused = self.is_paused();
        let mut facts = self.facts();
        facts.lag.visible(visible);
        let inbound_lag_ms = facts.lag.at(now_ms);
        let last_heard_ms = facts.last_heard_ms.map(|at| now_ms.saturating_sub(at));
        let silent = last_heard_ms.is_none_or(|ago| ago > silence_ms_max);
        let (state, reason) = if paused {
            (LinkState::Paused, Some("paused here".to_owned()))
        } else if facts.paused_by_peer {
            (LinkState::Paused, Some(format!("paused by {}", self.peer)))
        } else if facts.needs_snapshot {
            let reason = "the journal no longer holds what the peer lacks";
            (LinkState::NeedsSnapshot, Some(reason.to_owned()))
        } else if silent || facts.breaker != State::Closed {
            let reason = facts.reason.clone().unwrap_or_else(|| "nothing is heard".to_owned());
            (LinkState::Down, Some(reason))
        } else if inbound_lag_ms > LAGGING_MS {
            (LinkState::Lagging, Some("more arrives than is shown yet".to_owned()))
        } else {
            (LinkState::Up, None)
        };
        let own = visible.iter().filter(|(replica, _)| replica.region == self.own);
        let pending =
            own.map(|(own, seq)| seq.saturating_sub(facts.known.direct().get(&own))).sum();
        LinkStatus {
            peer: self.peer,
            state,
            reason,
            breaker: facts.breaker,
            inbound_lag_ms,
            last_heard_ms,
            outbound_pending_changes: pending,
            outbound_pending_bytes: facts.in_flight_bytes,
            #[expect(clippy::cast_precision_loss, reason = "a round trip has few digits")]
            rtt_ms: facts.rtt_us.map(|us| us as f64 / 1_000.0),
            clock_skew_ms: facts.clock_skew.ms(),
            bytes_sent: facts.bytes_sent,
            bytes_received: facts.bytes_received,
            batches_sent: facts.batches_sent,
        }
    }
}
