//! The state of one item, as it is stored. Equal states have equal bytes.

use tombolo_causality::{HybridTimestamp, ReplicaId};
use tombolo_datatypes::{CounterState, Entry, ItemState, JsonText, Live, RegisterState, TypeState};

use crate::change::{decode_tallies, encode_tallies};
use crate::error::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::wire::{CounterRowV1, RowV1, WriteV1, type_kind};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "row";

/// Encodes the state of an item.
pub fn encode_row(state: &ItemState) -> Result<Vec<u8>, EncodeError> {
    let mut replicas = ReplicaTable::default();
    let context = replicas.vector(state.context());
    let (kind, body) = match state.value() {
        TypeState::Register(register) => {
            let writes: Vec<_> = register
                .live
                .iter()
                .map(|write| WriteV1 {
                    dot: replicas.dot(write.dot),
                    stamp: write.stamp.to_bits(),
                    value: write.value.as_ref().map(JsonText::as_str),
                })
                .collect();
            (type_kind::REGISTER, append(Vec::new(), &writes)?)
        }
        TypeState::Counter(counter) => {
            let live = counter.live.iter();
            let wire = CounterRowV1 {
                totals: encode_tallies(&counter.totals, &mut replicas),
                bases: encode_tallies(&counter.bases, &mut replicas),
                live: live.map(|e| (replicas.dot(e.dot), e.stamp.to_bits())).collect(),
            };
            (type_kind::COUNTER, append(Vec::new(), &wire)?)
        }
    };
    let replicas: Vec<ReplicaId> = replicas.into_replicas();
    append(vec![VERSION], &RowV1 { replicas, context, kind, body: &body })
}

/// Decodes the state of an item. The store's own checksums vouch for the bytes.
pub fn decode_row(bytes: &[u8]) -> Result<ItemState, DecodeError> {
    let wire: RowV1<'_> = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas(&wire.replicas);
    let value = match wire.kind {
        type_kind::REGISTER => {
            let writes: Vec<WriteV1<'_>> = whole("register row", wire.body)?;
            let entries = writes.into_iter().map(|write| {
                Ok(Entry {
                    dot: replicas.dot(write.dot)?,
                    stamp: HybridTimestamp::from_bits(write.stamp),
                    value: write.value.map(JsonText::from_checked),
                })
            });
            let live = Live::from_entries(entries.collect::<Result<_, _>>()?);
            TypeState::Register(RegisterState { live })
        }
        type_kind::COUNTER => {
            let row: CounterRowV1 = whole("counter row", wire.body)?;
            let entries = row.live.iter().map(|(dot, stamp)| {
                let stamp = HybridTimestamp::from_bits(*stamp);
                Ok(Entry { dot: replicas.dot(*dot)?, stamp, value: () })
            });
            TypeState::Counter(CounterState {
                totals: decode_tallies(&row.totals, replicas)?,
                bases: decode_tallies(&row.bases, replicas)?,
                live: Live::from_entries(entries.collect::<Result<_, _>>()?),
            })
        }
        kind => return Err(DecodeError::UnknownKind { what: "rows", kind }),
    };
    Ok(ItemState::from_parts(replicas.vector(&wire.context)?, value))
}
