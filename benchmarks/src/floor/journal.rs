//! A journal and nothing else: one thread that takes what has gathered, writes it with one write
//! and makes it durable with one fdatasync, while the next gathers.
//!
//! It is never read. At the end of its file it begins again at the start.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use actix_web::web::Bytes;
use anyhow::Context as _;
use tokio::sync::oneshot;

use crate::disk;

/// More than any load here has connections, so that none is turned away.
const WAITING_MAX: usize = 4 << 10;
/// As much as one group may write.
const GROUP_BYTES_MAX: usize = 4 << 20;
const FILE_BYTES: u64 = 64 << 20;

/// Where records are handed in. Cloning shares it.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    records: SyncSender<Record>,
}

#[derive(Debug)]
struct Record {
    bytes: Bytes,
    durable: oneshot::Sender<()>,
}

impl Journal {
    /// Fills the file at `path` with zeros and starts the thread.
    pub(super) fn start(path: &Path) -> anyhow::Result<Self> {
        let file = disk::zero_filled(path, FILE_BYTES);
        let file = file.with_context(|| format!("cannot fill {}", path.display()))?;
        let (records, waiting) = sync_channel(WAITING_MAX);
        let thread = thread::Builder::new().name("journal".to_owned());
        // It ends when the last sender is gone, or with the disk; then nothing is durable any more.
        thread.spawn(move || drop(write(&file, &waiting)))?;
        Ok(Self { records })
    }

    /// Whether `bytes` are durable; not if too much waits or the disk has failed.
    pub(super) async fn append(&self, bytes: Bytes) -> bool {
        let (durable, is_durable) = oneshot::channel();
        self.records.try_send(Record { bytes, durable }).is_ok() && is_durable.await.is_ok()
    }
}

fn write(file: &File, waiting: &Receiver<Record>) -> io::Result<()> {
    let (mut group, mut clients) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Ok(first) = waiting.recv() {
        for record in std::iter::once(first).chain(waiting.try_iter()) {
            let length = u32::try_from(record.bytes.len()).map_err(io::Error::other)?;
            group.extend_from_slice(&length.to_le_bytes());
            group.extend_from_slice(&record.bytes);
            clients.push(record.durable);
            if group.len() >= GROUP_BYTES_MAX {
                break;
            }
        }
        if at + group.len() as u64 > FILE_BYTES {
            at = 0;
        }
        file.write_all_at(&group, at)?;
        file.sync_data()?;
        at += group.len() as u64;
        group.clear();
        for client in clients.drain(..) {
            // A client that has left does not need to know.
            client.send(()).ok();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_in_the_file_in_order_once_they_are_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::start(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for record in ["first", "second"] {
            assert!(runtime.block_on(journal.append(Bytes::from(record))));
        }
        let mut bytes = [0; 20];
        File::open(&path).unwrap().read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"\x05\0\0\0first\x06\0\0\0second\0");
    }
}
