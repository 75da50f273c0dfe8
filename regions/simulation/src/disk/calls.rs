//! Counts of what was asked of the disk, so that tests can state what a step costs.

/// A call of the disk's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `Disk::create_folder`.
    CreateFolder,
    /// `Disk::create`.
    Create,
    /// `Disk::open`.
    Open,
    /// `Disk::exists`.
    Exists,
    /// `Disk::list`.
    List,
    /// `Disk::remove`.
    Remove,
    /// `Disk::rename`.
    Rename,
    /// `Disk::sync_dir`.
    SyncDir,
    /// `DiskFile::read_exact_at`.
    Read,
    /// `DiskFile::write_all_at`.
    Write,
    /// `DiskFile::set_len`.
    SetLen,
    /// `DiskFile::len_bytes`.
    Len,
    /// `DiskFile::sync_data`.
    SyncData,
}

const KINDS: usize = Call::SyncData as usize + 1;

/// How often each call was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    counts: [u64; KINDS],
}

impl CallCounts {
    /// How often this one.
    pub fn of(&self, call: Call) -> u64 {
        self.counts[call as usize]
    }

    /// How often any.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What was called since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut counts = self.counts;
        for (count, before) in counts.iter_mut().zip(earlier.counts) {
            *count -= before;
        }
        Self { counts }
    }

    pub(super) fn count(&mut self, call: Call) {
        self.counts[call as usize] += 1;
    }
}
