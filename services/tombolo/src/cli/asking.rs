//! What commands that ask a region have in common: whom they ask, how, and how they answer.

use clap::{Args, ValueEnum};

use crate::client::{Address, SessionSource};

/// Whom to ask, and how to answer.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// The region's API.
    #[arg(
        long,
        global = true,
        env = "TOMBOLO_URL",
        default_value = "http://127.0.0.1:7401",
        value_name = "URL",
        help_heading = ASKING
    )]
    pub(crate) url: Address,
    /// The region's admin listener; where it is not named, the port after that of --url.
    #[arg(long, global = true, env = "TOMBOLO_ADMIN_URL", value_name = "URL", help_heading = ASKING)]
    admin_url: Option<Address>,
    /// The session to go on with: its token, or @FILE, which is read and then holds the new one.
    #[arg(long, global = true, value_name = "TOKEN|@FILE", help_heading = ASKING)]
    pub(crate) session: Option<SessionSource>,
    /// Tables for people, or JSON for programs.
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t = Format::Table,
        value_name = "FORMAT",
        help_heading = ASKING
    )]
    pub(crate) output: Format,
}

/// Over these options in the help.
const ASKING: &str = "Asking a region";

impl Asking {
    /// Where the region's operators ask.
    pub(crate) fn admin(&self) -> Address {
        self.admin_url.clone().unwrap_or_else(|| self.url.next_port())
    }
}

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What a read promises. What is not named is left to the region.
#[derive(Debug, Default, Args)]
pub(crate) struct Reading {
    /// eventual, `read_your_writes`, `monotonic_reads`, session, bounded, quorum or strong.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) consistency: Option<String>,
    /// How long the region may wait until it can keep that promise.
    #[arg(long, value_name = "MS")]
    pub(crate) wait_ms: Option<u64>,
    /// How old what is read may be, for bounded.
    #[arg(long, value_name = "MS")]
    pub(crate) max_staleness_ms: Option<u64>,
    /// How many regions to ask, for quorum.
    #[arg(long, value_name = "N")]
    pub(crate) r: Option<u64>,
}

impl Reading {
    /// As parameters of a request.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        named([
            ("consistency", self.consistency.clone()),
            ("wait_ms", self.wait_ms.map(|number| number.to_string())),
            ("max_staleness_ms", self.max_staleness_ms.map(|number| number.to_string())),
            ("r", self.r.map(|number| number.to_string())),
        ])
    }
}

/// What a write promises, and on what condition it is done.
#[derive(Debug, Default, Args)]
pub(crate) struct Writing {
    /// How many regions must have it durably.
    #[arg(long, value_name = "N")]
    pub(crate) w: Option<u64>,
    /// How long that may take.
    #[arg(long, value_name = "MS")]
    pub(crate) timeout_ms: Option<u64>,
    /// Do it once, however often it is asked for with this key.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Only if this is the item's version.
    #[arg(long, value_name = "VERSION", conflicts_with = "if_absent")]
    pub(crate) if_match: Option<String>,
    /// Only if there is no such item.
    #[arg(long)]
    pub(crate) if_absent: bool,
}

impl Writing {
    /// As parameters of a request.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        named([
            ("w", self.w.map(|number| number.to_string())),
            ("timeout_ms", self.timeout_ms.map(|number| number.to_string())),
        ])
    }

    /// As headers of a request.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        named([
            ("idempotency-key", self.idempotency_key.clone()),
            ("if-match", self.if_match.as_ref().map(|version| format!("\"{version}\""))),
            ("if-none-match", self.if_absent.then(|| "*".to_owned())),
        ])
    }
}

fn named<const N: usize>(
    values: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
