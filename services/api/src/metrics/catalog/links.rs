//! The links to the other regions.

use tombolo_actors::LinkStatus;

use super::super::Kind::{Counter, Gauge};
use super::super::text::seconds;
use super::super::{Metric, Moment};
use super::metric;

/// In which states a link can be.
const LINK_STATES: [&str; 5] = ["up", "lagging", "paused", "down", "needs_snapshot"];
/// In which states its circuit breaker can be.
const BREAKER_STATES: [&str; 3] = ["closed", "open", "half_open"];

pub(super) static METRICS: [Metric; 11] = [
    metric(
        "tombolo_link_state",
        Gauge,
        "1",
        "1 for the state that the link with a peer is in, else 0",
        |now, out| {
            each_link(now, |labels, link| out.state(labels, &LINK_STATES, &link.state.to_string()));
        },
    ),
    metric(
        "tombolo_link_breaker_state",
        Gauge,
        "1",
        "1 for the state of the circuit breaker towards a peer, else 0",
        |now, out| {
            each_link(now, |labels, link| {
                out.state(labels, &BREAKER_STATES, &link.breaker.to_string());
            });
        },
    ),
    metric(
        "tombolo_link_inbound_lag_seconds",
        Gauge,
        "seconds",
        "Time since a peer stood where all that it had written is visible here",
        |now, out| {
            each_link(now, |labels, link| out.value(labels, seconds(link.inbound_lag_ms, 1_000)));
        },
    ),
    metric(
        "tombolo_link_last_heard_seconds",
        Gauge,
        "seconds",
        "How long ago a peer was last heard; absent until it is",
        |now, out| {
            each_link(now, |labels, link| {
                if let Some(ms) = link.last_heard_ms {
                    out.value(labels, seconds(ms, 1_000));
                }
            });
        },
    ),
    metric(
        "tombolo_link_rtt_seconds",
        Gauge,
        "seconds",
        "The last round trip to a peer; absent until there was one",
        |now, out| {
            each_link(now, |labels, link| {
                if let Some(ms) = link.rtt_ms {
                    out.value(labels, format_args!("{:.6}", ms / 1_000.0));
                }
            });
        },
    ),
    metric(
        "tombolo_link_clock_skew_seconds",
        Gauge,
        "seconds",
        "A peer's wall clock less this region's, estimated from round trips; absent until there was one",
        |now, out| {
            each_link(now, |labels, link| {
                if let Some(ms) = link.clock_skew_ms {
                    let sign = if ms < 0 { "-" } else { "" };
                    out.value(labels, format_args!("{sign}{}", seconds(ms.unsigned_abs(), 1_000)));
                }
            });
        },
    ),
    metric(
        "tombolo_link_pending_changes",
        Gauge,
        "changes",
        "Own changes that a peer has not acknowledged",
        |now, out| {
            each_link(now, |labels, link| out.value(labels, link.outbound_pending_changes));
        },
    ),
    metric(
        "tombolo_link_in_flight_bytes",
        Gauge,
        "bytes",
        "Bytes of changes sent to a peer and not yet acknowledged",
        |now, out| {
            each_link(now, |labels, link| out.value(labels, link.outbound_pending_bytes));
        },
    ),
    metric(
        "tombolo_link_sent_bytes_total",
        Counter,
        "bytes",
        "Bytes sent to a peer",
        |now, out| {
            each_link(now, |labels, link| out.value(labels, link.bytes_sent));
        },
    ),
    metric(
        "tombolo_link_received_bytes_total",
        Counter,
        "bytes",
        "Bytes received from a peer",
        |now, out| {
            each_link(now, |labels, link| out.value(labels, link.bytes_received));
        },
    ),
    metric(
        "tombolo_link_batches_sent_total",
        Counter,
        "batches",
        "Batches of changes sent to a peer",
        |now, out| {
            each_link(now, |labels, link| out.value(labels, link.batches_sent));
        },
    ),
];

fn each_link(now: &Moment<'_>, mut write: impl FnMut(&[(&str, &str)], &LinkStatus)) {
    for link in &now.links {
        write(&[("peer", link.peer.as_str())], link);
    }
}
