//! The answer to a named request as the state keeps it, with the change that did it.

use serde::{Deserialize, Serialize};
use tombolo_causality::{HybridTimestamp, ReplicaId};
use tombolo_replication::idempotency::KeptRecord;

use crate::change::idempotency;
use crate::envelope::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::wire::IdempotencyV1;
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "request record";

#[derive(Serialize, Deserialize)]
struct KeptRecordV1<'a> {
    replicas: Vec<ReplicaId>,
    dot: WireDot,
    stamp: u64,
    #[serde(borrow)]
    record: IdempotencyV1<'a>,
}

/// Encodes the record of a named request.
pub fn encode_kept_record(kept: &KeptRecord) -> Result<Vec<u8>, EncodeError> {
    let mut replicas = ReplicaTable::default();
    let dot = replicas.dot(kept.dot)?;
    let record = idempotency::encode(&kept.record, &mut replicas)?;
    let (replicas, stamp) = (replicas.into_replicas(), kept.stamp.to_bits());
    append(WHAT, vec![VERSION], &KeptRecordV1 { replicas, dot, stamp, record })
}

/// Decodes the record of a named request.
pub fn decode_kept_record(bytes: &[u8]) -> Result<KeptRecord, DecodeError> {
    let wire: KeptRecordV1<'_> = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas::new(&wire.replicas)?;
    Ok(KeptRecord {
        record: idempotency::decode(&wire.record, replicas)?,
        dot: replicas.dot(wire.dot)?,
        stamp: HybridTimestamp::from_bits(wire.stamp),
    })
}
