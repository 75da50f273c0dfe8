//! Who the directory says it is, against who it may say it is: what was written last, or what was
//! being written when the disk crashed.

use tombolo_causality::{Incarnation, RegionId, ReplicaId};
use tombolo_storage::{Identity, LastStop, StorageError, disk::Disk};

use crate::failure::Failure;

/// What may be read.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// The last that was written for certain.
    durable: Option<Identity>,
    /// One whose writing did not return.
    attempted: Option<Identity>,
    minted: u64,
}

impl Expected {
    /// A new life of the region's data.
    pub(crate) fn mint(&mut self) -> Identity {
        self.minted += 1;
        let region = RegionId::new("us-east").unwrap();
        Identity {
            cluster: "crashes".to_owned(),
            replica: ReplicaId::new(region, Incarnation(self.minted)),
            last_stop: LastStop::Unclean,
        }
    }

    /// Reads the identity and checks it.
    pub(crate) fn read(&self, disk: &dyn Disk) -> Result<Option<Identity>, Failure> {
        let found = match Identity::read(disk) {
            Err(error @ StorageError::IdentityMalformed { .. }) => {
                return Err(Failure::Wrong(error.to_string()));
            }
            read => read?,
        };
        let holds = found == self.durable || found.is_some() && found == self.attempted;
        Failure::unless(holds, || format!("{found:?} is the identity instead of {self:?}"))?;
        Ok(found)
    }

    pub(crate) fn write(&mut self, identity: &Identity, disk: &dyn Disk) -> Result<(), Failure> {
        self.attempted = Some(identity.clone());
        identity.write(disk)?;
        self.durable = self.attempted.take();
        Ok(())
    }

    /// The power was cut: what is read now was decided then, and stays.
    pub(crate) fn settle(&mut self, disk: &dyn Disk) -> Result<(), Failure> {
        self.durable = self.read(disk)?;
        self.attempted = None;
        Ok(())
    }
}
