//! The command line.

use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tombolo_causality::RegionId;

/// A geo-replicated store in which every region is a leader.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one region.
    Serve(Serve),
    /// Run several regions on this machine, with the real distances between them.
    Demo(Demo),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// How one region is run.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The settings file; `TOMBOLO__SECTION__KEY` in the environment overrides what it says.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// End when the process that started this one ends.
    #[arg(long, hide = true)]
    pub(crate) end_with_parent: bool,
}

/// How the demo is run.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The regions, 1 to 9 of the fifteen places that are known (see --list).
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "us-east,eu-west,ap-southeast",
        value_name = "A,B,C"
    )]
    pub(crate) regions: Vec<RegionId>,
    /// Region i listens on this port + 10 i + 1 (API), + 2 (admin) and + 3 (replication).
    #[arg(long, default_value_t = 7400, value_name = "PORT")]
    pub(crate) base_port: u16,
    /// Where the regions keep their data, a folder each.
    #[arg(long, default_value = "tombolo-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// Whether the links carry the measured latency between the places.
    #[arg(long, value_enum, default_value_t = Distance::Real)]
    pub(crate) wan: Distance,
    /// Start a region again when its process ends.
    #[arg(long)]
    pub(crate) restart: bool,
    /// List the places and end.
    #[arg(long)]
    pub(crate) list: bool,
}

/// What lies between the regions of a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Distance {
    /// The latency that was measured between the places.
    Real,
    /// Nothing: loopback.
    None,
}

/// Prints what `shell` needs to complete this command line.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tombolo", &mut out);
    io::Write::write_all(&mut io::stdout().lock(), &out).context("cannot write to standard output")
}

/// Ends the process as the parser does for what it finds wrong itself: with the reason and the exit
/// code of a wrong usage. For what can only be judged once all arguments are known.
pub(crate) fn misused(reason: &anyhow::Error) -> ! {
    Cli::command().error(ErrorKind::ValueValidation, format!("{reason:#}")).exit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_demo_has_the_defaults_of_the_contract() {
        let Command::Demo(demo) = Cli::parse_from(["tombolo", "demo"]).command else {
            panic!("another command");
        };
        let names: Vec<_> = demo.regions.iter().map(RegionId::as_str).collect();
        assert_eq!(names, ["us-east", "eu-west", "ap-southeast"]);
        assert_eq!((demo.base_port, demo.wan, demo.restart), (7400, Distance::Real, false));
    }
}
