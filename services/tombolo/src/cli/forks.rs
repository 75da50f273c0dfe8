//! The arguments of `tombolo recover-fork`.

use std::path::PathBuf;

use clap::Args;
use tombolo_causality::RegionId;

/// Which region, and which peers are not asked.
///
/// For a data directory that was put back from a copy and written to before it met its peers, which
/// then refuse it. The region must be stopped and the peers running. What it wrote since the copy is
/// kept under a new name, beside what the peers have; the region starts empty and is given
/// everything again. The old directory is set aside beside the new one.
///
/// Ends with 4 where there is nothing to recover or it cannot be decided, and with 5 where a peer
/// does not answer.
#[derive(Debug, Args)]
pub(crate) struct RecoverFork {
    /// The settings of the region.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Peers that are gone for good, and are not asked what they know.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) without: Vec<RegionId>,
}
