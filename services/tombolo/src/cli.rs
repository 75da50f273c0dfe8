//! The command line.

mod asking;
mod backups;
mod forks;
mod items;
mod operators;
mod simulate;

use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tombolo_causality::RegionId;

pub(crate) use self::asking::{Asking, Format};
pub(crate) use self::backups::{Backup, Restore};
pub(crate) use self::forks::RecoverFork;
pub(crate) use self::items::{Delete, Get, Patch, Put, Scan};
pub(crate) use self::operators::{
    ConflictAction, Conflicts, Define, LinkAction, Links, MemberAction, Members, Regions,
    TableAction, Tables, Watch,
};
pub(crate) use self::simulate::Simulate;

/// A geo-replicated store in which every region is a leader.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused or in conflict, 5 the region
/// cannot be reached.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one region.
    Serve(Serve),
    /// Run several regions on this machine, with the real distances between them.
    Demo(Demo),
    /// Read an item.
    Get(Get),
    /// Write an item, or all items of a file.
    Put(Put),
    /// Change an item by operations.
    Patch(Patch),
    /// Delete an item.
    Delete(Delete),
    /// List the items of a table in the order of their keys.
    Scan(Scan),
    /// Define, show and drop tables.
    Tables(Tables),
    /// Show, pause, resume and compare the links to the other regions.
    Links(Links),
    /// Show, add and remove the members of the cluster.
    Members(Members),
    /// Show who regions are and how far they have come.
    Regions(Regions),
    /// Show and settle conflicts.
    Conflicts(Conflicts),
    /// Compare with every other region what is held, and repair what differs.
    ///
    /// Ends with 4 where something was different, and with 1 where a region could not be compared
    /// with.
    Verify,
    /// Write a backup of a region while it runs.
    Backup(Backup),
    /// Make a data directory go on from a backup, before a region is started on it.
    Restore(Restore),
    /// Find a way out for a region whose peers know another history of it.
    RecoverFork(RecoverFork),
    /// Watch regions and their links.
    Watch(Watch),
    /// Prove the promises: run regions in a simulated world in which everything goes wrong.
    Simulate(Simulate),
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

    fn refused(arguments: &[&str]) -> Option<ErrorKind> {
        let all = [&["tombolo"], arguments].concat();
        Cli::try_parse_from(all).err().map(|error| error.kind())
    }

    #[test]
    fn a_put_takes_a_key_and_a_value_or_a_file() {
        assert_eq!(refused(&["put", "t", "k", "1"]), None);
        assert_eq!(refused(&["put", "t", "k", "-1"]), None);
        assert_eq!(refused(&["put", "t", "k", "-"]), None);
        assert_eq!(refused(&["put", "t", "--from", "f"]), None);
        assert_eq!(refused(&["put", "t"]), Some(ErrorKind::MissingRequiredArgument));
        assert_eq!(refused(&["put", "t", "k"]), Some(ErrorKind::MissingRequiredArgument));
        let both = Some(ErrorKind::ArgumentConflict);
        assert_eq!(refused(&["put", "t", "k", "1", "--from", "f"]), both);
        assert_eq!(refused(&["put", "t", "--from", "f", "--if-match", "AQ"]), both);
        assert_eq!(refused(&["put", "t", "k", "1", "--if-match", "AQ", "--if-absent"]), both);
    }

    #[test]
    fn whom_to_ask_may_be_said_before_and_behind_the_command() {
        for arguments in [
            ["tombolo", "--url", "a:1", "-o", "json", "links", "pause", "b"],
            ["tombolo", "links", "pause", "b", "--url", "a:1", "-o", "json"],
        ] {
            let asking = Cli::parse_from(arguments).asking;
            assert_eq!(
                (asking.url.to_string(), asking.output),
                ("http://a:1".into(), Format::Json)
            );
            assert_eq!(asking.admin().to_string(), "http://a:2");
        }
        let admin = ["tombolo", "links", "--url", "a:1", "--admin-url", "b:9"];
        assert_eq!(Cli::parse_from(admin).asking.admin().to_string(), "http://b:9");
        assert_eq!(refused(&["links", "--url", "https://a"]), Some(ErrorKind::ValueValidation));
    }

    #[test]
    fn conflicts_are_listed_or_settled() {
        assert_eq!(refused(&["conflicts", "--table", "t", "--key", "k"]), None);
        assert_eq!(refused(&["conflicts", "--state", "open"]), None);
        assert_eq!(refused(&["conflicts", "restore", "c1"]), None);
        assert_eq!(refused(&["conflicts", "undo", "c1"]), None);
        let key_alone = refused(&["conflicts", "--key", "k"]);
        assert_eq!(key_alone, Some(ErrorKind::MissingRequiredArgument));
    }

    #[test]
    fn a_restore_is_told_where_to_by_itself_or_by_the_settings() {
        assert_eq!(refused(&["restore", "--from", "b", "--to", "d"]), None);
        assert_eq!(refused(&["restore", "--from", "b", "--config", "r.toml"]), None);
        let missing = Some(ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["restore", "--from", "b"]), missing);
        assert_eq!(refused(&["restore", "--from", "b", "--to", "d", "--foreign"]), missing);
    }

    #[test]
    fn a_watch_looks_at_most_ten_times_a_second() {
        assert_eq!(refused(&["watch", "--interval-ms", "100"]), None);
        let too_often = refused(&["watch", "--interval-ms", "99"]);
        assert_eq!(too_often, Some(ErrorKind::ValueValidation));
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
