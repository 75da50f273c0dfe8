//! What `tombolo simulate` takes.

use clap::Args;

/// How worlds are simulated.
///
/// One world by its seed, or many. A world is regions as they run in production, their machines and
/// their storage, in one thread: with a network, clocks and disks that fail as the seed decides, and
/// clients that write, read and move about. All the time, and once everything has healed, it is held
/// against what the store promises.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The seed of the one world, or the first of many.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(crate) seed: u64,
    /// How many worlds, one for each seed from the first.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) seeds: Option<u64>,
    /// Worlds of random sizes and settings, in each of which random things go wrong.
    #[arg(long)]
    pub(crate) swarm: bool,
    /// How long things go wrong in a world, in simulated minutes; with --swarm the seed decides.
    #[arg(long, default_value_t = 10, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) minutes: u64,
    /// Plant one known bug after the other, and see that each is found.
    #[arg(long, conflicts_with_all = ["swarm", "without", "tell"])]
    pub(crate) mutants: bool,
    /// Leave these out of what can go wrong, such as "power cut,link slowed".
    #[arg(long, value_delimiter = ',', value_name = "FAULTS")]
    pub(crate) without: Vec<String>,
    /// End a world of a swarm after so many simulated ms instead of when its seed decides.
    #[arg(long, value_name = "MS", requires = "swarm")]
    pub(crate) run_ms: Option<u64>,
    /// Print all that happens in the one world.
    #[arg(long, conflicts_with = "seeds")]
    pub(crate) tell: bool,
    /// How many worlds run at a time; one for each core where it is not said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}
