//! Benchmarks of Tombolo, each beside the floor that bounds it, taking turns in one run.
//!
//! `write` measures durable PUTs and GETs of one region; `paused-peer` measures what a region that
//! is away costs the others. They start the release binary as it is, ask it over its public
//! listeners only, check that what was acknowledged is there, and leave no process and no file
//! behind. Linux only: processes are watched through `/proc`.
#![expect(clippy::print_stdout, reason = "a table for people is what a benchmark is run for")]

mod binary;
mod cluster;
mod disk;
mod floor;
mod http;
mod load;
mod machine;
mod paused_peer;
mod report;
mod surroundings;
mod tether;
mod write;

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

/// Speed and memory of Tombolo, side by side with floors.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Durable PUTs and GETs of one region, beside the disk and a bare journal.
    Write(write::Options),
    /// Memory and disk of three regions while one of them is away, and its way back.
    PausedPeer(paused_peer::Options),
    /// The floor of `write`, as a process of its own.
    #[command(hide = true)]
    Floor(floor::Options),
    /// Becomes another program that ends when this one's parent does.
    #[command(hide = true)]
    Tether(tether::Options),
}

/// What all benchmarks can be told.
#[derive(Debug, Args)]
struct Setup {
    /// Also writes all figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures this binary instead of the one built beside the benchmarks.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// The store's own, so that the floor, which is this executable too, has no worse.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match Cli::parse().benchmark {
        Benchmark::Write(options) => measure(write::run(&options)),
        Benchmark::PausedPeer(options) => measure(paused_peer::run(&options)),
        Benchmark::Floor(options) => floor::run(&options),
        Benchmark::Tether(options) => tether::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::progress(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs a benchmark on this thread alone, so that the load takes as little as it can from what it
/// loads. A signal drops the benchmark where it stands, and with it processes and files.
fn measure(benchmark: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        bail!("this is a debug build, whose figures mean nothing: run with --release");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            done = benchmark => done,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}
