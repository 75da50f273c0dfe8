//! Requests: how many, how long, and what they asked for beyond the operation itself.

use super::super::Kind::{Counter, Histogram};
use super::super::Metric;
use super::super::requests::{STATUS_CLASSES, total};
use super::super::text::Scale;
use super::metric;

pub(super) static METRICS: [Metric; 11] = [
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
        "tombolo_requests_repeated_total",
        Counter,
        "requests",
        "Requests with an Idempotency-Key that were done before and answered as then; no writes",
        |now, out| {
            out.value(&[], now.region.meters().repeated.get());
        },
    ),
    metric(
        "tombolo_conditions_unmet_total",
        Counter,
        "writes",
        "Writes answered 412 because the item was not as their condition says",
        |now, out| {
            out.value(&[], now.region.meters().conditions_unmet.get());
        },
    ),
    metric(
        "tombolo_write_concerns_unmet_total",
        Counter,
        "writes",
        "Writes answered 504 because fewer regions than w asks for were known to hold them in time",
        |now, out| {
            out.value(&[], now.region.meters().concerns_unmet.get());
        },
    ),
    metric(
        "tombolo_session_wait_duration_seconds",
        Histogram,
        "seconds",
        "How long requests waited for what their session had seen and this region did not show",
        |now, out| {
            out.histogram(&[], &now.region.meters().freshness_wait.read(), Scale::Nanoseconds);
        },
    ),
    metric(
        "tombolo_forwards_total",
        Counter,
        "requests",
        "Requests passed on to a peer because this region was behind their session, by what came of it: answered, unanswered, or not_sent",
        |now, out| {
            let meters = now.region.meters();
            out.value(&[("outcome", "answered")], meters.forwards_answered.get());
            out.value(&[("outcome", "unanswered")], meters.forwards_unanswered.get());
            out.value(&[("outcome", "not_sent")], meters.forwards_not_sent.get());
        },
    ),
    metric(
        "tombolo_requests_refused_total",
        Counter,
        "requests",
        "Requests answered 503 overloaded, by what was full: the leader's mailbox, the overlay that waits for the materializer, or the places of those that wait for other regions (waiting)",
        |now, out| {
            let meters = now.region.meters();
            out.value(&[("full", "mailbox")], meters.refused_mailbox.get());
            out.value(&[("full", "overlay")], meters.refused_overlay.get());
            out.value(&[("full", "waiting")], meters.refused_waiting.get());
        },
    ),
    metric(
        "tombolo_traces_sent_total",
        Counter,
        "traces",
        "Traces that the collector took: of writes, and of other regions' writes as they were applied",
        |now, out| {
            out.value(&[], now.traces.sent.get());
        },
    ),
    metric(
        "tombolo_traces_dropped_total",
        Counter,
        "traces",
        "Traces that were dropped: queue_full where too many waited, not_taken where the collector did not take them",
        |now, out| {
            out.value(&[("reason", "queue_full")], now.traces.queue_full.get());
            out.value(&[("reason", "not_taken")], now.traces.not_taken.get());
        },
    ),
];
