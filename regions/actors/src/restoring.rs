//! Making a data directory go on from a backup, before any region starts on it.

use std::path::Path;

use tombolo_storage::Identity;
use tombolo_storage::backup::{self, Manifest, RestoreError, Restoring};
use tombolo_topology::Settings;

use crate::boot::{mint, store_options};
use crate::error::StartError;

/// Why a directory was not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotRestored {
    /// The backup cannot be restored, or not there.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// What every start needs is not to be had.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Makes `to`, which is empty or not there, a data directory that goes on from the backup in `from`
/// under a new incarnation: that of the region of `settings`, or of the backup's where there are
/// none. Durable at return. Blocks.
///
/// With `takes_foreign` the backup may be another region's, or of another cluster.
pub fn restore(
    from: &Path,
    to: &Path,
    settings: Option<&Settings>,
    takes_foreign: bool,
) -> Result<(Manifest, Identity), NotRestored> {
    let region = settings.map(|settings| {
        let Settings { cluster, region, .. } = settings;
        (cluster.id.as_str().to_owned(), region.name)
    });
    let manifest = Manifest::read(from)?;
    let by_default = Settings::for_region(manifest.author.region, to);
    let store = store_options(settings.unwrap_or(&by_default))?;
    let restoring = Restoring { region, takes_foreign, incarnation: mint()?, store };
    Ok(backup::restore(from, to, &restoring)?)
}
