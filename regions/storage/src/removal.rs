//! That a region was told of its removal: outlives a restart.

use serde::{Deserialize, Serialize};
use tombolo_causality::RegionId;

use crate::disk::Disk;
use crate::{StorageError, small_file};

const FILE: &str = "removed";

/// The region whose directory this is was removed from its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// The member that said so.
    pub told_by: RegionId,
}

impl Removal {
    /// Reads it; nothing where nobody has said so.
    pub fn read(disk: &dyn Disk) -> Result<Option<Self>, StorageError> {
        let Some(bytes) = small_file::read(disk, FILE).map_err(StorageError::Disk)? else {
            return Ok(None);
        };
        let malformed = |detail: &str| StorageError::Mismatched {
            detail: format!("the file that says that the region was removed: {detail}"),
        };
        let text = core::str::from_utf8(&bytes).map_err(|_| malformed("it is not text"))?;
        toml::from_str(text).map(Some).map_err(|error| malformed(error.message()))
    }

    /// Writes it; durable at return.
    pub fn write(&self, disk: &dyn Disk) -> Result<(), StorageError> {
        let text = toml::to_string(self)
            .map_err(|error| StorageError::Mismatched { detail: error.to_string() })?;
        small_file::replace(disk, FILE, text.as_bytes()).map_err(StorageError::Disk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn that_it_was_removed_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        assert_eq!(Removal::read(&disk).unwrap(), None);
        let removal = Removal { told_by: RegionId::new("eu-west").unwrap() };
        removal.write(&disk).unwrap();
        assert_eq!(Removal::read(&disk).unwrap(), Some(removal));
    }
}
