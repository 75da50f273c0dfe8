//! Reading changes out of the journal, by stream and sequence.
//!
//! Segment heads say where every stream stood, so a place is found by reading heads and at most
//! one segment; after that a cursor remembers where each stream was left.

mod retained;

use std::collections::BTreeMap;

use tombolo_causality::ReplicaId;
use tombolo_protocol::{JournalFrame, Record, change_dot, decode_position};
use tombolo_replication::{RunningHash, StreamPosition};

pub use self::retained::Retained;
use crate::StorageError;
use crate::journal::{Frame, JournalReader, Position, ReadError};

/// Consecutive changes of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The running hash just before the first.
    pub hash_before: RunningHash,
    /// The encoded changes.
    pub changes: Vec<Vec<u8>>,
    /// Their size in bytes.
    pub bytes: usize,
    /// The last sequence among them.
    pub last: u64,
}

/// What came of looking for changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// These.
    Run(Run),
    /// The journal no longer holds the first of them.
    Released,
    /// The journal does not reach that far.
    Nothing,
}

/// Where a stream was left.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The frame in which, or after which, the next change stands.
    position: Position,
    /// Where the stream stands just before it.
    at: StreamPosition,
}

/// See the module. Each reader has its own; reading blocks.
#[derive(Debug)]
pub struct LogReader {
    journal: JournalReader,
    cursors: BTreeMap<ReplicaId, Cursor>,
    /// The last frame read: batches often end within one.
    last: Option<Frame>,
}

impl LogReader {
    pub(crate) fn new(journal: JournalReader) -> Self {
        Self { journal, cursors: BTreeMap::new(), last: None }
    }

    /// The changes of `origin` after `after`, up to `up_to`, as many as fit in `bytes_max` (one,
    /// where the first is larger).
    pub fn read(
        &mut self,
        origin: ReplicaId,
        after: u64,
        up_to: u64,
        bytes_max: usize,
    ) -> Result<Found, StorageError> {
        loop {
            match self.try_read(origin, after, up_to, bytes_max) {
                // What is wanted may stand further on: a stream that was silent has nothing in the
                // segments that went away. Each turn needs another release.
                Err(StorageError::JournalRead(ReadError::Released { .. })) => {
                    self.cursors.remove(&origin);
                }
                found => return found,
            }
        }
    }

    /// The running hash of `origin` at `seq`, where the journal still tells.
    pub fn hash_at(
        &mut self,
        origin: ReplicaId,
        seq: u64,
    ) -> Result<Option<RunningHash>, StorageError> {
        match self.read(origin, seq, u64::MAX, 0)? {
            Found::Run(run) => Ok(Some(run.hash_before)),
            Found::Released => Ok(None),
            // The search went through all there is, and remembers where that ends.
            Found::Nothing => {
                let end = self.cursors.get(&origin).map(|cursor| cursor.at);
                Ok(end.filter(|end| end.seq == seq).map(|end| end.hash))
            }
        }
    }

    fn try_read(
        &mut self,
        origin: ReplicaId,
        after: u64,
        up_to: u64,
        bytes_max: usize,
    ) -> Result<Found, StorageError> {
        let Some(mut cursor) = self.locate(origin, after)? else { return Ok(Found::Released) };
        let mut search = Search { origin, after, up_to, bytes_max, run: None };
        while let Some(frame) = self.frame(cursor.position)? {
            let step = search.frame(&frame, &mut cursor.at)?;
            if step == Step::GoOn {
                cursor.position = frame.next;
            }
            self.last = Some(frame);
            match step {
                Step::GoOn => {}
                Step::Stop => break,
                Step::Missing => {
                    self.cursors.remove(&origin);
                    return Ok(Found::Released);
                }
            }
        }
        self.cursors.insert(origin, cursor);
        Ok(search.run.map_or(Found::Nothing, Found::Run))
    }

    /// Where reading of `origin` after `after` begins; nothing where that was released.
    fn locate(&self, origin: ReplicaId, after: u64) -> Result<Option<Cursor>, StorageError> {
        let left = self.cursors.get(&origin).filter(|cursor| cursor.at.seq <= after).copied();
        if left.is_some_and(|cursor| cursor.at.seq == after) {
            return Ok(left);
        }
        // A stream never goes back, so the last segment that begins early enough is searched for.
        let segments = self.journal.segments();
        let (mut early, mut late) = (0, segments.len());
        let mut found = None;
        while early < late {
            let middle = early.midpoint(late);
            let segment = &segments[middle];
            let at = decode_position(&segment.head).map_err(malformed)?.streams.get(&origin);
            if at.seq <= after {
                found = Some(Cursor { position: segment.start, at });
                early = middle + 1;
            } else {
                late = middle;
            }
        }
        Ok(match (left, found) {
            (Some(left), Some(found)) if found.position > left.position => Some(found),
            (left, found) => left.or(found),
        })
    }

    fn frame(&mut self, position: Position) -> Result<Option<Frame>, StorageError> {
        match self.last.take() {
            Some(frame) if frame.position == position => Ok(Some(frame)),
            _ => Ok(self.journal.read_at(position)?),
        }
    }
}

/// One search through the frames.
struct Search {
    origin: ReplicaId,
    after: u64,
    up_to: u64,
    bytes_max: usize,
    run: Option<Run>,
}

/// What comes after a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The next one.
    GoOn,
    /// Nothing: what would follow is still in this frame.
    Stop,
    /// Nothing: what is searched for was never in this journal.
    Missing,
}

impl Search {
    /// Takes from `frame` what is searched for; `at` is where the stream stands, and moves on.
    fn frame(&mut self, frame: &Frame, at: &mut StreamPosition) -> Result<Step, StorageError> {
        let decoded = decode(frame)?;
        if !decoded.starts.iter().any(|start| start.replica == self.origin) {
            return Ok(Step::GoOn);
        }
        for record in decoded.records() {
            let bytes = match record.map_err(malformed)? {
                Record::Change(bytes) => bytes,
                Record::Position(bytes) => {
                    let adopted = decode_position(bytes).map_err(malformed)?;
                    let adopted = adopted.streams.get(&self.origin);
                    if adopted.seq <= at.seq {
                        continue;
                    }
                    if self.after < adopted.seq {
                        // The region has these by joining states, without the changes.
                        let has_some = self.run.is_some();
                        return Ok(if has_some { Step::Stop } else { Step::Missing });
                    }
                    *at = adopted;
                    continue;
                }
                _ => continue,
            };
            let dot = change_dot(bytes).map_err(malformed)?;
            if dot.replica != self.origin || dot.seq <= at.seq {
                continue;
            }
            if dot.seq != at.seq + 1 {
                let detail = format!("the journal lacks what comes before {dot}");
                return Err(StorageError::Mismatched { detail });
            }
            if at.seq >= self.after && !self.take(dot.seq, *at, bytes) {
                return Ok(Step::Stop);
            }
            *at = at.after(bytes);
        }
        Ok(Step::GoOn)
    }

    /// Whether there was room for the change.
    fn take(&mut self, seq: u64, at: StreamPosition, bytes: &[u8]) -> bool {
        let full = self.run.as_ref().is_some_and(|run| run.bytes + bytes.len() > self.bytes_max);
        if full || seq > self.up_to {
            return false;
        }
        let run = self.run.get_or_insert_with(|| Run {
            hash_before: at.hash,
            changes: Vec::new(),
            bytes: 0,
            last: at.seq,
        });
        run.bytes += bytes.len();
        run.changes.push(bytes.to_vec());
        run.last = seq;
        true
    }
}

fn decode(frame: &Frame) -> Result<JournalFrame<'_>, StorageError> {
    JournalFrame::decode(&frame.payload).map_err(malformed)
}

fn malformed(source: tombolo_protocol::DecodeError) -> StorageError {
    StorageError::Decode { what: "journal frame", source }
}

#[cfg(test)]
mod tests;
