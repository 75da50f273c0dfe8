//! The append side, with one owner.
//!
//! A frame costs one write, and what gathered since the last sync one fdatasync. Rolling to the
//! next segment costs no more than that where the [`Preparer`] has been at work: the next file is
//! there, its name and its zeros durable, and its head goes out in the same write as its first
//! frame. What is left unsynced in the segment before is synced first, so a segment that begins
//! proves the one before it complete.

use std::{io, sync::Arc};

use arc_swap::ArcSwap;

use super::{
    AppendError, JournalOptions, JournalReader, OpenError, Position, Preparer, SegmentInfo,
    frame::{self, Kind, Stamp},
    preparer::{Ready, Yard},
    recovery::{self, Recovered},
    segment::{FileKind, Head, fill_zeros},
    view::View,
};
use crate::disk::{Disk, DiskFile};
use crate::room::is_full;

/// What the buffer may keep after a large payload.
const BUFFER_BYTES_KEPT: usize = 4 << 20;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    disk: Arc<dyn Disk>,
    yard: Arc<Yard>,
    view: Arc<ArcSwap<View>>,
    nonce: u64,
    /// Ascending; the last one is being written, and its `end` is kept in `end` alone.
    segments: Arc<Vec<SegmentInfo>>,
    /// The file being written.
    file: Arc<dyn DiskFile>,
    file_bytes: u64,
    /// Where the next frame goes.
    end: Position,
    /// The number of the next frame.
    next_number: u64,
    /// Frames with a lower number are durable.
    durable_number: u64,
    buffer: Vec<u8>,
}

impl Journal {
    /// Whether there is no trace of a journal on `disk`. Where there is to be one,
    /// [`Self::open`] would make a new one in its place.
    pub fn is_absent(disk: &dyn Disk) -> io::Result<bool> {
        recovery::is_absent(disk)
    }

    /// Opens the journal on `disk`, or makes one; `first_head` is asked for only then. What can be
    /// read afterwards is durable.
    pub fn open(
        disk: Arc<dyn Disk>,
        options: &JournalOptions,
        first_head: impl FnOnce() -> Vec<u8>,
    ) -> Result<(Self, JournalReader), OpenError> {
        options.check()?;
        let Recovered { nonce, segments, file, next_number, spares } =
            recovery::recover(&*disk, options, first_head)?;
        let (end, file_bytes) = segments
            .last()
            .map(|segment| (segment.end, segment.file_bytes))
            .ok_or(OpenError::SegmentMissing { segment: 1 })?;
        let segments = Arc::new(segments);
        let view = View { segments: Arc::clone(&segments), end };
        let journal = Self {
            yard: Arc::new(Yard::new(
                Arc::clone(&disk),
                (options.segment_bytes, options.spares_max),
                end.segment + 1,
                spares,
            )),
            view: Arc::new(ArcSwap::from_pointee(view)),
            disk,
            nonce,
            segments,
            file,
            file_bytes,
            end,
            next_number,
            durable_number: next_number,
            buffer: Vec::new(),
        };
        let reader = journal.reader();
        Ok((journal, reader))
    }

    /// Appends one frame whose payload is `pieces`, one after the other, and says where it begins.
    /// Durable only after [`Self::sync`].
    ///
    /// `head` is asked only if this frame begins a new segment: what it returns is kept as that
    /// segment's head and must not count the frame itself.
    pub fn append(
        &mut self,
        pieces: &[&[u8]],
        head: impl FnOnce() -> Vec<u8>,
    ) -> Result<Position, AppendError> {
        self.yard.check()?;
        let payload_bytes = frame::measure(pieces)
            .map_err(|payload_bytes| AppendError::PayloadTooLarge { payload_bytes })?;
        if self.behind().is_none() {
            self.sync()?;
        }
        let fits = self.end.offset.saturating_add(frame::frame_bytes(payload_bytes));
        if fits > self.file_bytes {
            return self.append_to_next(payload_bytes, pieces, &head());
        }
        self.buffer.clear();
        self.encode(Kind::Payload, 0, payload_bytes, pieces);
        let position = self.end;
        self.write_buffer()?;
        self.next_number += 1;
        Ok(position)
    }

    /// Makes everything appended durable and lets readers see it. Costs nothing if there is
    /// nothing new. Blocks for as long as the disk takes.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        self.yard.check()?;
        if self.durable_number == self.next_number {
            return Ok(());
        }
        self.file.sync_data().map_err(|source| self.poison(source))?;
        self.durable_number = self.next_number;
        let begun = self.view.load().end.segment < self.end.segment;
        self.publish(self.end);
        if begun {
            self.yard.begun(self.end.segment);
        }
        Ok(())
    }

    /// Lets go of all segments before `segment`, except the one being written and the last one
    /// that is durable. Readers are refused from now on; the files go when the [`Preparer`] is at
    /// work.
    pub fn release_before(&mut self, segment: u64) {
        let durable_end = self.view.load().end;
        let keep_from = segment.min(durable_end.segment);
        let count = self.segments.partition_point(|segment| segment.number < keep_from);
        if count > 0 {
            let released: Vec<_> = Arc::make_mut(&mut self.segments).drain(..count).collect();
            self.publish(durable_end);
            self.yard.release(released.iter().map(|old| (old.number, old.file_bytes)));
        }
    }

    /// Where the next frame goes; past what [`JournalReader::end`] says by what is not synced.
    pub fn end(&self) -> Position {
        self.end
    }

    /// What the retained segments take on the disk; see [`JournalReader::retained_bytes`].
    pub fn retained_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.file_bytes).sum()
    }

    /// Another reader.
    pub fn reader(&self) -> JournalReader {
        JournalReader::new(Arc::clone(&self.disk), Arc::clone(&self.view), self.nonce)
    }

    /// The housekeeping, for another thread. Without it appends do that work themselves.
    pub fn preparer(&self) -> Preparer {
        Preparer::new(Arc::clone(&self.yard))
    }

    fn append_to_next(
        &mut self,
        payload_bytes: u32,
        pieces: &[&[u8]],
        head: &[u8],
    ) -> Result<Position, AppendError> {
        let prefix = Head::prefix(self.end.offset);
        let head_pieces: [&[u8]; 2] = [&prefix, head];
        let head_bytes = frame::measure(&head_pieces)
            .map_err(|payload_bytes| AppendError::PayloadTooLarge { payload_bytes })?;
        self.sync()?;
        let next = self.yard.next()?;
        let start = Position { segment: next.number, offset: frame::frame_bytes(head_bytes) };
        let needed = start.offset + frame::frame_bytes(payload_bytes);
        extend(&next, needed)?;

        let file_bytes = next.file_bytes.max(needed);
        let segments = Arc::make_mut(&mut self.segments);
        if let Some(last) = segments.last_mut() {
            last.end = self.end;
        }
        segments.push(SegmentInfo {
            number: next.number,
            start,
            end: start,
            file_bytes,
            head: head.into(),
        });
        self.file = next.file;
        self.file_bytes = file_bytes;
        self.end = Position { segment: next.number, offset: 0 };
        self.buffer.clear();
        self.encode(Kind::Head, 0, head_bytes, &head_pieces);
        self.encode(Kind::Payload, 1, payload_bytes, pieces);
        self.write_buffer()?;
        self.next_number += 2;
        Ok(start)
    }

    /// How many frames are not durable; `None` if the next one could not say so.
    fn behind(&self) -> Option<u16> {
        u16::try_from(self.next_number - self.durable_number).ok()
    }

    /// Adds a frame to the buffer that comes `ahead` frames after the next one.
    fn encode(&mut self, kind: Kind, ahead: u16, payload_bytes: u32, pieces: &[&[u8]]) {
        let stamp = Stamp {
            kind,
            behind: self.behind().unwrap_or(u16::MAX) + ahead,
            segment: self.end.segment,
            number: self.next_number + u64::from(ahead),
            nonce: self.nonce,
        };
        frame::encode(&mut self.buffer, stamp, payload_bytes, pieces);
    }

    fn write_buffer(&mut self) -> Result<(), AppendError> {
        self.file
            .write_all_at(&self.buffer, self.end.offset)
            .map_err(|source| self.poison(source))?;
        self.end.offset += self.buffer.len() as u64;
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        Ok(())
    }

    fn publish(&self, end: Position) {
        self.view.store(Arc::new(View { segments: Arc::clone(&self.segments), end }));
    }

    fn poison(&self, source: io::Error) -> AppendError {
        self.yard.poison(FileKind::Log(self.end.segment).name(), source)
    }
}

/// Makes room for a frame larger than a segment. With zeros, so that a full disk is met here and
/// never inside a frame.
fn extend(next: &Ready, needed: u64) -> Result<(), AppendError> {
    let Err(source) = fill_zeros(&*next.file, next.file_bytes, needed) else { return Ok(()) };
    let name = FileKind::Log(next.number).name();
    if let Err(source) = next.file.set_len(next.file_bytes) {
        return Err(AppendError::Prepare { name, source });
    }
    if is_full(&source) {
        Err(AppendError::DiskFull { segment: next.number })
    } else {
        Err(AppendError::Prepare { name, source })
    }
}
