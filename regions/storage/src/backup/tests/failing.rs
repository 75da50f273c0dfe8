//! A disk on which, after so many calls that change it, nothing can be changed any more.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::io;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};

/// See the module.
#[derive(Debug)]
pub(super) struct FailingDisk {
    disk: Arc<dyn Disk>,
    left: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn DiskFile>,
    left: Arc<AtomicUsize>,
}

fn pay(left: &AtomicUsize) -> io::Result<()> {
    let paid = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    paid.map(drop).map_err(|_| io::ErrorKind::StorageFull.into())
}

impl FailingDisk {
    pub(super) fn after(disk: Arc<dyn Disk>, calls: usize) -> Self {
        Self { disk, left: Arc::new(AtomicUsize::new(calls)) }
    }

    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FailingFile { file, left: Arc::clone(&self.left) })
    }
}

impl Disk for FailingDisk {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        pay(&self.left)?;
        self.disk.create_folder(folder)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        pay(&self.left)?;
        self.disk.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(name).map(|file| self.file(file))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.disk.exists(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        pay(&self.left)?;
        self.disk.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        pay(&self.left)?;
        self.disk.rename(from, to)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        pay(&self.left)?;
        self.disk.sync_dir(folder)
    }
}

impl DiskFile for FailingFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        pay(&self.left)?;
        self.file.write_all_at(bytes, offset)
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        pay(&self.left)?;
        self.file.set_len(len_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.file.len_bytes()
    }

    fn sync_data(&self) -> io::Result<()> {
        pay(&self.left)?;
        self.file.sync_data()
    }
}
