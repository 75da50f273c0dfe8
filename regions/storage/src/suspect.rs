//! After a failed sync a file is not what it seems.
//!
//! The system may then hold for clean what it has not written: whoever reads the file finds it
//! whole, no later sync writes it, and the next power cut takes it away ("Can Applications Recover
//! from fsync Failures?", Rebello et al., 2020). A process that starts again would build on it. So
//! a directory in which a sync has failed is marked, and whoever opens it next writes every file
//! anew before anything of it is believed.
//!
//! The mark itself is never synced: the power cut that takes it away takes away what it warns of.

use std::io;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};

const MARK: &str = "suspect";

/// How much is written anew at a time.
const PIECE_BYTES: u64 = 1 << 20;

/// Writes all files of `folders` anew where a sync has failed since they were last opened; answers
/// whether that was so. On an error the mark stays.
pub(crate) fn renew(disk: &dyn Disk, folders: &[&str]) -> io::Result<bool> {
    if !disk.exists(MARK)? {
        return Ok(false);
    }
    tracing::warn!("a sync has failed in this directory: everything is written anew");
    for folder in folders {
        for name in disk.list(folder)? {
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let file = disk.open(&name)?;
            rewrite(&*file)?;
            file.sync_data()?;
        }
        disk.sync_dir(folder)?;
    }
    disk.remove(MARK)?;
    Ok(true)
}

fn rewrite(file: &dyn DiskFile) -> io::Result<()> {
    let length = file.len_bytes()?;
    let mut offset = 0;
    let mut piece = Vec::new();
    while offset < length {
        let bytes = (length - offset).min(PIECE_BYTES);
        piece.resize(usize::try_from(bytes).map_err(io::Error::other)?, 0);
        file.read_exact_at(&mut piece, offset)?;
        file.write_all_at(&piece, offset)?;
        offset += bytes;
    }
    Ok(())
}

/// A disk that is marked when a sync of one of its files fails.
#[derive(Clone, Debug)]
pub(crate) struct MarkedDisk(pub(crate) Arc<dyn Disk>);

impl MarkedDisk {
    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(MarkedFile { file, disk: Arc::clone(&self.0) })
    }
}

impl Disk for MarkedDisk {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.0.create_folder(folder)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.0.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.0.open(name).map(|file| self.file(file))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.0.exists(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        self.0.sync_dir(folder)
    }
}

#[derive(Debug)]
struct MarkedFile {
    file: Arc<dyn DiskFile>,
    disk: Arc<dyn Disk>,
}

impl DiskFile for MarkedFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        self.file.set_len(len_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.file.len_bytes()
    }

    fn sync_data(&self) -> io::Result<()> {
        let result = self.file.sync_data();
        if result.is_err()
            && let Err(error) = self.disk.create(MARK)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            tracing::error!(%error, "a sync has failed, and the directory cannot be marked for it");
        }
        result
    }
}
