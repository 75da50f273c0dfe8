//! One turn of a server under load, and what is seen of it.

use serde::Serialize;

use crate::cluster::Process;
use crate::load::{Key, Load, Stamp};
use crate::report::{Percentiles, per_second, quotient};

/// What was seen in one turn.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Turn {
    /// Requests answered a second.
    pub(super) per_second: f64,
    /// Time to the answer.
    pub(super) latency: Percentiles,
    /// Processor time of the server for each request, warm-up and work left for later included.
    pub(super) cpu_us: f64,
}

/// Loads the server whose process this is, from rest until it is at rest again. Besides the turn,
/// the last writes that it acknowledged.
pub(super) async fn take(
    process: &Process,
    load: &Load,
) -> anyhow::Result<(Turn, Vec<(Key, Stamp)>)> {
    process.wait_rest().await?;
    let cpu_before = process.cpu()?;
    let outcome = load.run().await?;
    process.wait_rest().await?;
    let cpu = process.cpu()?.saturating_sub(cpu_before);
    let cpu_us = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX);
    let turn = Turn {
        per_second: per_second(outcome.latency_ns.len(), outcome.measured),
        latency: Percentiles::of_ns(&outcome.latency_ns),
        cpu_us: quotient(cpu_us, outcome.answered),
    };
    Ok((turn, outcome.written))
}
