//! What the disk does: how long it takes to make a page durable, and how much of it is used.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hdrhistogram::Histogram;

const PAGE_BYTES: usize = 4 << 10;
const PROBE_BYTES: u64 = 16 << 20;
/// How long one round of the probe takes: some thousand pages on a fast disk.
const PROBE_TIME: Duration = Duration::from_millis(250);

/// Writes single pages durably, one after the other, as a lone client's writes would.
#[derive(Debug)]
pub(crate) struct SyncProbe {
    file: File,
    next_page: u64,
}

impl SyncProbe {
    /// A probe in a file of its own at `path`.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = zero_filled(path, PROBE_BYTES);
        let file = file.with_context(|| format!("cannot fill {}", path.display()))?;
        Ok(Self { file, next_page: 0 })
    }

    /// One round: adds to `latency_ns` the time of each write with its fdatasync, in nanoseconds.
    pub(crate) fn run(&mut self, latency_ns: &mut Histogram<u64>) -> io::Result<()> {
        let begun = Instant::now();
        let mut started = begun;
        while started - begun < PROBE_TIME {
            let page = [1 + (self.next_page % 255) as u8; PAGE_BYTES];
            let at = self.next_page * PAGE_BYTES as u64 % PROBE_BYTES;
            self.file.write_all_at(&page, at)?;
            self.file.sync_data()?;
            self.next_page += 1;
            let done = Instant::now();
            let latency = u64::try_from((done - started).as_nanos()).unwrap_or(u64::MAX);
            latency_ns.saturating_record(latency);
            started = done;
        }
        Ok(())
    }
}

/// A new durable file of `bytes` zeros, so that later writes change neither its length nor its
/// extents and fdatasync has only data to write.
pub(crate) fn zero_filled(path: &Path, bytes: u64) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
    let zeros = vec![0; 1 << 20];
    let mut at = 0;
    while at < bytes {
        let part = usize::try_from(bytes - at).unwrap_or(usize::MAX).min(zeros.len());
        file.write_all_at(&zeros[..part], at)?;
        at += part as u64;
    }
    file.sync_all()?;
    Ok(file)
}

/// What `folder` and all below take of the disk, in bytes. Files may come and go meanwhile.
pub(crate) fn used_bytes(folder: &Path) -> io::Result<u64> {
    /// The unit of `st_blocks`, whatever the filesystem's own.
    const BLOCK_BYTES: u64 = 512;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes += used_bytes(&entry.path())?,
            Ok(metadata) => bytes += metadata.blocks() * BLOCK_BYTES,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_filled_file_has_all_its_blocks_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = (1 << 20) + 4_096;
        let file = zero_filled(&folder.path().join("a"), bytes).unwrap();
        assert_eq!(file.metadata().unwrap().len(), bytes);
        let used = used_bytes(folder.path()).unwrap();
        assert!(used >= bytes, "{used}");
        assert_eq!(fs::read(folder.path().join("a")).unwrap().iter().max(), Some(&0));
    }

    #[test]
    fn folders_count_with_all_below_and_holes_do_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        zero_filled(&folder.path().join("b/c/d"), 8_192).unwrap();
        let full = used_bytes(folder.path()).unwrap();
        assert!(full >= 8_192, "{full}");
        File::create(folder.path().join("sparse")).unwrap().set_len(1 << 30).unwrap();
        assert_eq!(used_bytes(folder.path()).unwrap(), full);
    }

    #[test]
    fn the_probe_measures_every_page_that_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut probe = SyncProbe::create(&path).unwrap();
        let mut latency_ns = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).unwrap();
        probe.run(&mut latency_ns).unwrap();
        assert!(latency_ns.min() > 0);
        let written = fs::read(path).unwrap().chunks(PAGE_BYTES).filter(|p| p[0] != 0).count();
        let pages = latency_ns.len().min(PROBE_BYTES / PAGE_BYTES as u64);
        assert_eq!(u64::try_from(written).unwrap(), pages);
    }
}
