//! Where a region stands, as it is written at the head of a journal segment and beside the state.

use tombolo_causality::HybridTimestamp;
use tombolo_replication::Streams;

use crate::envelope::{append, versioned, whole};
use crate::limits::STREAMS_MAX;
use crate::rules::{ascending, at_most};
use crate::wire::StreamV1;
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "region position";

/// Where a region stands: at the head of each journal segment, and beside the state in redb.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RegionPosition {
    /// How far it has come in every stream.
    pub streams: Streams,
    /// The largest stamp it has applied.
    pub stamp_floor: HybridTimestamp,
}

/// Encodes where a region stands. Equal positions have equal bytes.
pub fn encode_position(position: &RegionPosition) -> Result<Vec<u8>, EncodeError> {
    let streams = position.streams.iter().map(|(replica, at)| StreamV1::new(replica, at));
    let streams: Vec<_> = streams.collect();
    at_most("streams of a region", streams.len(), STREAMS_MAX)?;
    append(WHAT, vec![VERSION], &(position.stamp_floor.to_bits(), streams))
}

/// The inverse of [`encode_position`].
pub fn decode_position(bytes: &[u8]) -> Result<RegionPosition, DecodeError> {
    let (stamp, streams): (u64, Vec<StreamV1>) = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    at_most("streams of a region", streams.len(), STREAMS_MAX)?;
    ascending(WHAT, streams.iter().map(|stream| stream.replica))?;
    let streams = streams.iter().map(|stream| (stream.replica, stream.position()));
    let stamp_floor = HybridTimestamp::from_bits(stamp);
    Ok(RegionPosition { streams: streams.collect(), stamp_floor })
}
