//! The state of one item, as it is stored. Equal states have equal bytes.

use tombolo_causality::{HybridTimestamp, ReplicaId};
use tombolo_datatypes::{CounterState, Entry, ItemState, JsonText, Live, RegisterState, TypeState};

use crate::envelope::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{Flaw, ascending, distinct};
use crate::tallies::{decode_tallies, encode_tallies};
use crate::wire::{CounterRowV1, RowV1, WriteV1, type_kind};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "row";

/// Encodes the state of an item.
pub fn encode_row(state: &ItemState) -> Result<Vec<u8>, EncodeError> {
    let mut replicas = ReplicaTable::default();
    let context = replicas.vector(state.context())?;
    let (kind, body) = match state.value() {
        TypeState::Register(register) => {
            (type_kind::REGISTER, encode_register(register, &mut replicas)?)
        }
        TypeState::Counter(counter) => {
            (type_kind::COUNTER, encode_counter(counter, &mut replicas)?)
        }
    };
    let replicas: Vec<ReplicaId> = replicas.into_replicas();
    append(WHAT, vec![VERSION], &RowV1 { replicas, context, kind, body: &body })
}

/// Decodes the state of an item. That its JSON is JSON, the store's own checksums vouch for.
pub fn decode_row(bytes: &[u8]) -> Result<ItemState, DecodeError> {
    let wire: RowV1<'_> = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas::new(&wire.replicas)?;
    let value = match wire.kind {
        type_kind::REGISTER => TypeState::Register(decode_register(wire.body, replicas)?),
        type_kind::COUNTER => TypeState::Counter(decode_counter(wire.body, replicas)?),
        kind => return Err(DecodeError::UnknownKind { what: "rows", kind }),
    };
    Ok(ItemState::from_parts(replicas.vector(&wire.context)?, value))
}

fn encode_register(
    register: &RegisterState,
    replicas: &mut ReplicaTable,
) -> Result<Vec<u8>, EncodeError> {
    check_live(register.live.iter())?;
    let writes = register.live.iter().map(|write| {
        Ok(WriteV1 {
            dot: replicas.dot(write.dot)?,
            stamp: write.stamp.to_bits(),
            value: write.value.as_ref().map(JsonText::as_str),
        })
    });
    append("register row", Vec::new(), &writes.collect::<Result<Vec<_>, EncodeError>>()?)
}

fn decode_register(bytes: &[u8], replicas: Replicas<'_>) -> Result<RegisterState, DecodeError> {
    let writes: Vec<WriteV1<'_>> = whole("register row", bytes)?;
    let entries = writes.into_iter().map(|write| {
        Ok(Entry {
            dot: replicas.dot(write.dot)?,
            stamp: HybridTimestamp::from_bits(write.stamp),
            value: write.value.map(JsonText::from_checked),
        })
    });
    Ok(RegisterState { live: decode_live(entries.collect::<Result<_, DecodeError>>()?)? })
}

fn encode_counter(
    counter: &CounterState,
    replicas: &mut ReplicaTable,
) -> Result<Vec<u8>, EncodeError> {
    check_live(counter.live.iter())?;
    let totals = encode_tallies(&counter.totals, replicas)?;
    let bases = encode_tallies(&counter.bases, replicas)?;
    let live = counter.live.iter();
    let live = live.map(|entry| Ok((replicas.dot(entry.dot)?, entry.stamp.to_bits())));
    let live = live.collect::<Result<_, EncodeError>>()?;
    append("counter row", Vec::new(), &CounterRowV1 { totals, bases, live })
}

fn decode_counter(bytes: &[u8], replicas: Replicas<'_>) -> Result<CounterState, DecodeError> {
    let row: CounterRowV1 = whole("counter row", bytes)?;
    let entries = row.live.iter().map(|(dot, stamp)| {
        let stamp = HybridTimestamp::from_bits(*stamp);
        Ok(Entry { dot: replicas.dot(*dot)?, stamp, value: () })
    });
    Ok(CounterState {
        totals: decode_tallies(&row.totals, replicas)?,
        bases: decode_tallies(&row.bases, replicas)?,
        live: decode_live(entries.collect::<Result<_, DecodeError>>()?)?,
    })
}

fn decode_live<T: Clone>(entries: Vec<Entry<T>>) -> Result<Live<T>, DecodeError> {
    check_live(entries.iter())?;
    Ok(Live::from_entries(entries))
}

/// Live entries are in (stamp, dot) order, and a change makes at most one of them.
fn check_live<'a, T: 'a>(entries: impl Iterator<Item = &'a Entry<T>>) -> Result<(), Flaw> {
    let names: Vec<_> = entries.map(|entry| (entry.stamp, entry.dot)).collect();
    ascending("live entries", &names)?;
    distinct("live entries", names.iter().map(|(_, dot)| dot))
}
