//! Reads frames, from any thread, while the journal is appended to.
//!
//! Guarantees that nothing past the durable end is ever returned, and that a segment which is
//! released and written over during a read yields [`ReadError::Released`], never other bytes: each
//! frame names its segment. Reads of one clone share one open file; give each thread its own.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::{
    Position, ReadError, SegmentInfo,
    frame::Kind,
    probe,
    segment::FileKind,
    view::{Place, View},
};
use crate::disk::{Disk, DiskFile};

/// A frame as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where it begins.
    pub position: Position,
    /// Where the next one begins, or will.
    pub next: Position,
    /// What was appended.
    pub payload: Vec<u8>,
}

/// The read side of a journal.
#[derive(Debug)]
pub struct JournalReader {
    disk: Arc<dyn Disk>,
    view: Arc<ArcSwap<View>>,
    nonce: u64,
    /// The segment read last. Most readers go forward, so one is enough; the number of open files
    /// does not grow with the journal.
    open: Mutex<Option<(u64, Arc<dyn DiskFile>)>>,
}

impl Clone for JournalReader {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.disk), Arc::clone(&self.view), self.nonce)
    }
}

impl JournalReader {
    pub(super) fn new(disk: Arc<dyn Disk>, view: Arc<ArcSwap<View>>, nonce: u64) -> Self {
        Self { disk, view, nonce, open: Mutex::new(None) }
    }

    /// The oldest position that can be read.
    pub fn first(&self) -> Position {
        self.view.load().first()
    }

    /// Past the last durable frame. Only moves forward.
    pub fn end(&self) -> Position {
        self.view.load().end
    }

    /// The retained segments, oldest first; never empty.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        self.view.load().durable().collect()
    }

    /// What the retained segments take on the disk, unused room included. Spares and the segment
    /// readied ahead come on top: at most `spares_max` + 1 more.
    pub fn retained_bytes(&self) -> u64 {
        self.view.load().durable().map(|segment| segment.file_bytes).sum()
    }

    /// The durable frame at `position`, or `None` at the durable end. The end of one segment and
    /// the start of the next are the same place.
    pub fn read_at(&self, position: Position) -> Result<Option<Frame>, ReadError> {
        let Some(place) = self.view.load().locate(position)? else { return Ok(None) };
        match self.read(place) {
            Ok(Some(frame)) => Ok(Some(frame)),
            Ok(None) => {
                Err(self
                    .released_or(place.position, |position| ReadError::FrameDamaged { position }))
            }
            Err(source) => Err(self.released_or(place.position, |position| ReadError::Io {
                segment: position.segment,
                source,
            })),
        }
    }

    /// The durable frames from `position` on, up to the end as it is when reached. Ends after an
    /// error.
    pub fn frames(&self, position: Position) -> Frames<'_> {
        Frames { reader: self, next: Some(position) }
    }

    fn read(&self, Place { position, limit }: Place) -> io::Result<Option<Frame>> {
        let file = self.file(position.segment)?;
        let expected = |stamp: super::frame::Stamp| {
            (stamp.kind, stamp.segment, stamp.nonce)
                == (Kind::Payload, position.segment, self.nonce)
        };
        let header = probe::header(&*file, position.offset, limit)?;
        let Some(header) = header.filter(|header| expected(header.stamp)) else { return Ok(None) };
        let Some(payload) = probe::payload(&*file, position.offset, &header)? else {
            return Ok(None);
        };
        let next = Position { offset: position.offset + header.frame_bytes(), ..position };
        Ok(Some(Frame { position, next, payload }))
    }

    fn file(&self, segment: u64) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, file)) = &*open
            && *number == segment
        {
            return Ok(Arc::clone(file));
        }
        let file = self.disk.open(&FileKind::Log(segment).name())?;
        *open = Some((segment, Arc::clone(&file)));
        Ok(file)
    }

    /// A read that failed because its segment went away meanwhile is not a failure of the disk.
    fn released_or(
        &self,
        position: Position,
        otherwise: impl FnOnce(Position) -> ReadError,
    ) -> ReadError {
        let first = self.first();
        if position.segment < first.segment {
            ReadError::Released { position, first }
        } else {
            otherwise(position)
        }
    }
}

/// Durable frames in order; made by [`JournalReader::frames`].
#[derive(Debug)]
pub struct Frames<'a> {
    reader: &'a JournalReader,
    next: Option<Position>,
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.reader.read_at(self.next?).transpose();
        match &frame {
            Some(Ok(frame)) => self.next = Some(frame.next),
            Some(Err(_)) => self.next = None,
            None => {}
        }
        frame
    }
}
