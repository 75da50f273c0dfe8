//! What a change does to one item, by data type.

use tombolo_datatypes::{CounterDelta, DeltaBody, JsonText, RegisterDelta, Tally};

use crate::envelope::{append, whole};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::tallies::{decode_tallies, encode_tallies};
use crate::wire::{CounterDeltaV1, type_kind};
use crate::{DecodeError, EncodeError};

const REGISTER: &str = "register delta";
const COUNTER: &str = "counter delta";

pub(super) fn encode(
    body: &DeltaBody,
    replicas: &mut ReplicaTable,
) -> Result<(u8, Vec<u8>), EncodeError> {
    Ok(match body {
        DeltaBody::Register(RegisterDelta(value)) => {
            let wire = value.as_ref().map(JsonText::as_str);
            (type_kind::REGISTER, append(REGISTER, Vec::new(), &wire)?)
        }
        DeltaBody::Counter(delta) => {
            let wire = match delta {
                CounterDelta::Adjusted(Tally { up, down }) => {
                    CounterDeltaV1::Adjusted { up: *up, down: *down }
                }
                CounterDelta::Reset(seen) => CounterDeltaV1::Reset(encode_tallies(seen, replicas)?),
            };
            (type_kind::COUNTER, append(COUNTER, Vec::new(), &wire)?)
        }
    })
}

pub(super) fn decode(
    kind: u8,
    bytes: &[u8],
    replicas: Replicas<'_>,
) -> Result<DeltaBody, DecodeError> {
    match kind {
        type_kind::REGISTER => {
            let value: Option<&str> = whole(REGISTER, bytes)?;
            Ok(DeltaBody::Register(RegisterDelta(value.map(decode_json).transpose()?)))
        }
        type_kind::COUNTER => Ok(DeltaBody::Counter(match whole(COUNTER, bytes)? {
            CounterDeltaV1::Adjusted { up, down } => CounterDelta::Adjusted(Tally { up, down }),
            CounterDeltaV1::Reset(seen) => CounterDelta::Reset(decode_tallies(&seen, replicas)?),
        })),
        kind => Err(DecodeError::UnknownKind { what: "deltas", kind }),
    }
}

/// A peer's JSON is checked as a client's is.
fn decode_json(text: &str) -> Result<JsonText, DecodeError> {
    JsonText::parse(text.as_bytes()).map_err(|_| DecodeError::Malformed { what: "JSON" })
}
