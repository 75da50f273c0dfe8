//! Small files that are read whole and replaced whole: old or new, never between.

use std::io;

use crate::disk::Disk;

/// The longest that is read.
const BYTES_MAX: u64 = 64 << 10;

/// The content of a file; nothing where there is none.
pub(crate) fn read(disk: &dyn Disk, name: &str) -> io::Result<Option<Vec<u8>>> {
    if !disk.exists(name)? {
        return Ok(None);
    }
    let file = disk.open(name)?;
    let length = file.len_bytes()?;
    if length > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} is too large")));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(Some(bytes))
}

/// Replaces a file through a rename; durable at return.
pub(crate) fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let next = format!("{name}.next");
    if disk.exists(&next)? {
        // What a crash left half written. Were its name not gone for good, another crash might give
        // it, and not its successor, the name that counts.
        disk.remove(&next)?;
        disk.sync_dir("")?;
    }
    let file = disk.create(&next)?;
    file.write_all_at(bytes, 0)?;
    file.sync_data()?;
    disk.rename(&next, name)?;
    disk.sync_dir("")
}

/// Removes a file, where it is there; durable at return.
pub(crate) fn remove(disk: &dyn Disk, name: &str) -> io::Result<()> {
    if disk.exists(name)? {
        disk.remove(name)?;
        disk.sync_dir("")?;
    }
    Ok(())
}
