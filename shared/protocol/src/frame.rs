//! Frames between regions.
//!
//! ```text
//! length u32 le │ crc32c u32 le │ version u8 │ kind u8 │ postcard
//! ```
//!
//! The length counts what follows the checksum. A reader checks it against its own bound before it
//! reads on, and against a small one until the peer has said who it is.

use serde::{Deserialize, Serialize};
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_replication::intake::Batch;
use tombolo_replication::{RunningHash, SealedChange, StreamPosition};

use crate::error::{append, length, whole};
use crate::{DecodeError, EncodeError};

/// The protocol this program speaks.
const VERSION: u8 = 1;

/// The length and the checksum before each frame.
pub const FRAME_HEADER_BYTES: usize = 8;

/// What one region says to another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// The first frame of who dials.
    Hello(Hello),
    /// The answer to it.
    Welcome(Welcome),
    /// The end of the connection, with the reason.
    Refused {
        /// Why, for programs.
        code: RefusalCode,
        /// Why, for people.
        detail: String,
    },
    /// Consecutive changes of one stream.
    Batch(BatchFrame),
    /// Changes of `origin` after `after` up to `up_to` are missing.
    Ask {
        /// Whose changes.
        origin: ReplicaId,
        /// Everything up to here is here.
        after: u64,
        /// Everything up to here is needed.
        up_to: u64,
    },
    /// The sender is alive and has written, and shows, `watermark`.
    Heartbeat {
        /// The sender's monotonic clock, to be echoed, in µs.
        sent_us: u64,
        /// What it shows.
        watermark: VersionVector,
    },
    /// The sender has `vector` durably and shows it.
    Acknowledge {
        /// What it has.
        vector: VersionVector,
        /// The latest heartbeat, where this answers one.
        echo_us: Option<u64>,
    },
    /// A table definition, for the region that orders them.
    TableRequest {
        /// Chosen by the asker, unique on this connection.
        request: u64,
        /// What is asked.
        what: TableRequest,
    },
    /// The answer to it.
    TableReply {
        /// The request.
        request: u64,
        /// The answer.
        reply: TableReply,
    },
}

/// Who dials, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The cluster that both must be of.
    pub cluster: String,
    /// Who dials.
    pub region: RegionId,
    /// Its replica.
    pub replica: ReplicaId,
    /// The oldest protocol it speaks.
    pub protocol_min: u8,
    /// The newest.
    pub protocol_max: u8,
    /// What it has durably.
    pub vector: VersionVector,
    /// What for.
    pub purpose: Purpose,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To ship the dialler's changes.
    Replicate,
    /// To learn how much of the dialler's stream is known, after an unclean start.
    Identify,
}

/// Who was dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Who it is.
    pub replica: ReplicaId,
    /// The protocol to be spoken.
    pub protocol: u8,
    /// What it has durably.
    pub vector: VersionVector,
    /// Where the dialler's stream stands there, with its running hash.
    pub yours: StreamPosition,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalCode {
    /// An operator has paused the link.
    Paused,
    /// Another cluster.
    WrongCluster,
    /// Not a member, or not whom it was taken for.
    UnknownRegion,
    /// No protocol in common.
    Protocol,
    /// A stream differs from what is known here.
    Forked,
    /// A stream stamps too far ahead.
    ClockAhead,
    /// A frame was malformed.
    Malformed,
    /// Something that this version does not know.
    UnknownKind,
    /// The region is starting or stopping.
    Unavailable,
}

/// Consecutive changes of one stream, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFrame {
    /// Whose changes.
    pub origin: ReplicaId,
    /// The running hash before the first.
    pub hash_before: RunningHash,
    /// How many bytes `packed` unpacks to.
    pub unpacked_bytes: u32,
    /// (length u32 le, change)*, compressed with zstd.
    pub packed: Vec<u8>,
}

/// What a region asks of the one that orders definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableRequest {
    /// Define a table.
    Define {
        /// Its name.
        name: String,
        /// Its data type.
        data_type: String,
        /// Its resolver.
        resolver: String,
    },
    /// Drop a table.
    Drop {
        /// Its name.
        name: String,
    },
}

/// What the ordering region answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableReply {
    /// Done: the change of that sequence of the ordering replica.
    Done {
        /// The change.
        dot: tombolo_causality::Dot,
    },
    /// An equal table exists, by the change of that name.
    Exists {
        /// The change that defined it.
        dot: tombolo_causality::Dot,
    },
    /// Refused, for the reason of that code.
    Refused {
        /// As in the errors of the REST contract.
        code: String,
    },
}

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// How many bytes follow.
    pub payload_bytes: usize,
    checksum: u32,
}

/// Why a frame was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Its checksum does not fit: damaged, or no frame at all.
    #[error("the checksum of a frame does not fit")]
    Checksum,
    /// Its content is not that of a frame.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl FrameHeader {
    /// Decodes a header and holds the length against `payload_bytes_max`.
    pub fn decode(
        bytes: [u8; FRAME_HEADER_BYTES],
        payload_bytes_max: usize,
    ) -> Result<Self, DecodeError> {
        let [l0, l1, l2, l3, c0, c1, c2, c3] = bytes;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let payload_bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if payload_bytes > payload_bytes_max {
            let (what, actual, max) = ("a frame", payload_bytes, payload_bytes_max);
            return Err(DecodeError::TooLarge { what, actual, max });
        }
        Ok(Self { payload_bytes, checksum: u32::from_le_bytes([c0, c1, c2, c3]) })
    }
}

mod kind {
    pub(super) const HELLO: u8 = 1;
    pub(super) const WELCOME: u8 = 2;
    pub(super) const REFUSED: u8 = 3;
    pub(super) const BATCH: u8 = 4;
    pub(super) const ASK: u8 = 5;
    pub(super) const HEARTBEAT: u8 = 6;
    pub(super) const ACKNOWLEDGE: u8 = 7;
    pub(super) const TABLE_REQUEST: u8 = 8;
    pub(super) const TABLE_REPLY: u8 = 9;
}

#[derive(Serialize, Deserialize)]
struct WelcomeV1 {
    replica: ReplicaId,
    protocol: u8,
    vector: VersionVector,
    seq: u64,
    hash: [u8; 16],
}

#[derive(Serialize, Deserialize)]
struct BatchV1<'a> {
    origin: ReplicaId,
    hash_before: [u8; 16],
    unpacked_bytes: u32,
    #[serde(borrow)]
    packed: &'a [u8],
}

/// Encodes a frame with its header.
pub fn encode_frame(frame: &Frame) -> Result<Vec<u8>, EncodeError> {
    let begin = |kind: u8| {
        let mut out = vec![0; FRAME_HEADER_BYTES];
        out.extend_from_slice(&[VERSION, kind]);
        out
    };
    let mut out = match frame {
        Frame::Hello(hello) => append(begin(kind::HELLO), hello),
        Frame::Welcome(welcome) => {
            let wire = WelcomeV1 {
                replica: welcome.replica,
                protocol: welcome.protocol,
                vector: welcome.vector.clone(),
                seq: welcome.yours.seq,
                hash: welcome.yours.hash.0,
            };
            append(begin(kind::WELCOME), &wire)
        }
        Frame::Refused { code, detail } => append(begin(kind::REFUSED), &(code, detail)),
        Frame::Batch(batch) => {
            let wire = BatchV1 {
                origin: batch.origin,
                hash_before: batch.hash_before.0,
                unpacked_bytes: batch.unpacked_bytes,
                packed: &batch.packed,
            };
            append(begin(kind::BATCH), &wire)
        }
        Frame::Ask { origin, after, up_to } => append(begin(kind::ASK), &(origin, after, up_to)),
        Frame::Heartbeat { sent_us, watermark } => {
            append(begin(kind::HEARTBEAT), &(sent_us, watermark))
        }
        Frame::Acknowledge { vector, echo_us } => {
            append(begin(kind::ACKNOWLEDGE), &(vector, echo_us))
        }
        Frame::TableRequest { request, what } => {
            append(begin(kind::TABLE_REQUEST), &(request, what))
        }
        Frame::TableReply { request, reply } => append(begin(kind::TABLE_REPLY), &(request, reply)),
    }?;
    let length = length(out.len() - FRAME_HEADER_BYTES)?;
    let checksum = crc32c::crc32c(&out[FRAME_HEADER_BYTES..]);
    out[..4].copy_from_slice(&length.to_le_bytes());
    out[4..FRAME_HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    Ok(out)
}

/// Decodes the payload that followed `header`.
pub fn decode_frame(header: FrameHeader, payload: &[u8]) -> Result<Frame, FrameError> {
    if crc32c::crc32c(payload) != header.checksum {
        return Err(FrameError::Checksum);
    }
    let [version, kind, body @ ..] = payload else { return Err(DecodeError::EndsEarly.into()) };
    if *version != VERSION {
        let (what, version) = ("frame", *version);
        return Err(DecodeError::UnknownVersion { what, version }.into());
    }
    let frame = match *kind {
        kind::HELLO => Frame::Hello(whole("hello", body)?),
        kind::WELCOME => {
            let wire: WelcomeV1 = whole("welcome", body)?;
            Frame::Welcome(Welcome {
                replica: wire.replica,
                protocol: wire.protocol,
                vector: wire.vector,
                yours: StreamPosition { seq: wire.seq, hash: RunningHash(wire.hash) },
            })
        }
        kind::REFUSED => {
            let (code, detail) = whole("refusal", body)?;
            Frame::Refused { code, detail }
        }
        kind::BATCH => {
            let wire: BatchV1<'_> = whole("batch", body)?;
            Frame::Batch(BatchFrame {
                origin: wire.origin,
                hash_before: RunningHash(wire.hash_before),
                unpacked_bytes: wire.unpacked_bytes,
                packed: wire.packed.to_vec(),
            })
        }
        kind::ASK => {
            let (origin, after, up_to) = whole("ask", body)?;
            Frame::Ask { origin, after, up_to }
        }
        kind::HEARTBEAT => {
            let (sent_us, watermark) = whole("heartbeat", body)?;
            Frame::Heartbeat { sent_us, watermark }
        }
        kind::ACKNOWLEDGE => {
            let (vector, echo_us) = whole("acknowledgement", body)?;
            Frame::Acknowledge { vector, echo_us }
        }
        kind::TABLE_REQUEST => {
            let (request, what) = whole("table request", body)?;
            Frame::TableRequest { request, what }
        }
        kind::TABLE_REPLY => {
            let (request, reply) = whole("table reply", body)?;
            Frame::TableReply { request, reply }
        }
        kind => return Err(DecodeError::UnknownKind { what: "frames", kind }.into()),
    };
    Ok(frame)
}

impl BatchFrame {
    /// Packs the encoded changes of one stream.
    pub fn pack<'a>(
        origin: ReplicaId,
        hash_before: RunningHash,
        changes: impl Iterator<Item = &'a [u8]>,
        compression_level: i32,
    ) -> Result<Self, EncodeError> {
        let mut plain = Vec::new();
        for bytes in changes {
            let length = length(bytes.len())?;
            plain.extend_from_slice(&length.to_le_bytes());
            plain.extend_from_slice(bytes);
        }
        let unpacked_bytes = length(plain.len())?;
        let packed = zstd::bulk::compress(&plain, compression_level)
            .map_err(|_| EncodeError::Compression)?;
        Ok(Self { origin, hash_before, unpacked_bytes, packed })
    }

    /// Unpacks and decodes the changes; never more than `unpacked_bytes_max` in memory.
    pub fn unpack(&self, unpacked_bytes_max: usize) -> Result<Batch, DecodeError> {
        let actual = usize::try_from(self.unpacked_bytes).unwrap_or(usize::MAX);
        if actual > unpacked_bytes_max {
            let (what, max) = ("an unpacked batch", unpacked_bytes_max);
            return Err(DecodeError::TooLarge { what, actual, max });
        }
        let malformed = DecodeError::Malformed { what: "batch" };
        let plain = zstd::bulk::decompress(&self.packed, actual).map_err(|_| malformed.clone())?;
        if plain.len() != actual {
            return Err(malformed);
        }
        let mut changes = Vec::new();
        let mut rest = &*plain;
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk().ok_or(DecodeError::EndsEarly)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let (bytes, after) = after.split_at_checked(length).ok_or(DecodeError::EndsEarly)?;
            let change = crate::decode_change(bytes)?;
            changes.push(SealedChange { change, bytes: bytes.into() });
            rest = after;
        }
        Ok(Batch { origin: self.origin, hash_before: self.hash_before, changes })
    }
}
