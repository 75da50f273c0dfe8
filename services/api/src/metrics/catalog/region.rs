//! The region itself: who it is, whether it is well, what its clock says.

use super::super::Kind::Gauge;
use super::super::text::{Series, seconds};
use super::super::{Metric, Moment};
use super::metric;

pub(super) static METRICS: [Metric; 10] = [
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
        "tombolo_catching_up",
        Gauge,
        "1",
        "1 while the region catches up by another's state and answers 503 catching_up, else 0",
        |now, out| {
            out.value(&[], u8::from(now.region.is_catching_up()));
        },
    ),
    metric("tombolo_members", Gauge, "1", "Members of the cluster, as agreed here", |now, out| {
        out.value(&[], now.region.members().members().len());
    }),
    metric(
        "tombolo_membership_epoch",
        Gauge,
        "1",
        "How many times the list of members has changed since the cluster began",
        |now, out| {
            out.value(&[], now.region.members().epoch());
        },
    ),
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
        "tombolo_backup_last_success_time_seconds",
        Gauge,
        "seconds",
        "When the last backup was written since the region started, in seconds since 1970; absent before",
        |now, out| since_1970(now.region.last_backups().succeeded_at_ms, out),
    ),
    metric(
        "tombolo_backup_last_failure_time_seconds",
        Gauge,
        "seconds",
        "When the last backup failed since the region started, in seconds since 1970; absent before",
        |now, out| since_1970(now.region.last_backups().failed_at_ms, out),
    ),
];

/// Nothing where it was never.
fn since_1970(at_ms: u64, out: &mut Series<'_>) {
    if at_ms > 0 {
        out.value(&[], seconds(at_ms, 1_000));
    }
}

/// Never behind what is shown, whatever the wall says.
fn clock_ms(now: &Moment<'_>) -> u64 {
    now.region.now_ms().max(now.region.view().stamp_floor().millis())
}
