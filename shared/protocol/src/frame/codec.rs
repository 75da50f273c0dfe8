//! Frames to bytes and back.

use tombolo_causality::{ReplicaId, VersionVector};
use tombolo_replication::{RunningHash, StreamPosition};

use super::catch_up::{decode_pull, decode_pulled, encode_pull, encode_pulled};
use super::forward::{decode_forward, decode_forwarded, encode_forward, encode_forwarded};
use super::reconcile::{
    decode_compare, decode_compared, decode_offer, decode_offered, encode_compare, encode_compared,
    encode_offer, encode_offered,
};
use super::{BatchFrame, Frame, Hello, Welcome, tables};
use crate::envelope::{append, bytes_of, length, versioned, whole};
use crate::exceptions::{decode_dots, encode_dots};
use crate::limits::HOLDERS_MAX;
use crate::rules::{ascending, at_most};
use crate::vector::{decode_vector, encode_vector};
use crate::wire::{BatchV1, HelloV1, HolderV1, WelcomeV1};
use crate::{DecodeError, EncodeError};

/// The protocol this program speaks.
const VERSION: u8 = 1;

/// The length and the checksum before each frame.
pub const FRAME_HEADER_BYTES: usize = 8;

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
    /// Its header does not fit what follows: damaged, or no frame at all.
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
        let payload_bytes = bytes_of(u32::from_le_bytes([l0, l1, l2, l3]));
        at_most("bytes of a frame", payload_bytes, payload_bytes_max)?;
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
    pub(super) const FORWARD: u8 = 10;
    pub(super) const FORWARDED: u8 = 11;
    pub(super) const COMPARE: u8 = 12;
    pub(super) const COMPARED: u8 = 13;
    pub(super) const OFFER: u8 = 14;
    pub(super) const OFFERED: u8 = 15;
    pub(super) const PULL: u8 = 16;
    pub(super) const PULLED: u8 = 17;
    pub(super) const OUT_OF_LOG: u8 = 18;
    pub(super) const SET_ASIDE: u8 = 19;
    pub(super) const ASK_HISTORY: u8 = 20;
    pub(super) const HISTORY: u8 = 21;
    pub(super) const MEMBER_REQUEST: u8 = 28;
    pub(super) const MEMBER_REPLY: u8 = 29;
}

/// Encodes a frame with its header.
pub fn encode_frame(frame: &Frame) -> Result<Vec<u8>, EncodeError> {
    let begin = |kind: u8| {
        let mut out = vec![0; FRAME_HEADER_BYTES];
        out.extend_from_slice(&[VERSION, kind]);
        out
    };
    let mut out = match frame {
        Frame::Hello(hello) => append("hello", begin(kind::HELLO), &encode_hello(hello)?),
        Frame::Welcome(welcome) => {
            append("welcome", begin(kind::WELCOME), &encode_welcome(welcome)?)
        }
        Frame::Refused { code, detail } => append("refusal", begin(kind::REFUSED), &(code, detail)),
        Frame::Batch(batch) => {
            let wire = BatchV1 {
                origin: batch.origin,
                hash_before: batch.hash_before.0,
                unpacked_bytes: batch.unpacked_bytes,
                packed: &batch.packed,
            };
            append("batch", begin(kind::BATCH), &wire)
        }
        Frame::Ask { origin, after, up_to } => {
            append("ask", begin(kind::ASK), &(origin, after, up_to))
        }
        Frame::Heartbeat { sent_us, watermark, others } => {
            let wire = (sent_us, encode_vector(watermark)?, encode_holders(others)?);
            append("heartbeat", begin(kind::HEARTBEAT), &wire)
        }
        Frame::Acknowledge { vector, echo } => {
            let wire = (encode_vector(vector)?, echo);
            append("acknowledgement", begin(kind::ACKNOWLEDGE), &wire)
        }
        Frame::TableRequest { request, what } => {
            append("table request", begin(kind::TABLE_REQUEST), &(request, tables::encode(what)?))
        }
        Frame::TableReply { request, reply } => {
            append("table reply", begin(kind::TABLE_REPLY), &(request, reply))
        }
        Frame::Forward(forward) => {
            append("forwarded request", begin(kind::FORWARD), &encode_forward(forward)?)
        }
        Frame::Forwarded(answer) => {
            append("forwarded answer", begin(kind::FORWARDED), &encode_forwarded(answer)?)
        }
        Frame::Compare(compare) => encode_compare(begin(kind::COMPARE), compare),
        Frame::Compared(compared) => encode_compared(begin(kind::COMPARED), compared),
        Frame::Offer(offer) => encode_offer(begin(kind::OFFER), offer),
        Frame::Offered(offered) => encode_offered(begin(kind::OFFERED), offered),
        Frame::Pull(pull) => encode_pull(begin(kind::PULL), pull),
        Frame::Pulled(pulled) => encode_pulled(begin(kind::PULLED), pulled),
        Frame::OutOfLog { origin, after } => {
            append("end of a log", begin(kind::OUT_OF_LOG), &(origin, after))
        }
        Frame::MemberRequest { request, what } => {
            append("member request", begin(kind::MEMBER_REQUEST), &(request, what))
        }
        Frame::MemberReply { request, reply } => {
            append("member reply", begin(kind::MEMBER_REPLY), &(request, reply))
        }
        Frame::SetAside { dots } => {
            append("exceptions", begin(kind::SET_ASIDE), &encode_dots(dots)?)
        }
        Frame::AskHistory { origin, seq } => {
            append("question of history", begin(kind::ASK_HISTORY), &(origin, seq))
        }
        Frame::History { seq, hash } => {
            append("history", begin(kind::HISTORY), &(seq, hash.map(|hash| hash.0)))
        }
    }?;
    let (header, payload) = out.split_at_mut(FRAME_HEADER_BYTES);
    header[..4].copy_from_slice(&length("a frame", payload.len())?.to_le_bytes());
    header[4..].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    Ok(out)
}

/// Decodes the payload that followed `header`.
pub fn decode_frame(header: FrameHeader, payload: &[u8]) -> Result<Frame, FrameError> {
    if payload.len() != header.payload_bytes || crc32c::crc32c(payload) != header.checksum {
        return Err(FrameError::Checksum);
    }
    let content = versioned("frame", VERSION, payload)?;
    let (kind, body) = content.split_first().ok_or(DecodeError::EndsEarly)?;
    Ok(decode_content(*kind, body)?)
}

fn decode_content(kind: u8, body: &[u8]) -> Result<Frame, DecodeError> {
    Ok(match kind {
        kind::HELLO => Frame::Hello(decode_hello(whole("hello", body)?)?),
        kind::WELCOME => Frame::Welcome(decode_welcome(whole("welcome", body)?)?),
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
            let (sent_us, watermark, others) = whole("heartbeat", body)?;
            let (watermark, others) = (decode_vector(watermark)?, decode_holders(others)?);
            Frame::Heartbeat { sent_us, watermark, others }
        }
        kind::ACKNOWLEDGE => {
            let (vector, echo) = whole("acknowledgement", body)?;
            Frame::Acknowledge { vector: decode_vector(vector)?, echo }
        }
        kind::TABLE_REQUEST => {
            let (request, what) = whole("table request", body)?;
            Frame::TableRequest { request, what: tables::decode(what)? }
        }
        kind::TABLE_REPLY => {
            let (request, reply) = whole("table reply", body)?;
            Frame::TableReply { request, reply }
        }
        kind::FORWARD => Frame::Forward(decode_forward(&whole("forwarded request", body)?)?),
        kind::FORWARDED => Frame::Forwarded(decode_forwarded(&whole("forwarded answer", body)?)?),
        kind::COMPARE => Frame::Compare(decode_compare(body)?),
        kind::COMPARED => Frame::Compared(decode_compared(body)?),
        kind::OFFER => Frame::Offer(decode_offer(body)?),
        kind::OFFERED => Frame::Offered(decode_offered(body)?),
        kind::PULL => Frame::Pull(decode_pull(body)?),
        kind::PULLED => Frame::Pulled(decode_pulled(body)?),
        kind::OUT_OF_LOG => {
            let (origin, after) = whole("end of a log", body)?;
            Frame::OutOfLog { origin, after }
        }
        kind::SET_ASIDE => Frame::SetAside { dots: decode_dots(&whole("exceptions", body)?)? },
        kind::ASK_HISTORY => {
            let (origin, seq) = whole("question of history", body)?;
            Frame::AskHistory { origin, seq }
        }
        kind::HISTORY => {
            let (seq, hash): (_, Option<[u8; 16]>) = whole("history", body)?;
            Frame::History { seq, hash: hash.map(RunningHash) }
        }
        kind::MEMBER_REQUEST => {
            let (request, what) = whole("member request", body)?;
            Frame::MemberRequest { request, what }
        }
        kind::MEMBER_REPLY => {
            let (request, reply) = whole("member reply", body)?;
            Frame::MemberReply { request, reply }
        }
        kind => return Err(DecodeError::UnknownKind { what: "frames", kind }),
    })
}

fn encode_hello(hello: &Hello) -> Result<HelloV1<'_>, EncodeError> {
    Ok(HelloV1 {
        cluster: &hello.cluster,
        region: hello.region,
        replica: hello.replica,
        protocol_min: hello.protocol_min,
        protocol_max: hello.protocol_max,
        vector: encode_vector(&hello.vector)?,
        purpose: hello.purpose,
    })
}

fn decode_hello(wire: HelloV1<'_>) -> Result<Hello, DecodeError> {
    Ok(Hello {
        cluster: wire.cluster.to_owned(),
        region: wire.region,
        replica: wire.replica,
        protocol_min: wire.protocol_min,
        protocol_max: wire.protocol_max,
        vector: decode_vector(wire.vector)?,
        purpose: wire.purpose,
    })
}

fn encode_welcome(welcome: &Welcome) -> Result<WelcomeV1, EncodeError> {
    Ok(WelcomeV1 {
        replica: welcome.replica,
        protocol: welcome.protocol,
        vector: encode_vector(&welcome.vector)?,
        seq: welcome.yours.seq,
        hash: welcome.yours.hash.0,
    })
}

fn decode_welcome(wire: WelcomeV1) -> Result<Welcome, DecodeError> {
    Ok(Welcome {
        replica: wire.replica,
        protocol: wire.protocol,
        vector: decode_vector(wire.vector)?,
        yours: StreamPosition { seq: wire.seq, hash: RunningHash(wire.hash) },
    })
}

fn encode_holders(others: &[(ReplicaId, VersionVector)]) -> Result<Vec<HolderV1>, EncodeError> {
    at_most("peers that a heartbeat tells of", others.len(), HOLDERS_MAX)?;
    ascending("heartbeat", others.iter().map(|(holder, _)| holder))?;
    others.iter().map(|(holder, vector)| Ok((*holder, encode_vector(vector)?))).collect()
}

fn decode_holders(others: Vec<HolderV1>) -> Result<Vec<(ReplicaId, VersionVector)>, DecodeError> {
    at_most("peers that a heartbeat tells of", others.len(), HOLDERS_MAX)?;
    ascending("heartbeat", others.iter().map(|(holder, _)| holder))?;
    others.into_iter().map(|(holder, vector)| Ok((holder, decode_vector(vector)?))).collect()
}
