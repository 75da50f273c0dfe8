//! redb over a [`DiskFile`], so that the state runs on real and simulated disks alike.
//!
//! Guarantees nothing beyond the file's own contract; redb brings its own. It takes no locks: the
//! data directory belongs to one process already (see [`RealDisk`](crate::disk::RealDisk)), and
//! within it one database is opened once.

use std::{io, sync::Arc};

use redb::StorageBackend;

use crate::disk::DiskFile;

/// One file as redb's storage.
#[derive(Debug)]
pub struct RedbBackend {
    file: Arc<dyn DiskFile>,
}

impl RedbBackend {
    /// redb's storage in `file`, which must not be used otherwise meanwhile.
    pub fn new(file: Arc<dyn DiskFile>) -> Self {
        Self { file }
    }
}

impl StorageBackend for RedbBackend {
    fn len(&self) -> io::Result<u64> {
        self.file.len_bytes()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableDatabase, TableDefinition};

    use super::*;
    use crate::disk::{Disk, RealDisk};

    const TABLE: TableDefinition<u64, u64> = TableDefinition::new("t");

    #[test]
    fn a_committed_transaction_is_there_when_the_file_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        let backend = RedbBackend::new(disk.create("state").unwrap());
        let database = Database::builder().create_with_backend(backend).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(TABLE).unwrap().insert(1, 2).unwrap();
        transaction.commit().unwrap();
        drop(database);

        let backend = RedbBackend::new(disk.open("state").unwrap());
        let database = Database::builder().create_with_backend(backend).unwrap();
        let table = database.begin_read().unwrap().open_table(TABLE).unwrap();
        assert_eq!(table.get(1).unwrap().unwrap().value(), 2);
    }
}
