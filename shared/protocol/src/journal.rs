//! What the journal's frames hold: the changes of one group, in the order of application.
//!
//! ```text
//! version u8 │ starts: postcard [(replica, seq, hash)] │ records: (kind u8, length u32 le, bytes)*
//! ```
//!
//! `starts` tells, for each stream with changes in the frame, where it stood before: a reader knows
//! the running hash without reading anything else, and can pass over frames that do not concern it.
//! A record of a kind that is not known is kept and passed over.

use tombolo_causality::{HybridTimestamp, ReplicaId};
use tombolo_replication::{RunningHash, StreamPosition, Streams};

use crate::error::{append, length, versioned, whole};
use crate::wire::StreamV1;
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "journal frame";

mod record_kind {
    pub(super) const CHANGE: u8 = 1;
}

/// Where a stream stood just before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamStart {
    /// The stream.
    pub replica: ReplicaId,
    /// Where it stood.
    pub before: StreamPosition,
}

/// A record of a journal frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// An encoded change.
    Change(&'a [u8]),
    /// Something that a later version wrote.
    Unknown {
        /// Its kind.
        kind: u8,
        /// Its bytes.
        bytes: &'a [u8],
    },
}

/// Builds the payload of one frame.
#[derive(Debug, Default)]
pub struct JournalFrameBuilder {
    starts: Vec<StreamStart>,
    records: Vec<u8>,
    changes: usize,
}

impl JournalFrameBuilder {
    /// Adds a change; `before` is where its stream stood just before it.
    pub fn add(
        &mut self,
        replica: ReplicaId,
        before: StreamPosition,
        bytes: &[u8],
    ) -> Result<(), EncodeError> {
        let length = length(bytes.len())?;
        if !self.starts.iter().any(|start| start.replica == replica) {
            self.starts.push(StreamStart { replica, before });
        }
        self.records.push(record_kind::CHANGE);
        self.records.extend_from_slice(&length.to_le_bytes());
        self.records.extend_from_slice(bytes);
        self.changes += 1;
        Ok(())
    }

    /// How many changes were added.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// The size of the records so far, in bytes.
    pub fn bytes(&self) -> usize {
        self.records.len()
    }

    /// The payload.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        let starts: Vec<_> = self.starts.iter().map(|s| stream(s.replica, s.before)).collect();
        let mut out = Vec::with_capacity(self.records.len() + 64 * starts.len() + 2);
        out.push(VERSION);
        let mut out = append(out, &starts)?;
        out.extend_from_slice(&self.records);
        Ok(out)
    }
}

/// A decoded frame that borrows its records.
#[derive(Debug)]
pub struct JournalFrame<'a> {
    /// Where its streams stood before it.
    pub starts: Vec<StreamStart>,
    records: &'a [u8],
}

impl<'a> JournalFrame<'a> {
    /// Decodes the payload of a frame; records are checked as they are read.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let bytes = versioned(WHAT, VERSION, payload)?;
        let malformed = |_| DecodeError::Malformed { what: WHAT };
        let (starts, records): (Vec<StreamV1>, _) =
            postcard::take_from_bytes(bytes).map_err(malformed)?;
        let starts = starts.into_iter().map(|wire| StreamStart {
            replica: wire.replica,
            before: StreamPosition { seq: wire.seq, hash: RunningHash(wire.hash) },
        });
        Ok(Self { starts: starts.collect(), records })
    }

    /// The records, in order; ends after the first that is malformed.
    pub fn records(&self) -> impl Iterator<Item = Result<Record<'a>, DecodeError>> + use<'a> {
        let mut rest = self.records;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let record = split_record(rest);
            rest = record.as_ref().map_or(&[], |(_, rest)| rest);
            Some(record.map(|(record, _)| record))
        })
    }
}

fn split_record(bytes: &[u8]) -> Result<(Record<'_>, &[u8]), DecodeError> {
    let (kind, rest) = bytes.split_first().ok_or(DecodeError::EndsEarly)?;
    let (length, rest) = rest.split_first_chunk().ok_or(DecodeError::EndsEarly)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (bytes, rest) = rest.split_at_checked(length).ok_or(DecodeError::EndsEarly)?;
    let record = match *kind {
        record_kind::CHANGE => Record::Change(bytes),
        kind => Record::Unknown { kind, bytes },
    };
    Ok((record, rest))
}

/// Where a region stands: at the head of each journal segment, and beside the state in redb.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RegionPosition {
    /// How far it has come in every stream.
    pub streams: Streams,
    /// The largest stamp it has applied.
    pub stamp_floor: HybridTimestamp,
}

/// Encodes where a region stands.
pub fn encode_position(position: &RegionPosition) -> Result<Vec<u8>, EncodeError> {
    let streams: Vec<_> = position.streams.iter().map(|(id, at)| stream(id, at)).collect();
    append(vec![VERSION], &(position.stamp_floor.to_bits(), streams))
}

/// The inverse of [`encode_position`].
pub fn decode_position(bytes: &[u8]) -> Result<RegionPosition, DecodeError> {
    let what = "region position";
    let (stamp, streams): (u64, Vec<StreamV1>) = whole(what, versioned(what, VERSION, bytes)?)?;
    let streams = streams
        .into_iter()
        .map(|wire| (wire.replica, StreamPosition { seq: wire.seq, hash: RunningHash(wire.hash) }));
    let stamp_floor = HybridTimestamp::from_bits(stamp);
    Ok(RegionPosition { streams: streams.collect(), stamp_floor })
}

fn stream(replica: ReplicaId, at: StreamPosition) -> StreamV1 {
    StreamV1 { replica, seq: at.seq, hash: at.hash.0 }
}
