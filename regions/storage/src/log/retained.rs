//! Every change that the journal still holds, one after the other.

use tombolo_protocol::{JournalFrame, Record, decode_change, decode_position};
use tombolo_replication::{SealedChange, StreamPosition, Streams};

use super::malformed;
use crate::StorageError;
use crate::journal::JournalReader;

/// A change, and where its stream stood before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Where its stream stood.
    pub before: StreamPosition,
    /// The change.
    pub sealed: SealedChange,
}

impl JournalReader {
    /// Hands all changes to `take`, in the order of the journal, and answers where the streams stood
    /// before the first. Reads everything.
    pub fn each_change(
        &self,
        mut take: impl FnMut(Retained) -> Result<(), StorageError>,
    ) -> Result<Streams, StorageError> {
        let segments = self.segments();
        let head = segments.first().map(|segment| decode_position(&segment.head));
        let first = head.transpose().map_err(malformed)?.unwrap_or_default().streams;
        let mut streams = first.clone();
        for frame in self.frames(self.first()) {
            let frame = frame?;
            for record in JournalFrame::decode(&frame.payload).map_err(malformed)?.records() {
                match record.map_err(malformed)? {
                    Record::Change(bytes) => {
                        let change = decode_change(bytes).map_err(malformed)?;
                        let replica = change.dot.replica;
                        let before = streams.get(&replica);
                        if change.dot.seq != before.seq + 1 {
                            continue;
                        }
                        streams.advance(replica, bytes);
                        let sealed = SealedChange { change, bytes: bytes.into() };
                        take(Retained { before, sealed })?;
                    }
                    Record::Position(bytes) => {
                        let adopted = decode_position(bytes).map_err(malformed)?.streams;
                        for (replica, at) in adopted.iter() {
                            if at.seq > streams.get(&replica).seq {
                                streams.set(replica, at);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(first)
    }
}
