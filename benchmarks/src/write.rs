//! `write`: durable PUTs and GETs of one region, beside the disk and the floor.
//!
//! The store and the floor take turns under the same load, the disk is probed before and after the
//! store's, and each waits for the other's deferred work to be done. What is shown are medians over
//! rounds; the ratio is the median of each round's own ratio, since both of a pair saw the same
//! machine. After every turn the last writes are read back, and at the end once more after a
//! SIGKILL.

mod comparison;
mod durability;
mod turn;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use crate::binary::{self, Binary};
use crate::cluster::{Cluster, Region};
use crate::disk::SyncProbe;
use crate::floor::{Answers, Floor};
use crate::http::Connection;
use crate::load::{self, Extent, Key, Load, Work};
use crate::machine::Circumstances;
use crate::report::{self, Percentiles};
use crate::surroundings::Surroundings;
use crate::{Setup, http};
use comparison::Comparison;
use durability::Checks;

/// The number of connections with which items are read.
const GET_CONNECTIONS: u32 = 64;
/// The number of connections that fill the table.
const FILL_CONNECTIONS: u32 = 64;

/// How the benchmark is run.
#[derive(Debug, Args, Serialize)]
pub(crate) struct Options {
    /// What is measured of each turn, in seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// What is not measured before that, in seconds.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up_seconds: u64,
    /// How often all turns are taken.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// The numbers of connections with which items are written.
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = [1, 8, 64, 256],
        value_parser = clap::value_parser!(u32).range(1..=1_024)
    )]
    connections: Vec<u32>,
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
    comparisons: &'a [Comparison],
    checks: &'a Checks,
    surroundings: &'a Surroundings,
}

/// Runs it, prints its table and fails where a check does.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let binary = Binary::find(options.setup.binary.as_deref())?;
    let scratch =
        tempfile::Builder::new().prefix("tombolo-write-").tempdir_in(binary::target_dir()?)?;
    let circumstances = Circumstances::now(&binary, scratch.path());
    println!("Tombolo, durable writes and reads of one region\n{circumstances}");
    println!(
        "{}-byte JSON values, {} keys, {} s measured after {} s; rounds: {}, of which medians\n",
        load::VALUE_BYTES,
        load::KEYS,
        options.seconds,
        options.warm_up_seconds,
        options.rounds
    );
    let mut bench = Bench::start(options, &binary, scratch.path()).await?;
    let measured = bench.rounds().await;
    println!("{}\n{}", comparison::table(&bench.comparisons), bench.surroundings);
    measured?;
    bench.checks.compare_with_disk(&bench.comparisons);
    bench.checks.survive_crash(&mut bench.region).await?;
    println!("{}", bench.checks);
    let report = Report {
        benchmark: "write",
        circumstances: &circumstances,
        options,
        keys: load::KEYS,
        value_bytes: load::VALUE_BYTES,
        comparisons: &bench.comparisons,
        checks: &bench.checks,
        surroundings: &bench.surroundings,
    };
    report::write_json(options.setup.json.as_deref(), &report)?;
    if !bench.checks.hold() {
        bail!("what was measured was not durable");
    }
    Ok(())
}

/// Both servers, the probe, and what has been seen so far.
struct Bench<'a> {
    options: &'a Options,
    region: Region,
    floor: Floor,
    probe: SyncProbe,
    comparisons: Vec<Comparison>,
    checks: Checks,
    surroundings: Surroundings,
    turns: u32,
}

impl<'a> Bench<'a> {
    async fn start(options: &'a Options, binary: &Binary, folder: &Path) -> anyhow::Result<Self> {
        let cluster = Cluster::start(binary, folder, &["us-east"], |_| {}).await?;
        let region = cluster.regions.into_iter().next().context("a cluster has regions")?;
        report::progress("filling the table");
        fill(region.api).await?;
        let answers = answers_of(region.api).await?;
        let floor = Floor::start(folder, answers).await?;
        let probe = SyncProbe::create(&folder.join("sync.probe"))?;
        let puts = options.connections.iter().map(|connections| (Work::Put, *connections));
        let works = puts.chain([(Work::Get, GET_CONNECTIONS)]);
        let comparisons = works.map(|(work, connections)| Comparison::new(work, connections));
        Ok(Self {
            options,
            region,
            floor,
            probe,
            comparisons: comparisons.collect(),
            checks: Checks::default(),
            surroundings: Surroundings::default(),
            turns: 1,
        })
    }

    /// All rounds. What was measured before an error stays.
    async fn rounds(&mut self) -> anyhow::Result<()> {
        for round in 1..=self.options.rounds {
            for index in 0..self.comparisons.len() {
                let title = self.comparisons[index].title();
                let title = format!("round {round} of {}, {title}", self.options.rounds);
                report::progress(&title);
                self.pair(index).await.context(title)?;
            }
        }
        Ok(())
    }

    /// One turn of the store, with the disk before and after it, and one of the floor.
    async fn pair(&mut self, index: usize) -> anyhow::Result<()> {
        let extent = Extent::Time {
            warm_up: Duration::from_secs(self.options.warm_up_seconds),
            measured: Duration::from_secs(self.options.seconds),
        };
        let comparison = &mut self.comparisons[index];
        let load = |server, turn| {
            let (connections, work) = (comparison.connections, comparison.work);
            Load { server, connections, turn, work, extent }
        };
        let (ours, floors) =
            (load(self.region.api, self.turns), load(self.floor.address, self.turns + 1));
        self.turns += 2;

        for process in [&self.region.process, &self.floor.process] {
            process.wait_rest().await?;
        }
        self.surroundings.look().await?;
        let mut disk_ns = load::histogram()?;
        self.probe.run(&mut disk_ns)?;
        let (tombolo, written) = turn::take(&self.region.process, &ours).await?;
        self.probe.run(&mut disk_ns)?;
        self.checks.read_back(&self.region, written).await?;
        let (floor, _) = turn::take(&self.floor.process, &floors).await?;
        comparison.push(tombolo, floor, Percentiles::of_ns(&disk_ns));
        Ok(())
    }
}

/// Writes every item once.
async fn fill(server: SocketAddr) -> anyhow::Result<()> {
    let extent = Extent::Requests(load::KEYS.into());
    let load = Load { server, connections: FILL_CONNECTIONS, turn: 0, work: Work::Fill, extent };
    load.run().await.map(drop)
}

/// How long the store's answers are, so that the floor's are as long.
async fn answers_of(server: SocketAddr) -> anyhow::Result<Answers> {
    let path = format!("{}{}", load::ITEMS_PATH, Key(0));
    let mut connection = Connection::open(server).await?;
    let mut body_bytes = [0; 2];
    let value = load::value(load::Stamp(0));
    let calls = [("PUT", Some(value.as_str())), ("GET", None)];
    for ((method, body), bytes) in calls.into_iter().zip(&mut body_bytes) {
        let request = http::request(server, method, &path, body);
        let answer = connection.exchange(request.as_bytes()).await?;
        answer.check()?;
        *bytes = answer.body().len();
    }
    let [put_bytes, get_bytes] = body_bytes;
    Ok(Answers { put_bytes, get_bytes })
}
