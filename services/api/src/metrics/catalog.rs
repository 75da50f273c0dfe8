//! All metrics, each with what it is and where its numbers come from.

use tombolo_actors::LinkStatus;

use super::Kind::{Counter, Gauge, Histogram};
use super::requests::{STATUS_CLASSES, total};
use super::text::{Scale, Series, seconds};
use super::{Kind, Metric, Moment};

/// In which states a link can be.
const LINK_STATES: [&str; 5] = ["up", "lagging", "paused", "down", "needs_snapshot"];
/// In which states its circuit breaker can be.
const BREAKER_STATES: [&str; 3] = ["closed", "open", "half_open"];

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    meaning: &'static str,
    samples: fn(&Moment<'_>, &mut Series<'_>),
) -> Metric {
    Metric { name, kind, unit, meaning, samples }
}

/// Every metric, in the order of the page.
pub(super) static METRICS: [Metric; 32] = [
    metric(
        "tombolo_build_info",
        Gauge,
        "1",
        "Always 1; the labels say which region this is and which version runs",
        |now, out| {
            let name = now.region.name();
            let labels = [("region", name.as_str()), ("version", env!("CARGO_PKG_VERSION"))];
            out.value(&labels, 1);
        },
    ),
    metric(
        "tombolo_start_time_seconds",
        Gauge,
        "seconds",
        "When the region started, in seconds since 1970",
        |now, out| {
            out.value(&[], seconds(now.region.started_at_ms(), 1_000));
        },
    ),
    metric("tombolo_ready", Gauge, "1", "1 while the region takes commands, else 0", |now, out| {
        out.value(&[], u8::from(now.region.is_ready()));
    }),
    metric(
        "tombolo_clock_seconds",
        Gauge,
        "seconds",
        "Where the hybrid clock stands, in seconds since 1970",
        |now, out| {
            out.value(&[], seconds(clock_ms(now), 1_000));
        },
    ),
    metric(
        "tombolo_clock_ahead_seconds",
        Gauge,
        "seconds",
        "How far the hybrid clock is ahead of the wall clock: another region's clock is ahead by as much, or this one's was set back",
        |now, out| {
            let ahead_ms = clock_ms(now).saturating_sub(now.region.now_ms());
            out.value(&[], seconds(ahead_ms, 1_000));
        },
    ),
    metric(
        "tombolo_http_requests_total",
        Counter,
        "requests",
        "Requests that were answered",
        |now, out| {
            for place in now.requests.read() {
                for (status, count) in STATUS_CLASSES.iter().zip(place.by_class) {
                    if count > 0 {
                        out.value(
                            &[("route", place.route), ("method", place.method), ("status", status)],
                            count,
                        );
                    }
                }
            }
        },
    ),
    metric(
        "tombolo_http_request_duration_seconds",
        Histogram,
        "seconds",
        "From a request's head having arrived until its answer stands",
        |now, out| {
            for place in now.requests.read() {
                let labels = [("route", place.route), ("method", place.method)];
                out.histogram(&labels, &place.durations, Scale::Nanoseconds);
            }
        },
    ),
    metric(
        "tombolo_write_step_duration_seconds",
        Histogram,
        "seconds",
        "Steps of an acknowledged write: parse, mailbox (waiting for the leader), decide, journal (gathering and fdatasync), reply",
        |now, out| {
            let meters = now.region.meters();
            let steps = [
                ("parse", total(&now.requests.parse)),
                ("mailbox", meters.mailbox.read()),
                ("decide", meters.decide.read()),
                ("journal", meters.journal.read()),
                ("reply", total(&now.requests.reply)),
            ];
            for (step, reading) in steps {
                out.histogram(&[("step", step)], &reading, Scale::Nanoseconds);
            }
        },
    ),
    metric(
        "tombolo_commands_refused_total",
        Counter,
        "commands",
        "Commands answered 503 overloaded, by what was full: the leader's mailbox, or the overlay that waits for the materializer",
        |now, out| {
            let meters = now.region.meters();
            out.value(&[("full", "mailbox")], meters.refused_mailbox.get());
            out.value(&[("full", "overlay")], meters.refused_overlay.get());
        },
    ),
    metric(
        "tombolo_group_changes",
        Histogram,
        "changes",
        "Changes that shared one fdatasync",
        |now, out| {
            out.histogram(&[], &now.region.meters().group_changes.read(), Scale::One);
        },
    ),
    metric(
        "tombolo_journal_sync_duration_seconds",
        Histogram,
        "seconds",
        "One fdatasync of the journal",
        |now, out| {
            out.histogram(&[], &now.region.meters().sync.read(), Scale::Nanoseconds);
        },
    ),
    metric(
        "tombolo_journal_written_bytes_total",
        Counter,
        "bytes",
        "Bytes of changes written to the journal",
        |now, out| {
            out.value(&[], now.region.meters().journal_bytes.get());
        },
    ),
    metric(
        "tombolo_journal_kept_bytes",
        Gauge,
        "bytes",
        "What the journal's segments take on the disk, unused room included",
        |now, out| {
            out.value(&[], now.region.journal_kept_bytes());
        },
    ),
    metric(
        "tombolo_overlay_bytes",
        Gauge,
        "bytes",
        "About how much memory holds what is not in the state file yet",
        |now, out| {
            out.value(&[], now.region.view().overlay_bytes());
        },
    ),
    metric(
        "tombolo_overlay_layers",
        Gauge,
        "layers",
        "Layers of the overlay, the one that is written to included",
        |now, out| {
            out.value(&[], now.region.view().overlay_layers());
        },
    ),
    metric(
        "tombolo_materialize_duration_seconds",
        Histogram,
        "seconds",
        "Moving one layer into the state file",
        |now, out| {
            out.histogram(&[], &now.region.meters().materialize.read(), Scale::Nanoseconds);
        },
    ),
    metric(
        "tombolo_changes_applied_total",
        Counter,
        "changes",
        "Changes taken in, by where they were made: in this region (local) or in another (remote)",
        |now, out| {
            let meters = now.region.meters();
            out.value(&[("origin", "local")], meters.changes_local.get());
            out.value(&[("origin", "remote")], meters.changes_remote.get());
        },
    ),
    metric(
        "tombolo_conflicts_opened_total",
        Counter,
        "writes",
        "Writes that lost to a concurrent one here, and are kept as open conflicts",
        |now, out| {
            out.value(&[], now.region.meters().conflicts.get());
        },
    ),
    metric(
        "tombolo_held_back_bytes",
        Gauge,
        "bytes",
        "Changes that have arrived and wait for what they depend on",
        |now, out| {
            out.value(&[], now.region.meters().held_back_bytes.get());
        },
    ),
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
    metric(
        "tombolo_traces_sent_total",
        Counter,
        "traces",
        "Traces of writes that the collector took",
        |now, out| {
            out.value(&[], now.traces.sent.get());
        },
    ),
    metric(
        "tombolo_traces_dropped_total",
        Counter,
        "traces",
        "Traces of writes that were dropped: queue_full where too many waited, not_taken where the collector did not take them",
        |now, out| {
            out.value(&[("reason", "queue_full")], now.traces.queue_full.get());
            out.value(&[("reason", "not_taken")], now.traces.not_taken.get());
        },
    ),
];

/// Never behind what is shown, whatever the wall says.
fn clock_ms(now: &Moment<'_>) -> u64 {
    now.region.now_ms().max(now.region.view().stamp_floor().millis())
}

fn each_link(now: &Moment<'_>, mut write: impl FnMut(&[(&str, &str)], &LinkStatus)) {
    for link in &now.links {
        write(&[("peer", link.peer.as_str())], link);
    }
}
