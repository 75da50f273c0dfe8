//! Changes that a region is still to take in, which no peer will send: what an earlier life of its
//! directory had written and nobody else has.
//!
//! A file of batches, as they travel between regions, in an order in which causes come first. It is
//! there before the region starts, and goes when the region shows the last of them.

use tombolo_causality::ReplicaId;
use tombolo_protocol::{
    BatchFrame, FRAME_HEADER_BYTES, Frame, FrameHeader, decode_frame, encode_frame,
};
use tombolo_replication::StreamPosition;
use tombolo_replication::intake::Batch;

use crate::disk::{Disk, DiskFile};
use crate::{StorageError, small_file};
use std::sync::Arc;

const FILE: &str = "reauthored";

/// The size that a batch aims at.
const BATCH_BYTES: usize = 256 << 10;

/// The longest batch that is read: one change of any size.
const BATCH_BYTES_MAX: usize = 256 << 20;

const COMPRESSION_LEVEL: i32 = 1;

/// Writes the file.
#[derive(Debug)]
pub struct ReauthoredWriter {
    file: Arc<dyn DiskFile>,
    end: u64,
    origin: Option<(ReplicaId, StreamPosition)>,
    changes: Vec<Arc<[u8]>>,
    bytes: usize,
}

/// Reads the file.
#[derive(Debug)]
pub struct Reauthored {
    file: Arc<dyn DiskFile>,
    at: u64,
    length: u64,
}

impl ReauthoredWriter {
    /// Begins the file, which is not there.
    pub fn begin(disk: &dyn Disk) -> Result<Self, StorageError> {
        let file = disk.create(FILE).map_err(StorageError::Disk)?;
        Ok(Self { file, end: 0, origin: None, changes: Vec::new(), bytes: 0 })
    }

    /// Adds the change `bytes` of `origin`, whose stream stands at `before`.
    pub fn add(
        &mut self,
        origin: ReplicaId,
        before: StreamPosition,
        bytes: Arc<[u8]>,
    ) -> Result<(), StorageError> {
        let is_another = self.origin.is_some_and(|(last, _)| last != origin);
        if is_another || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        self.origin.get_or_insert((origin, before));
        self.bytes += bytes.len();
        self.changes.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StorageError> {
        let Some((origin, before)) = self.origin.take() else { return Ok(()) };
        let changes = self.changes.iter().map(|bytes| &**bytes);
        let batch = BatchFrame::pack(origin, before.hash, changes, COMPRESSION_LEVEL)?;
        let frame = encode_frame(&Frame::Batch(batch))?;
        self.file.write_all_at(&frame, self.end).map_err(StorageError::Disk)?;
        self.end += frame.len() as u64;
        self.changes.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Ends it; durable at return.
    pub fn end(mut self, disk: &dyn Disk) -> Result<(), StorageError> {
        self.flush()?;
        self.file.sync_data().map_err(StorageError::Disk)?;
        disk.sync_dir("").map_err(StorageError::Disk)
    }
}

impl Reauthored {
    /// Opens it, where it is there.
    pub fn open(disk: &dyn Disk) -> Result<Option<Self>, StorageError> {
        if !disk.exists(FILE).map_err(StorageError::Disk)? {
            return Ok(None);
        }
        let file = disk.open(FILE).map_err(StorageError::Disk)?;
        let length = file.len_bytes().map_err(StorageError::Disk)?;
        Ok(Some(Self { file, at: 0, length }))
    }

    /// The next batch; nothing at the end.
    pub fn read_batch(&mut self) -> Result<Option<Batch>, StorageError> {
        if self.at == self.length {
            return Ok(None);
        }
        let what = "file of changes to be taken in";
        let mut header = [0; FRAME_HEADER_BYTES];
        self.file.read_exact_at(&mut header, self.at).map_err(StorageError::Disk)?;
        let header = FrameHeader::decode(header, BATCH_BYTES_MAX)
            .map_err(|source| StorageError::Decode { what, source })?;
        let mut payload = vec![0; header.payload_bytes];
        let at = self.at + FRAME_HEADER_BYTES as u64;
        self.file.read_exact_at(&mut payload, at).map_err(StorageError::Disk)?;
        let damaged = || StorageError::Mismatched { detail: format!("the {what} is damaged") };
        let Ok(Frame::Batch(batch)) = decode_frame(header, &payload) else {
            return Err(damaged());
        };
        self.at = at + payload.len() as u64;
        batch.unpack(BATCH_BYTES_MAX).map(Some).map_err(|_| damaged())
    }

    /// Removes it: all of it is shown. Durable at return.
    pub fn remove(disk: &dyn Disk) -> Result<(), StorageError> {
        small_file::remove(disk, FILE).map_err(StorageError::Disk)
    }
}

#[cfg(test)]
mod tests {
    use tombolo_datatypes::DataType;

    use super::*;
    use crate::disk::RealDisk;
    use crate::hand_driven::{HandDriven, NEVER_SEALS, item};

    #[test]
    fn changes_are_read_as_they_were_written_in_batches_of_one_stream() {
        let mut region = HandDriven::begin(NEVER_SEALS);
        let notes = region.define("notes", DataType::Register);
        let hits = region.define("hits", DataType::Counter);
        let mut other = region.other_region("there");
        for nth in 0..3 {
            region.put(&item(notes, "k"), nth);
            region.relay_blind(
                &mut other,
                &item(hits, "k"),
                tombolo_datatypes::Operation::Increment(1),
            );
            region.commit();
        }
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        assert!(Reauthored::open(&disk).unwrap().is_none());
        let (mut writer, mut all) = (ReauthoredWriter::begin(&disk).unwrap(), Vec::new());
        let first = region.reader.each_change(|retained| {
            let origin = retained.sealed.change.dot.replica;
            writer.add(origin, retained.before, Arc::clone(&retained.sealed.bytes))?;
            all.push(retained.sealed);
            Ok(())
        });
        assert_eq!((first.unwrap().iter().count(), all.len()), (0, 8));
        writer.end(&disk).unwrap();
        let (mut file, mut read) = (Reauthored::open(&disk).unwrap().unwrap(), Vec::new());
        let mut batches = 0;
        while let Some(batch) = file.read_batch().unwrap() {
            batches += 1;
            assert!(batch.changes.iter().all(|sealed| sealed.change.dot.replica == batch.origin));
            read.extend(batch.changes);
        }
        assert_eq!((read, batches), (all, 6));
        Reauthored::remove(&disk).unwrap();
        assert!(Reauthored::open(&disk).unwrap().is_none());
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(directory.path()).unwrap();
        disk.create(FILE).unwrap().write_all_at(&[0; 20], 0).unwrap();
        assert!(Reauthored::open(&disk).unwrap().unwrap().read_batch().is_err());
    }
}
