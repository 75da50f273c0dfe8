//! What the region holds: journal, overlay, state, and what comes in from others.

use super::super::Kind::{Counter, Gauge, Histogram};
use super::super::Metric;
use super::super::text::Scale;
use super::metric;

pub(super) static METRICS: [Metric; 13] = [
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
        "tombolo_verify_spans_compared_total",
        Counter,
        "spans",
        "Spans of keys that were compared with another region's because this one asked",
        |now, out| {
            out.value(&[], now.region.meters().spans_compared.get());
        },
    ),
    metric(
        "tombolo_items_repaired_total",
        Counter,
        "items",
        "Items whose state here was changed by joining another region's",
        |now, out| {
            out.value(&[], now.region.meters().states_joined.get());
        },
    ),
    metric(
        "tombolo_states_refused_total",
        Counter,
        "states",
        "States of other regions that could not be what they were said to be",
        |now, out| {
            out.value(&[], now.region.meters().states_refused.get());
        },
    ),
];
