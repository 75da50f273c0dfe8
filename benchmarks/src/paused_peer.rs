//! `paused-peer`: what a region that is away costs the others, and how it comes back.
//!
//! Three regions on loopback links. The same number of writes goes to the first region twice: with
//! all links up, for comparison, and with all links to the third paused. Memory and disk are looked
//! at all along. Then the links are resumed, and the third region either levels or says that it
//! needs a snapshot. With no journal limit given, all of it is done for a small one and for the
//! default, in fresh clusters.
//!
//! Memory is what the kernel says is in RAM (`VmRSS`), so that it includes what the allocator keeps.

mod catch_up;
mod sample;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::Setup;
use crate::binary::{self, Binary};
use crate::cluster::{Cluster, Region};
use crate::load::{self, Extent, Load, Work};
use crate::machine::Circumstances;
use crate::report;
use crate::surroundings::Surroundings;
use catch_up::CatchUp;
use sample::{Phase, Samples};

const REGIONS: [&str; 3] = ["us-east", "eu-west", "ap-southeast"];
const AWAY: &str = REGIONS[2];
const SMALL_JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// How long the regions that are connected may take to level.
const LEVEL_TIME_MAX: Duration = Duration::from_mins(10);
/// How long a pause may take to be seen at both ends.
const PAUSE_TIME_MAX: Duration = Duration::from_secs(10);
/// How often what is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How the benchmark is run.
#[derive(Debug, Args, Serialize)]
pub(crate) struct Options {
    /// The limit of each region's journal, in bytes. Without it: 64 MiB, and then the default.
    #[arg(long)]
    journal_bytes_max: Option<u64>,
    /// Writes with all links up, and as many while the third region is away.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    writes: u64,
    /// Writes between two looks at memory and disk.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    look_every: u64,
    /// Connections that write.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    connections: u32,
    #[command(flatten)]
    #[serde(skip)]
    setup: Setup,
}

#[derive(Serialize)]
struct Report<'a> {
    benchmark: &'static str,
    circumstances: &'a Circumstances,
    options: &'a Options,
    keys: u32,
    value_bytes: usize,
    surroundings: &'a Surroundings,
    runs: &'a [Run],
}

/// All of it for one journal limit.
#[derive(Debug, Serialize)]
struct Run {
    /// The limit, where it was not left at the default.
    journal_bytes_max: Option<u64>,
    samples: Samples,
    catch_up: CatchUp,
}

/// Runs it for each journal limit and prints a table for each.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let binary = Binary::find(options.setup.binary.as_deref())?;
    let limits = match options.journal_bytes_max {
        Some(bytes) => vec![Some(bytes)],
        None => vec![Some(SMALL_JOURNAL_BYTES_MAX), None],
    };
    let folder = binary::target_dir()?;
    let circumstances = Circumstances::now(&binary, &folder);
    println!("Tombolo, one of three regions away\n{circumstances}");
    println!(
        "{}-byte JSON values, {} keys, {} connections",
        load::VALUE_BYTES,
        load::KEYS,
        options.connections
    );
    let (mut runs, mut surroundings) = (Vec::new(), Surroundings::default());
    for journal_bytes_max in limits {
        surroundings.look().await?;
        let scratch = tempfile::Builder::new().prefix("tombolo-paused-").tempdir_in(&folder)?;
        let run = measure(options, &binary, scratch.path(), journal_bytes_max).await?;
        let limit = journal_bytes_max.map(report::mebibytes);
        let limit = limit.map_or_else(|| "the default".to_owned(), |limit| format!("{limit} MiB"));
        println!("\njournal limit: {limit}\n{}\n{}", run.samples, run.catch_up);
        runs.push(run);
    }
    surroundings.look().await?;
    println!("\n{surroundings}");
    let report = Report {
        benchmark: "paused-peer",
        circumstances: &circumstances,
        options,
        keys: load::KEYS,
        value_bytes: load::VALUE_BYTES,
        surroundings: &surroundings,
        runs: &runs,
    };
    report::write_json(options.setup.json.as_deref(), &report)
}

async fn measure(
    options: &Options,
    binary: &Binary,
    folder: &Path,
    journal_bytes_max: Option<u64>,
) -> anyhow::Result<Run> {
    let cluster = Cluster::start(binary, folder, &REGIONS, |settings| {
        if let Some(bytes) = journal_bytes_max {
            settings.journal.journal_bytes_max = bytes;
        }
    });
    let cluster = cluster.await?;
    let [first, second, away] = cluster.regions.as_slice() else { bail!("not three regions") };
    let mut samples = Samples::new(&REGIONS);
    samples.look(Phase::Started, 0, &cluster)?;

    let mut writer = Writer { options, first, turn: 0 };
    writer.write(Phase::Linked, &cluster, &mut samples).await?;
    cluster.wait_level(LEVEL_TIME_MAX).await?;
    samples.look(Phase::Level, options.writes, &cluster)?;

    for region in [first, second] {
        pause(region, away).await?;
    }
    writer.write(Phase::Paused, &cluster, &mut samples).await?;
    let behind = catch_up::behind(first, away).await?;
    if behind < options.writes {
        let (here, there) = (first.links().await?, away.links().await?);
        let wanted = options.writes;
        bail!(
            "the pause did not hold: {AWAY} lacks {behind} of {wanted} writes, {here:?} {there:?}"
        );
    }
    for region in [first, second] {
        region.steer_link(AWAY, "resume").await?;
    }
    let catch_up = CatchUp::watch(&cluster, first, away, behind).await?;
    samples.look(Phase::Resumed, 2 * options.writes, &cluster)?;
    Ok(Run { journal_bytes_max, samples, catch_up })
}

/// Pauses the link from `region` to `away` and waits until both ends say so.
async fn pause(region: &Region, away: &Region) -> anyhow::Result<()> {
    region.steer_link(away.name(), "pause").await?;
    let started = Instant::now();
    for (one, other) in [(region, away), (away, region)] {
        while one.link(other.name()).await?.state != "paused" {
            if started.elapsed() > PAUSE_TIME_MAX {
                bail!("{} does not pause its link to {}", one.name(), other.name());
            }
            sleep(LOOK_EVERY).await;
        }
    }
    Ok(())
}

/// Writes to the first region, in parts.
struct Writer<'a> {
    options: &'a Options,
    first: &'a Region,
    turn: u32,
}

impl Writer<'_> {
    /// All writes of one phase, with a look at memory and disk after each part.
    async fn write(
        &mut self,
        phase: Phase,
        cluster: &Cluster,
        samples: &mut Samples,
    ) -> anyhow::Result<()> {
        let Options { writes, look_every, connections, .. } = *self.options;
        let mut done = 0;
        while done < writes {
            let part = look_every.min(writes - done);
            let (server, extent) = (self.first.api, Extent::Requests(part));
            let load = Load { server, connections, turn: self.turn, work: Work::Put, extent };
            let outcome = load.run().await.with_context(|| format!("after {done} writes"))?;
            self.turn += 1;
            done += part;
            let per_second = report::per_second(part, outcome.measured);
            report::progress(&format!("{phase}: {done} writes, {per_second:.0}/s"));
            samples.look(phase, done, cluster)?;
        }
        Ok(())
    }
}
