//! The arguments of the commands on items.

use std::path::PathBuf;

use clap::Args;

use super::asking::{Reading, Writing};

/// Which item to read.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Its table.
    pub(crate) table: String,
    /// Its key.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What to write: one item, or all of a file.
#[derive(Debug, Args)]
pub(crate) struct Put {
    /// The table.
    pub(crate) table: String,
    /// The item's key.
    #[arg(required_unless_present = "from", conflicts_with = "from", requires = "value")]
    pub(crate) key: Option<String>,
    /// Its value as JSON; - reads it from standard input, @FILE from a file.
    #[arg(value_name = "VALUE|-|@FILE", allow_hyphen_values = true)]
    pub(crate) value: Option<String>,
    /// VALUE is a text and not JSON: it is stored as a string.
    #[arg(long, requires = "value")]
    pub(crate) string: bool,
    /// Load the items of this file (- for standard input): a line each of {"key":…,"value":…}, or
    /// one JSON array of these, or one JSON object of keys and values.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["idempotency_key", "if_match"])]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// What to change of an item.
#[derive(Debug, Args)]
pub(crate) struct Patch {
    /// Its table.
    pub(crate) table: String,
    /// Its key.
    pub(crate) key: String,
    /// The operations as JSON, such as {"increment":3}; - reads them from standard input, @FILE
    /// from a file.
    #[arg(value_name = "JSON|-|@FILE", allow_hyphen_values = true)]
    pub(crate) operations: String,
    /// The JSON is a merge patch (RFC 7396) of a document.
    #[arg(long)]
    pub(crate) merge: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// Which item to delete.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Its table.
    pub(crate) table: String,
    /// Its key.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// Which items to list.
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// The table.
    pub(crate) table: String,
    /// Only keys that begin with this.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Only keys from this one on, itself included.
    #[arg(long, value_name = "KEY")]
    pub(crate) from: Option<String>,
    /// Only keys before this one.
    #[arg(long, value_name = "KEY")]
    pub(crate) to: Option<String>,
    /// At most so many items; all of them where it is not said.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}
