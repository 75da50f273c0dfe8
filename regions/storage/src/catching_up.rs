//! That a region catches up by state: outlives a restart, so that nobody is shown what is here without
//! its causes.

use serde::{Deserialize, Serialize};
use tombolo_causality::RegionId;
use tombolo_protocol::{decode_version, encode_version};
use tombolo_replication::catch_up::Goal;

use crate::disk::Disk;
use crate::{StorageError, small_file};

const FILE: &str = "catching_up";

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchingUp {
    /// Whose state is pulled.
    pub from: RegionId,
    /// From when on the region may be asked again.
    pub goal: Goal,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    from: RegionId,
    is_adopted: bool,
    /// As in a version: short, and with numbers of 64 bits.
    vector: String,
}

impl CatchingUp {
    /// Reads it; nothing where the region does not catch up.
    pub fn read(disk: &dyn Disk) -> Result<Option<Self>, StorageError> {
        let Some(bytes) = small_file::read(disk, FILE).map_err(StorageError::Disk)? else {
            return Ok(None);
        };
        let malformed = |detail: &str| StorageError::Mismatched {
            detail: format!("the file that says what the region catches up with: {detail}"),
        };
        let text = core::str::from_utf8(&bytes).map_err(|_| malformed("no text"))?;
        let file: File = toml::from_str(text).map_err(|error| malformed(error.message()))?;
        let vector = decode_version(&file.vector);
        let vector = vector.map_err(|error| malformed(&error.to_string()))?;
        Ok(Some(Self { from: file.from, goal: Goal { vector, is_adopted: file.is_adopted } }))
    }

    /// Writes it; durable at return.
    pub fn write(&self, disk: &dyn Disk) -> Result<(), StorageError> {
        let Self { from, goal: Goal { vector, is_adopted } } = self;
        let vector = encode_version(vector)?;
        let file = File { from: *from, is_adopted: *is_adopted, vector };
        let text = toml::to_string(&file)
            .map_err(|error| StorageError::Mismatched { detail: error.to_string() })?;
        small_file::replace(disk, FILE, text.as_bytes()).map_err(StorageError::Disk)
    }

    /// Removes it: the region may be asked again. Durable at return.
    pub fn end(disk: &dyn Disk) -> Result<(), StorageError> {
        small_file::remove(disk, FILE).map_err(StorageError::Disk)
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, ReplicaId, VersionVector};

    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn it_is_read_as_it_was_written_until_it_ends() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        assert_eq!(CatchingUp::read(&disk).unwrap(), None);
        CatchingUp::end(&disk).unwrap();
        let from = RegionId::new("eu-west").unwrap();
        let replica = |incarnation| ReplicaId::new(from, Incarnation(incarnation));
        for (is_adopted, vector) in [
            (false, VersionVector::new()),
            (true, [(replica(7), u64::MAX), (replica(u64::MAX), 1)].into_iter().collect()),
        ] {
            let begun = CatchingUp { from, goal: Goal { vector, is_adopted } };
            begun.write(&disk).unwrap();
            assert_eq!(CatchingUp::read(&disk).unwrap(), Some(begun));
        }
        CatchingUp::end(&disk).unwrap();
        assert_eq!(CatchingUp::read(&disk).unwrap(), None);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        for text in ["from = 1", "\u{0}", "from = \"a\"\nis_adopted = true\nvector = \"?\""] {
            small_file::replace(&disk, FILE, text.as_bytes()).unwrap();
            assert!(CatchingUp::read(&disk).is_err(), "{text}");
        }
    }
}
