//! The arguments of `tombolo backup` and `tombolo restore`.

use std::path::PathBuf;

use clap::Args;

/// Where to write a backup.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// An absolute path on the machine of the region, below its setting backup.directory; nothing
    /// may be there yet.
    pub(crate) path: String,
}

/// What to restore, and where.
///
/// The region goes on under a new incarnation: what its old one wrote after the backup, it is given
/// back by its peers. Ends with 3 where there is no backup, and with 4 where the directory is not
/// empty or the backup is another region's.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The directory of the backup.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The data directory, which is to be empty or not there; that of --config where it is not
    /// named.
    #[arg(long, value_name = "DATA_DIR", required_unless_present = "config")]
    pub(crate) to: Option<PathBuf>,
    /// The settings of the region that is to start on it: a backup of another one is refused.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take a backup of another region or cluster for the region of --config.
    #[arg(long, requires = "config")]
    pub(crate) foreign: bool,
}
