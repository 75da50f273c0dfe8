//! The disk as storage sees it: one directory, asked through one small seam.
//!
//! Journal and state do all their I/O through [`Disk`] and [`DiskFile`], so that a simulated disk
//! with torn writes, lost syncs and errors can stand in for [`RealDisk`]. The contract is that of
//! POSIX at its weakest: a write is volatile until [`DiskFile::sync_data`] returns, a new, renamed
//! or removed name until [`Disk::sync_dir`] of its folder returns, and what was not synced may be
//! on the disk after a power cut, or not, or in part.
//!
//! Names are relative and flat: `file`, or `folder/file` with one folder. Deliberately absent:
//! permissions, links, memory maps, and anything asynchronous.

mod real;

use std::{fmt::Debug, io, sync::Arc};

pub use real::{DiskOpenError, RealDisk};
pub(crate) use real::{LOCK_NAME, sync_parent};

/// A directory that belongs to one process.
pub trait Disk: Send + Sync + Debug {
    /// Makes `folder` if it is not there; durable at return.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Makes an empty file; `AlreadyExists` if the name is taken.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading and writing; `NotFound` if there is none.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Whether a file of this name is there.
    fn exists(&self, name: &str) -> io::Result<bool>;

    /// The names of the files in `folder` (`""` is the directory itself), without the folder, in
    /// ascending order.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Takes a name away. Whoever has the file open can go on reading it.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file another name in the same folder, at once for every observer; a file that had
    /// that name loses it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes durable which names are in `folder` (`""` is the directory itself).
    fn sync_dir(&self, folder: &str) -> io::Result<()>;
}

/// An open file, to be shared between threads: no call moves a cursor.
///
/// Calls on ranges that do not overlap may run at the same time. A read that overlaps a write
/// under way may see any mixture of old and new.
pub trait DiskFile: Send + Sync + Debug {
    /// Fills `bytes` from `offset` on; `UnexpectedEof` if the file ends before.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`, extending the file where needed; a gap reads as zeros.
    /// On an error any part may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file, or extends it with zeros.
    fn set_len(&self, len_bytes: u64) -> io::Result<()>;

    /// How long the file is, in bytes.
    fn len_bytes(&self) -> io::Result<u64>;

    /// Makes content and length durable. After an error nothing is known about what was written
    /// since the last success, and a later success proves nothing about it: never retry.
    fn sync_data(&self) -> io::Result<()>;
}
