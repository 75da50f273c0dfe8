//! `tombolo demo`: a cluster on this machine, each region a process of its own, with the measured
//! distances between them.
//!
//! This process holds the relay through which the regions reach each other, and starts and ends
//! them; they know nothing of either.

mod plan;
mod regions;

use std::fs;

use anyhow::{Context as _, bail};
use tombolo_topology::places::PLACES;

use self::plan::Plan;
use self::regions::Regions;
use crate::cli::{Demo, misused};
use crate::logging::say;
use crate::signals::Signals;

pub(crate) fn run(arguments: &Demo) -> anyhow::Result<()> {
    if arguments.list {
        return list();
    }
    let plan = Plan::new(arguments).unwrap_or_else(|error| misused(&error));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(demo(&plan))
}

async fn demo(plan: &Plan) -> anyhow::Result<()> {
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let relay = plan.relay()?;
    fs::create_dir_all(plan.backups())
        .with_context(|| format!("cannot make {}", plan.backups().display()))?;
    for settings in plan.settings(relay.as_ref())? {
        let directory = &settings.region.data_dir;
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let file = plan.settings_file(settings.region.name);
        fs::write(&file, settings.to_toml())
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut regions = Regions::start(plan)?;
    let ended = tokio::select! {
        () = signals.next() => Ok(()),
        ended = regions.watch() => ended,
    };
    regions.stop().await?;
    ended
}

fn list() -> anyhow::Result<()> {
    for place in &PLACES {
        say(&format!("{:20} {:16} {}", place.name, place.aws, place.city))?;
    }
    Ok(())
}

/// What a demo cannot be made of.
fn check(arguments: &Demo) -> anyhow::Result<()> {
    let count = arguments.regions.len();
    if !(1..=9).contains(&count) {
        bail!("--regions takes 1 to 9 regions, not {count}");
    }
    for (at, region) in arguments.regions.iter().enumerate() {
        if arguments.regions[..at].contains(region) {
            bail!("--regions names {region} twice");
        }
    }
    Ok(())
}
