//! The journal: an append-only log of opaque payloads in segment files.
//!
//! ```text
//!   Journal (one owner)                              JournalReader (many, any thread)
//!     append ─▶ frame, one write                        read_at, frames, segments
//!     sync ───▶ fdatasync ─▶ publishes the durable end ─────▶ never reads past it
//!     release_before ─▶ Preparer (another thread): recycles old segments, readies the next
//!
//!   journal/00000000000000000007.log   [head frame][frame][frame] … zeros or stale frames
//!   journal/00000000000000000008.log   the next one, zero-filled ahead of use
//!   journal/00000000000000000003.spare a released one, waiting to become the next
//! ```
//!
//! Guarantees:
//! - What [`Journal::sync`] returned for is read back, whole and in order, after any crash, or
//!   [`Journal::open`] refuses by name what is damaged. Nothing durable is cut off silently.
//! - Frames that were not synced may be there after a crash or not, but always as a prefix of what
//!   was appended, and what a recovery has once shown is durable from then on.
//! - A failed write or sync poisons the journal: every later call fails, nothing is retried.
//! - A full disk is met while a segment is prepared, never inside a frame; it changes nothing.
//!
//! One damage cannot be told from a torn tail: the last durable frame, when none was written
//! after it. The owner knows better: a position it kept elsewhere then lies past the end, and
//! reading there is refused.
//!
//! Deliberately absent: what payloads mean, compression, timers, threads, deleting by age.

mod error;
mod frame;
mod options;
mod position;
mod preparer;
mod probe;
mod reader;
mod recovery;
pub(crate) mod segment;
mod tail;
mod view;
mod writer;

pub use error::{AppendError, OpenError, ReadError};
pub use frame::PAYLOAD_BYTES_MAX;
pub use options::{JournalOptions, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MIN, SPARES_MAX_DEFAULT};
pub use position::Position;
pub use preparer::Preparer;
pub use reader::{Frame, Frames, JournalReader};
pub use segment::SegmentInfo;
pub use writer::Journal;

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    use super::{segment::FOLDER, *};
    use crate::disk::{Disk, RealDisk};

    const FRAMES: u64 = 400;

    fn payload(number: u64) -> Vec<u8> {
        number.to_le_bytes().repeat(40)
    }

    /// Follows the journal to its last frame; counts what it read and what it came too late for.
    fn follow(reader: &JournalReader, synced: &mpsc::Receiver<()>) -> (u64, u64) {
        let (mut position, mut next, mut read) = (reader.first(), 0, 0);
        while next < FRAMES {
            match reader.read_at(position) {
                Ok(Some(frame)) => {
                    let number = u64::from_le_bytes(*frame.payload.first_chunk().unwrap());
                    assert!(number >= next);
                    assert_eq!(frame.payload, payload(number));
                    (position, next, read) = (frame.next, number + 1, read + 1);
                }
                Ok(None) => synced.recv().unwrap(),
                Err(ReadError::Released { first, .. }) => position = first,
                Err(error) => panic!("{error}"),
            }
        }
        (read, FRAMES - read)
    }

    /// On a real disk, with housekeeping and readers on threads of their own, and segments written
    /// over under the readers' eyes.
    #[test]
    fn readers_get_every_frame_or_are_told_that_it_is_released() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Arc::new(RealDisk::open(directory.path()).unwrap());
        let options = JournalOptions { segment_bytes: SEGMENT_BYTES_MIN, spares_max: 2, nonce: 7 };
        let (mut journal, reader) =
            Journal::open(Arc::clone(&disk) as _, &options, Vec::new).unwrap();
        thread::scope(|scope| {
            let (wake, woken) = mpsc::channel();
            let preparer = journal.preparer();
            scope.spawn(move || woken.iter().for_each(|()| preparer.prepare().unwrap()));
            let mut followers = Vec::new();
            let mut synced = Vec::new();
            for _ in 0..2 {
                let (tell, told) = mpsc::channel();
                let reader = reader.clone();
                synced.push(tell);
                followers.push(scope.spawn(move || follow(&reader, &told)));
            }
            for number in 0..FRAMES {
                journal.append(&[&payload(number)], Vec::new).unwrap();
                journal.sync().unwrap();
                journal.release_before(journal.end().segment.saturating_sub(2));
                wake.send(()).unwrap();
                // A follower that has read the last frame is gone.
                for tell in &synced {
                    tell.send(()).ok();
                }
            }
            drop(wake);
            for follower in followers {
                let (read, missed) = follower.join().unwrap();
                assert_eq!(read + missed, FRAMES);
                assert!(read > 0);
            }
        });
        assert!(reader.first().segment > 30);
        assert!(disk.list(FOLDER).unwrap().len() <= 3 + 2 + 1);
    }
}
