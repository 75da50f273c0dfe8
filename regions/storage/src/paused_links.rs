//! Which links an operator has paused: outlives a restart.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tombolo_causality::RegionId;

use crate::disk::Disk;
use crate::{StorageError, small_file};

const FILE: &str = "paused_links";

/// The peers with which no traffic is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PausedLinks(pub BTreeSet<RegionId>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    paused: Vec<RegionId>,
}

impl PausedLinks {
    /// Reads them; none where nothing was ever paused.
    pub fn read(disk: &dyn Disk) -> Result<Self, StorageError> {
        let Some(bytes) = small_file::read(disk, FILE).map_err(StorageError::Disk)? else {
            return Ok(Self::default());
        };
        let malformed = |detail: String| StorageError::Mismatched { detail };
        let text = core::str::from_utf8(&bytes)
            .map_err(|_| malformed("the file of paused links is not text".to_owned()))?;
        let file: File = toml::from_str(text)
            .map_err(|error| malformed(format!("the file of paused links: {}", error.message())))?;
        Ok(Self(file.paused.into_iter().collect()))
    }

    /// Writes them; durable at return.
    pub fn write(&self, disk: &dyn Disk) -> Result<(), StorageError> {
        let file = File { paused: self.0.iter().copied().collect() };
        let text = toml::to_string(&file)
            .map_err(|error| StorageError::Mismatched { detail: error.to_string() })?;
        small_file::replace(disk, FILE, text.as_bytes()).map_err(StorageError::Disk)
    }
}
