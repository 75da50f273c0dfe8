//! What the journal's frames hold: the changes of one group, and what came of another region's state
//! beside them, in the order of application.
//!
//! ```text
//! version u8 │ starts: postcard [(replica, seq, hash)] │ records: (kind u8, length u32 le, bytes)*
//! ```
//!
//! `starts` tells, for each stream that moves in the frame, where it stood before: a reader knows
//! the running hash without reading anything else, and can pass over frames that do not concern it.
//! A record of a kind that is not known is kept and passed over.

use tombolo_causality::ReplicaId;
use tombolo_replication::StreamPosition;

use crate::envelope::{append, length, take, take_prefixed, versioned};
use crate::limits::STREAMS_MAX;
use crate::rules::{at_most, distinct};
use crate::wire::StreamV1;
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "journal frame";

mod record_kind {
    pub(super) const CHANGE: u8 = 1;
    pub(super) const JOINED: u8 = 2;
    pub(super) const CATALOG: u8 = 3;
    pub(super) const REQUEST: u8 = 4;
    pub(super) const POSITION: u8 = 5;
    pub(super) const EXCEPTIONS: u8 = 6;
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
    /// An encoded [`JoinedItem`](crate::JoinedItem).
    Joined(&'a [u8]),
    /// An encoded catalog that takes the place of the one before.
    Catalog(&'a [u8]),
    /// The encoded answer to a named request, whose change is not in the journal.
    Request(&'a [u8]),
    /// An encoded [`RegionPosition`](crate::RegionPosition): so far its streams have come without
    /// their changes.
    Position(&'a [u8]),
    /// Encoded [`Exceptions`](tombolo_replication::Exceptions) of the streams of a position: they
    /// were set aside by whoever applied these, and join those before.
    Exceptions(&'a [u8]),
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
    others: usize,
}

impl JournalFrameBuilder {
    /// Adds a change; `before` is where its stream stood just before it. Adds nothing where it
    /// answers an error.
    pub fn add(
        &mut self,
        replica: ReplicaId,
        before: StreamPosition,
        bytes: &[u8],
    ) -> Result<(), EncodeError> {
        length("a record", bytes.len())?;
        self.start(replica, before)?;
        self.record(record_kind::CHANGE, bytes)?;
        self.changes += 1;
        Ok(())
    }

    fn start(&mut self, replica: ReplicaId, before: StreamPosition) -> Result<(), EncodeError> {
        if !self.starts.iter().any(|start| start.replica == replica) {
            at_most("streams of a journal frame", self.starts.len() + 1, STREAMS_MAX)?;
            self.starts.push(StreamStart { replica, before });
        }
        Ok(())
    }

    /// Adds an encoded [`JoinedItem`](crate::JoinedItem). Adds nothing where it answers an error.
    pub fn add_joined(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.record(record_kind::JOINED, bytes)?;
        self.others += 1;
        Ok(())
    }

    /// Adds an encoded catalog. Adds nothing where it answers an error.
    pub fn add_catalog(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.record(record_kind::CATALOG, bytes)?;
        self.others += 1;
        Ok(())
    }

    /// Adds the encoded answer to a named request. Adds nothing where it answers an error.
    pub fn add_request(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.record(record_kind::REQUEST, bytes)?;
        self.others += 1;
        Ok(())
    }

    /// Adds an encoded position; `before` is where its streams stood. Where it answers an error the
    /// frame is not to be used.
    pub fn add_position(
        &mut self,
        before: impl IntoIterator<Item = StreamStart>,
        bytes: &[u8],
    ) -> Result<(), EncodeError> {
        for StreamStart { replica, before } in before {
            self.start(replica, before)?;
        }
        self.record(record_kind::POSITION, bytes)?;
        self.others += 1;
        Ok(())
    }

    /// Adds encoded exceptions. Adds nothing where it answers an error.
    pub fn add_exceptions(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.record(record_kind::EXCEPTIONS, bytes)?;
        self.others += 1;
        Ok(())
    }

    fn record(&mut self, kind: u8, bytes: &[u8]) -> Result<(), EncodeError> {
        let length = length("a record", bytes.len())?;
        self.records.push(kind);
        self.records.extend_from_slice(&length.to_le_bytes());
        self.records.extend_from_slice(bytes);
        Ok(())
    }

    /// How many changes were added.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// How many records were added, changes among them.
    pub fn records(&self) -> usize {
        self.changes + self.others
    }

    /// The size of the records so far, in bytes.
    pub fn bytes(&self) -> usize {
        self.records.len()
    }

    /// The payload.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        let starts = self.starts.iter().map(|start| StreamV1::new(start.replica, start.before));
        let starts: Vec<_> = starts.collect();
        let mut out = Vec::with_capacity(self.records.len() + 64 * starts.len() + 2);
        out.push(VERSION);
        let mut out = append(WHAT, out, &starts)?;
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
        let (starts, records) = take::<Vec<StreamV1>>(WHAT, bytes)?;
        at_most("streams of a journal frame", starts.len(), STREAMS_MAX)?;
        distinct(WHAT, starts.iter().map(|start| start.replica))?;
        let starts = starts.iter();
        let starts =
            starts.map(|wire| StreamStart { replica: wire.replica, before: wire.position() });
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
    let (bytes, rest) = take_prefixed(rest)?;
    let record = match *kind {
        record_kind::CHANGE => Record::Change(bytes),
        record_kind::JOINED => Record::Joined(bytes),
        record_kind::CATALOG => Record::Catalog(bytes),
        record_kind::REQUEST => Record::Request(bytes),
        record_kind::POSITION => Record::Position(bytes),
        record_kind::EXCEPTIONS => Record::Exceptions(bytes),
        kind => Record::Unknown { kind, bytes },
    };
    Ok((record, rest))
}
