//! Whether this region takes part.
//!
//! It no longer does once it shows its own removal, or a member has told it: a region that was away
//! learns of it by being refused. That is remembered in its directory, and never taken back: who is
//! to take part again begins with an empty one. What is in this one can still be read.

use std::sync::{Arc, OnceLock};

use tombolo_causality::RegionId;
use tombolo_storage::disk::Disk;
use tombolo_storage::{Removal, StorageError};

use crate::roster::Roster;

/// See the module.
#[derive(Debug)]
pub(crate) struct Standing {
    own: RegionId,
    disk: Arc<dyn Disk>,
    roster: Arc<Roster>,
    told_by: OnceLock<RegionId>,
}

impl Standing {
    /// As it was when the region last ran.
    pub(crate) fn new(
        own: RegionId,
        disk: Arc<dyn Disk>,
        roster: Arc<Roster>,
        removal: Option<Removal>,
    ) -> Self {
        let told_by = removal.map_or_else(OnceLock::new, |removal| removal.told_by.into());
        Self { own, disk, roster, told_by }
    }

    /// Whether a member has said that it was removed.
    pub(crate) fn is_told(&self) -> bool {
        self.told_by.get().is_some()
    }

    /// Whether it takes part.
    pub(crate) fn is_member(&self) -> bool {
        !self.is_told() && self.roster.members().contains(self.own)
    }

    /// A member says that this region was removed.
    pub(crate) fn tell(&self, told_by: RegionId) {
        if self.is_told() {
            return;
        }
        tracing::error!(
            %told_by,
            "this region was removed from the cluster, or was and was added again: it takes no \
             writes; to take part again it must start with an empty directory"
        );
        if let Err(error) = self.remember(told_by) {
            // It is told so again on the next connection.
            tracing::warn!(%error, "that it was removed could not be remembered");
        }
        self.told_by.get_or_init(|| told_by);
    }

    fn remember(&self, told_by: RegionId) -> Result<(), StorageError> {
        Removal { told_by }.write(&*self.disk)
    }
}
