//! Who a data directory is: a small file beside the state.
//!
//! It says whether the region
//! stopped cleanly: if not, whether something was lost is the peers' to know, and the incarnation
//! is used again only when they confirm it.

use serde::{Deserialize, Serialize};
use tombolo_causality::{Incarnation, RegionId, ReplicaId};

use crate::StorageError;
use crate::disk::Disk;
use crate::small_file;

const FILE: &str = "identity";
const FORMAT: u32 = 1;

/// How a region last stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastStop {
    /// Everything was written, and nobody has opened the directory since.
    Clean,
    /// It is running, or was when it ended.
    Unclean,
}

/// Who a data directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster it belongs to.
    pub cluster: String,
    /// The region, and the nonce of the directory's present life.
    pub replica: ReplicaId,
    /// How it last stopped.
    pub last_stop: LastStop,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    cluster: String,
    region: RegionId,
    incarnation: String,
    last_stop: LastStop,
}

impl Identity {
    /// Reads the identity of a directory; nothing where it has none yet.
    pub fn read(disk: &dyn Disk) -> Result<Option<Self>, StorageError> {
        let malformed =
            |detail: &str| StorageError::IdentityMalformed { detail: detail.to_owned() };
        let bytes = small_file::read(disk, FILE).map_err(StorageError::Identity)?;
        let Some(bytes) = bytes else { return Ok(None) };
        let text = core::str::from_utf8(&bytes).map_err(|_| malformed("it is not text"))?;
        let file: File = toml::from_str(text).map_err(|error| malformed(error.message()))?;
        if file.format != FORMAT {
            return Err(malformed("its format is not known to this version"));
        }
        let nonce = u64::from_str_radix(&file.incarnation, 16);
        let nonce = nonce.map_err(|_| malformed("its incarnation is not a hex number"))?;
        Ok(Some(Self {
            cluster: file.cluster,
            replica: ReplicaId::new(file.region, Incarnation(nonce)),
            last_stop: file.last_stop,
        }))
    }

    /// Writes the identity; durable at return.
    pub fn write(&self, disk: &dyn Disk) -> Result<(), StorageError> {
        let text = toml::to_string(&File {
            format: FORMAT,
            cluster: self.cluster.clone(),
            region: self.replica.region,
            incarnation: self.replica.incarnation.to_string(),
            last_stop: self.last_stop,
        })
        .map_err(|error| StorageError::IdentityMalformed { detail: error.to_string() })?;
        small_file::replace(disk, FILE, text.as_bytes()).map_err(StorageError::Identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn what_was_written_is_read_and_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        assert_eq!(Identity::read(&disk).unwrap(), None);
        let region = RegionId::new("us-east").unwrap();
        let mut identity = Identity {
            cluster: "demo".into(),
            replica: ReplicaId::new(region, Incarnation(0xfeed)),
            last_stop: LastStop::Unclean,
        };
        identity.write(&disk).unwrap();
        assert_eq!(Identity::read(&disk).unwrap().as_ref(), Some(&identity));
        identity.last_stop = LastStop::Clean;
        identity.write(&disk).unwrap();
        assert_eq!(Identity::read(&disk).unwrap(), Some(identity));
    }

    #[test]
    fn a_damaged_file_is_refused_by_what_is_wrong_with_it() {
        for text in ["", "format = 2", "\u{0}", "format = 1\ncluster = \"c\"\nregion = \"A\""] {
            let directory = tempfile::tempdir().unwrap();
            let disk = RealDisk::open(directory.path()).unwrap();
            disk.create(FILE).unwrap().write_all_at(text.as_bytes(), 0).unwrap();
            let read = Identity::read(&disk);
            assert!(matches!(read, Err(StorageError::IdentityMalformed { .. })), "{text:?}");
        }
    }
}
