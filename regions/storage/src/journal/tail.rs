//! Where the frames of the last segment end, and whether they end there rightly.
//!
//! The end is the first place where the next frame is not whole. If frames after it had been
//! merely unsynced, nothing durable is lost by ending there: that is a torn tail. But a later
//! frame that was written when the missing one was already durable is a witness of damage.
//!
//! Finding one takes a search over all places where a frame could begin, since the length of the
//! damaged one is unknown. The nonce is compared before any checksum is computed, so payloads full
//! of imitated headers cost nothing; the search is linear in the size of the segment.

use std::io;

use super::{
    frame::{ALIGN_BYTES, HEADER_BYTES, Kind, MAGIC, Stamp},
    probe,
};
use crate::disk::DiskFile;

const WINDOW_BYTES: usize = 256 << 10;

/// The end of a segment's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// Where the next frame goes.
    pub(super) end: u64,
    /// The number it will have.
    pub(super) next_number: u64,
}

/// Follows the frames of the segment that `head` began, from `start` on.
pub(super) fn find(
    file: &dyn DiskFile,
    head: Stamp,
    start: u64,
    file_bytes: u64,
) -> io::Result<Tail> {
    let mut tail = Tail { end: start, next_number: head.number + 1 };
    while let Some(header) = probe::header(file, tail.end, file_bytes)? {
        let stamp = header.stamp;
        let expected = stamp.kind == Kind::Payload
            && stamp.segment == head.segment
            && stamp.nonce == head.nonce
            && stamp.number == tail.next_number;
        if !expected || !probe::is_whole(file, tail.end, &header)? {
            break;
        }
        tail.end += header.frame_bytes();
        tail.next_number += 1;
    }
    Ok(tail)
}

/// The number of a whole frame of `segment`, somewhere from `from` on, that was written when frame
/// `number` was already durable.
pub(super) fn witness(
    file: &dyn DiskFile,
    (segment, nonce): (u64, u64),
    from: u64,
    file_bytes: u64,
    number: u64,
) -> io::Result<Option<u64>> {
    let mut window = vec![0; WINDOW_BYTES];
    let mut at = from;
    while at + HEADER_BYTES as u64 <= file_bytes {
        let part = usize::try_from(file_bytes - at).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES);
        file.read_exact_at(&mut window[..part], at)?;
        for (index, place) in window[..part].chunks(ALIGN_BYTES).enumerate() {
            if !place.starts_with(&MAGIC) {
                continue;
            }
            let offset = at + (index * ALIGN_BYTES) as u64;
            let Some(header) = probe::header(file, offset, file_bytes)? else { continue };
            let stamp = header.stamp;
            if (stamp.segment, stamp.nonce) == (segment, nonce)
                && stamp.durable_before() > number
                && probe::is_whole(file, offset, &header)?
            {
                return Ok(Some(stamp.number));
            }
        }
        at += part as u64;
    }
    Ok(None)
}
