//! What can go wrong: opening, appending, reading.

use std::io;

use thiserror::Error;

use super::{Position, frame::PAYLOAD_BYTES_MAX, options::SEGMENT_BYTES_MIN};

/// Why a journal was not opened. Nothing that was durable has been changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A segment between two others is gone, or all are while spares are left.
    #[error("journal segment {segment} is missing: durable data is lost")]
    SegmentMissing {
        /// Which one.
        segment: u64,
    },
    /// A segment that had begun does not begin with a whole head frame.
    #[error("the head of journal segment {segment} is damaged: durable data is lost")]
    HeadDamaged {
        /// Which one.
        segment: u64,
    },
    /// A frame is damaged although a later one says it was durable. A torn tail has no such
    /// witness, so this is never the trace of a mere power cut.
    #[error(
        "frame {number} at {position} is damaged, yet frame {witness} was written after it was durable"
    )]
    FrameDamaged {
        /// Where the damaged frame begins.
        position: Position,
        /// Its number.
        number: u64,
        /// The number of the later frame.
        witness: u64,
    },
    /// A later release wrote this journal.
    #[error(
        "journal segment {segment} has format version {version}, newer than this program knows"
    )]
    VersionUnknown {
        /// Which segment.
        segment: u64,
        /// The version it names.
        version: u8,
    },
    /// The options ask for segments of an impossible size.
    #[error(
        "segment_bytes is {segment_bytes}, but must be a multiple of 8 and at least {SEGMENT_BYTES_MIN}"
    )]
    SegmentBytes {
        /// What was asked for.
        segment_bytes: u64,
    },
    /// The head for the first segment is larger than a segment.
    #[error("the segment head takes {head_bytes} bytes, more than a segment has")]
    HeadTooLarge {
        /// How large it is.
        head_bytes: usize,
    },
    /// The disk failed.
    #[error("journal file {name} failed while the journal was opened")]
    Io {
        /// The file or folder.
        name: String,
        /// What the disk said.
        source: io::Error,
    },
}

/// Why something was not appended, synced or prepared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// There is no room for the next segment. Nothing was appended, and what is there stays
    /// readable; the same call succeeds once there is room.
    #[error("the disk is full: journal segment {segment} cannot be prepared")]
    DiskFull {
        /// The segment that was to be.
        segment: u64,
    },
    /// The payload, or a segment's head, is too large for any frame. Nothing was appended.
    #[error("a payload of {payload_bytes} bytes is larger than {PAYLOAD_BYTES_MAX}")]
    PayloadTooLarge {
        /// How large it is.
        payload_bytes: usize,
    },
    /// The next segment could not be prepared, for another reason than room. Nothing was
    /// appended.
    #[error("journal file {name} could not be prepared")]
    Prepare {
        /// The file or folder.
        name: String,
        /// What the disk said.
        source: io::Error,
    },
    /// A write or a sync failed just now. Whether what was not yet synced survives is unknown;
    /// the journal is poisoned and only opening it anew tells.
    #[error("journal file {name} failed; what was being made durable may or may not be")]
    Failed {
        /// The file or folder.
        name: String,
        /// What the disk said.
        source: io::Error,
    },
    /// A write or a sync failed earlier. Nothing was done.
    #[error("the journal failed earlier and takes nothing more")]
    Poisoned,
}

/// Why a frame was not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The segment is no longer kept: whoever needs it needs a snapshot instead.
    #[error("position {position} is no longer kept; the journal begins at {first}")]
    Released {
        /// What was asked for.
        position: Position,
        /// Where the journal begins now.
        first: Position,
    },
    /// The position lies past everything durable. One that was kept from an earlier run proves
    /// that the journal has lost durable data.
    #[error("position {position} is past the durable end {end}")]
    PastEnd {
        /// What was asked for.
        position: Position,
        /// The durable end.
        end: Position,
    },
    /// No whole frame begins there, though one should: the disk lost it, or the position was
    /// never a frame's.
    #[error("no whole frame begins at {position}")]
    FrameDamaged {
        /// What was asked for.
        position: Position,
    },
    /// The disk failed.
    #[error("journal segment {segment} cannot be read")]
    Io {
        /// Which segment.
        segment: u64,
        /// What the disk said.
        source: io::Error,
    },
}
