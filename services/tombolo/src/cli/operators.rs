//! The arguments of the commands on tables, links, members, regions and conflicts.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::client::Address;

/// What to do with tables: without a word, list them.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    #[command(subcommand)]
    pub(crate) action: Option<TableAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TableAction {
    /// List all tables.
    List,
    /// Show the definition of one.
    Show {
        /// Its name.
        name: String,
    },
    /// Define one; repeating the same definition changes nothing.
    Define(Define),
    /// Change one in all regions; what it is as it should be changes nothing.
    Alter {
        /// Its name.
        name: String,
        /// The consistency of reads that ask for none.
        #[arg(long, value_name = "LEVEL")]
        consistency: String,
    },
    /// Drop one and everything in it.
    Drop {
        /// Its name.
        name: String,
    },
}

/// A table's definition. What is not named is left to the region.
#[derive(Debug, Args)]
pub(crate) struct Define {
    /// Its name.
    pub(crate) name: String,
    /// What its items are: register, counter, …
    #[arg(long, value_name = "TYPE")]
    pub(crate) r#type: String,
    /// What decides between concurrent writes: `last_write_wins`, merge, …
    #[arg(long, value_name = "NAME")]
    pub(crate) resolver: Option<String>,
    /// How it is replicated: a mode such as `multi_leader`, or a JSON object with its particulars.
    #[arg(long, value_name = "MODE|JSON")]
    pub(crate) strategy: Option<String>,
    /// The regions that hold it.
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    pub(crate) regions: Option<Vec<String>>,
    /// The consistency of reads that ask for none.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) consistency: Option<String>,
    /// The resolvers of a document's fields, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub(crate) fields: Option<String>,
}

/// What to do with links: without a word, list them.
#[derive(Debug, Args)]
pub(crate) struct Links {
    #[command(subcommand)]
    pub(crate) action: Option<LinkAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LinkAction {
    /// List the links of the region.
    List,
    /// Stop all traffic with a peer.
    Pause {
        /// The other region.
        peer: String,
    },
    /// Let it go on.
    Resume {
        /// The other region.
        peer: String,
    },
    /// Begin to compare with a peer all that both hold, and to repair what differs.
    Resync {
        /// The other region.
        peer: String,
    },
}

/// What to do with members: without a word, list them.
#[derive(Debug, Args)]
pub(crate) struct Members {
    #[command(subcommand)]
    pub(crate) action: Option<MemberAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberAction {
    /// List the members of the cluster.
    List,
    /// Add a region; it starts with an empty directory.
    Add {
        /// Its name.
        region: String,
        /// Where the others dial it.
        #[arg(value_name = "HOST:PORT")]
        replication: String,
    },
    /// Remove a region.
    Remove {
        /// Its name.
        region: String,
    },
}

/// Whom to ask who they are.
#[derive(Debug, Args)]
pub(crate) struct Regions {
    /// The regions; that of --url where none is named.
    #[arg(value_name = "URL")]
    pub(crate) urls: Vec<Address>,
}

/// What to do with conflicts: without a word, list them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Conflicts {
    /// Only those of this table.
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,
    /// Only those of this item.
    #[arg(long, value_name = "KEY", requires = "table")]
    pub(crate) key: Option<String>,
    /// Only those that are open, or were restored or dismissed.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<String>,
    /// At most so many; all of them where it is not said.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    #[command(subcommand)]
    pub(crate) action: Option<ConflictAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConflictAction {
    /// Let the value that lost stand.
    Restore {
        /// The conflict.
        id: String,
    },
    /// Take back what restored or dismissed it.
    Undo {
        /// The conflict.
        id: String,
    },
    /// Let it be as it is, and close the conflict.
    Dismiss {
        /// The conflict.
        id: String,
    },
}

/// What to watch.
///
/// Asks every region once in each interval who it is and how its links are, and draws that anew;
/// where standard output is no terminal, one below the other.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The admin listeners of the regions; that of --admin-url where none is named.
    #[arg(value_name = "URL")]
    pub(crate) urls: Vec<Address>,
    /// How often to look.
    #[arg(long, default_value = "1000", value_name = "MS", value_parser = milliseconds)]
    pub(crate) interval_ms: Duration,
    /// Look so many times and end; until Ctrl-C where it is not said.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

/// From a tenth of a second to an hour.
fn milliseconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|number| (100..=3_600_000).contains(number));
    number.map(Duration::from_millis).ok_or_else(|| "from 100 to 3600000".to_owned())
}
