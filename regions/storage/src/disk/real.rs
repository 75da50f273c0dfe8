//! The file system's directory, held by one process at a time.
//!
//! The lock is the operating system's (`flock`), so it ends with the process, however that ends.
//! It is held until the disk and every file opened through it are dropped.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

use super::{Disk, DiskFile};

/// Begins with a dot, which no name that passes [`RealDisk::path`] does.
pub(crate) const LOCK_NAME: &str = ".lock";

/// A directory of the file system, locked.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    lock: Arc<File>,
}

/// Why a directory could not be had.
#[derive(Debug, Error)]
pub enum DiskOpenError {
    /// Another process has it.
    #[error("the data directory {} is in use by another process", directory.display())]
    Locked {
        /// Which directory.
        directory: PathBuf,
    },
    /// The operating system refused to make, open or lock it.
    #[error("the data directory {} cannot be opened", directory.display())]
    Io {
        /// Which directory.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl RealDisk {
    /// Makes the directory if it is not there, and locks it.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, DiskOpenError> {
        let directory = directory.into();
        let lock = match Self::lock_file(&directory) {
            Ok(lock) => lock,
            Err(source) => return Err(DiskOpenError::Io { directory, source }),
        };
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory, lock: Arc::new(lock) }),
            Err(TryLockError::WouldBlock) => Err(DiskOpenError::Locked { directory }),
            Err(TryLockError::Error(source)) => Err(DiskOpenError::Io { directory, source }),
        }
    }

    fn lock_file(directory: &Path) -> io::Result<File> {
        if !directory.is_dir() {
            fs::create_dir_all(directory)?;
            sync_parent(directory)?;
        }
        OpenOptions::new().write(true).create(true).truncate(false).open(directory.join(LOCK_NAME))
    }

    /// Where a name lies. Names come from our own code, yet one that could climb out of the
    /// directory is refused here, once for all.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        if name.split('/').count() > 2 || !name.split('/').all(is_plain) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("bad name {name:?}")));
        }
        Ok(self.directory.join(name))
    }

    fn folder_path(&self, folder: &str) -> io::Result<PathBuf> {
        if folder.is_empty() { Ok(self.directory.clone()) } else { self.path(folder) }
    }

    fn file(&self, name: &str, options: &OpenOptions) -> io::Result<Arc<dyn DiskFile>> {
        let file = options.open(self.path(name)?)?;
        Ok(Arc::new(RealFile { file, _lock: Arc::clone(&self.lock) }))
    }
}

impl Disk for RealDisk {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let path = self.path(folder)?;
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            Err(error) => return Err(error),
        }
        sync_parent(&path)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.file(name, OpenOptions::new().read(true).write(true).create_new(true))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.file(name, OpenOptions::new().read(true).write(true))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        Ok(self.path(name)?.try_exists()? && self.path(name)?.is_file())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder_path(folder)?)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string()
                && is_plain(&name)
                && entry.file_type()?.is_file()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name)?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from)?, self.path(to)?)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        File::open(self.folder_path(folder)?)?.sync_all()
    }
}

#[derive(Debug)]
struct RealFile {
    file: File,
    /// The directory stays ours for as long as a file of it is open.
    _lock: Arc<File>,
}

impl DiskFile for RealFile {
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
        Ok(self.file.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_is_refused_until_the_last_file_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        let file = disk.create("a").unwrap();
        drop(disk);
        let refused = RealDisk::open(directory.path()).unwrap_err();
        assert!(matches!(refused, DiskOpenError::Locked { .. }));
        assert!(refused.to_string().contains("in use by another process"));
        drop(file);
        RealDisk::open(directory.path()).unwrap();
    }

    #[test]
    fn names_that_climb_or_hide_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        for name in ["", "..", "../a", "/a", "a/", "a/../b", "a/b/c", ".lock", "a b", "a\0"] {
            assert_eq!(
                disk.create(name).unwrap_err().kind(),
                io::ErrorKind::InvalidInput,
                "{name}"
            );
        }
    }

    #[test]
    fn files_are_made_listed_renamed_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path().join("new")).unwrap();
        disk.create_folder("f").unwrap();
        disk.create_folder("f").unwrap();
        let file = disk.create("f/b").unwrap();
        assert_eq!(disk.create("f/b").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        disk.create("f/a").unwrap();
        assert_eq!(disk.list("f").unwrap(), ["a", "b"]);
        assert_eq!(disk.list("").unwrap(), Vec::<String>::new());

        file.write_all_at(b"xy", 2).unwrap();
        file.sync_data().unwrap();
        disk.rename("f/b", "f/a").unwrap();
        disk.sync_dir("f").unwrap();
        let mut bytes = [9; 4];
        disk.open("f/a").unwrap().read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"\0\0xy");

        disk.remove("f/a").unwrap();
        assert!(!disk.exists("f/a").unwrap());
        assert_eq!(disk.open("f/a").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(file.len_bytes().unwrap(), 4);
    }
}
