//! The state of one item, as it is stored. Equal states have equal bytes.
//!
//! The second byte says whether the item is contested, so that who replaces a row knows without
//! decoding it what the index of contested items must hear.

use std::collections::BTreeMap;

use tombolo_causality::ReplicaId;
use tombolo_datatypes::{
    CounterState, Element, FlagState, ItemState, JsonText, Presence, RegisterState, SetState,
    TypeState, Write,
};

use crate::change::{decode_element, decode_json};
use crate::envelope::{append, versioned, whole};
use crate::live::{
    decode_entry, decode_live, decode_written, encode_entry, encode_live, encode_written,
};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{ascending, holds};
use crate::settled::{decode_marks, encode_marks};
use crate::tallies::{decode_tallies, encode_tallies};
use crate::wire::{CounterRowV1, EntryV1, RegisterRowV1, RowV1, SetRowV1, WriteV1, type_kind};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "row";
const REGISTER: &str = "register row";
const COUNTER: &str = "counter row";
const SET: &str = "set row";
const FLAG: &str = "flag row";

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
        TypeState::Set(set) => (type_kind::SET, encode_set(set, &mut replicas)?),
        TypeState::Flag(flag) => {
            let live = encode_live(&flag.live, &mut replicas, |value, _| Ok(*value))?;
            (type_kind::FLAG, append(FLAG, Vec::new(), &live)?)
        }
    };
    let marks = encode_marks(state, &mut replicas)?;
    let replicas: Vec<ReplicaId> = replicas.into_replicas();
    let head = vec![VERSION, u8::from(state.is_contested())];
    append(WHAT, head, &RowV1 { replicas, context, kind, body: &body, marks })
}

/// Who vouches for the JSON in a row.
#[derive(Clone, Copy)]
enum Source {
    /// The store's own checksums.
    Store,
    /// Nobody: a peer has sent it.
    Peer,
}

impl Source {
    fn json(self, text: &str) -> Result<JsonText, DecodeError> {
        match self {
            Self::Store => Ok(JsonText::from_checked(text)),
            Self::Peer => decode_json(text),
        }
    }

    fn element(self, text: &str) -> Result<Element, DecodeError> {
        match self {
            Self::Store => Ok(Element::from_checked(text)),
            Self::Peer => decode_element(text),
        }
    }
}

/// Decodes the state of an item. That its JSON is JSON, the store's own checksums vouch for.
pub fn decode_row(bytes: &[u8]) -> Result<ItemState, DecodeError> {
    decode(bytes, Source::Store)
}

/// The same for a row that a peer has sent: its JSON is held to what a client's is.
pub(crate) fn decode_row_of_peer(bytes: &[u8]) -> Result<ItemState, DecodeError> {
    decode(bytes, Source::Peer)
}

fn decode(bytes: &[u8], source: Source) -> Result<ItemState, DecodeError> {
    let flagged = versioned(WHAT, VERSION, bytes)?;
    let (flag, rest) = flagged.split_first().ok_or(DecodeError::EndsEarly)?;
    let wire: RowV1<'_> = whole(WHAT, rest)?;
    let replicas = Replicas::new(&wire.replicas)?;
    let value = match wire.kind {
        type_kind::REGISTER => TypeState::Register(decode_register(wire.body, replicas, source)?),
        type_kind::COUNTER => TypeState::Counter(decode_counter(wire.body, replicas)?),
        type_kind::SET => TypeState::Set(decode_set(wire.body, replicas, source)?),
        type_kind::FLAG => {
            let live: Vec<EntryV1<bool>> = whole(FLAG, wire.body)?;
            TypeState::Flag(FlagState { live: decode_live(live, replicas, Ok)? })
        }
        kind => return Err(DecodeError::UnknownKind { what: "rows", kind }),
    };
    let mut state = ItemState::from_parts(replicas.vector(&wire.context)?, value);
    decode_marks(&wire.marks, &mut state, replicas)?;
    holds(WHAT, *flag == u8::from(state.is_contested()))?;
    Ok(state)
}

/// Whether an encoded row is that of a contested item (see [`ItemState::is_contested`]).
pub fn row_is_contested(bytes: &[u8]) -> bool {
    matches!(bytes, [VERSION, 1, ..])
}

fn encode_register(
    register: &RegisterState,
    replicas: &mut ReplicaTable,
) -> Result<Vec<u8>, EncodeError> {
    let live = encode_live(&register.live, replicas, write_wire)?;
    let kept = register.kept.as_deref();
    holds(REGISTER, kept.is_none_or(|kept| !register.live.holds(&kept.dot)))?;
    let kept = kept.map(|kept| encode_entry(kept, replicas, write_wire)).transpose()?;
    append(REGISTER, Vec::new(), &RegisterRowV1 { live, kept })
}

fn decode_register(
    bytes: &[u8],
    replicas: Replicas<'_>,
    source: Source,
) -> Result<RegisterState, DecodeError> {
    let wire: RegisterRowV1<'_> = whole(REGISTER, bytes)?;
    let write = |wire: WriteV1<'_>| decode_write(&wire, replicas, source);
    let live = decode_live(wire.live, replicas, write)?;
    let kept = wire.kept.map(|kept| decode_entry(kept, replicas, write)).transpose()?;
    holds(REGISTER, kept.as_ref().is_none_or(|kept| !live.holds(&kept.dot)))?;
    Ok(RegisterState { live, kept: kept.map(Box::new) })
}

fn write_wire<'a>(
    write: &'a Write,
    replicas: &mut ReplicaTable,
) -> Result<WriteV1<'a>, EncodeError> {
    Ok(match (&write.value, &write.generation) {
        (None, None) => WriteV1::Deleted,
        (Some(value), None) => WriteV1::Put(value.as_str()),
        (Some(value), Some(generation)) => {
            let (dot, stamp) = encode_written(**generation, replicas)?;
            WriteV1::PutInGeneration(dot, stamp, value.as_str())
        }
        (None, Some(_)) => return Err(EncodeError::Malformed { what: REGISTER }),
    })
}

fn decode_write(
    wire: &WriteV1<'_>,
    replicas: Replicas<'_>,
    source: Source,
) -> Result<Write, DecodeError> {
    let (value, generation) = match *wire {
        WriteV1::Deleted => (None, None),
        WriteV1::Put(value) => (Some(value), None),
        WriteV1::PutInGeneration(dot, stamp, value) => {
            (Some(value), Some(Box::new(decode_written((dot, stamp), replicas)?)))
        }
    };
    Ok(Write { value: value.map(|text| source.json(text)).transpose()?, generation })
}

fn encode_counter(
    counter: &CounterState,
    replicas: &mut ReplicaTable,
) -> Result<Vec<u8>, EncodeError> {
    let totals = encode_tallies(&counter.totals, replicas)?;
    let bases = encode_tallies(&counter.bases, replicas)?;
    let live = encode_live(&counter.live, replicas, |(), _| Ok(()))?;
    append(COUNTER, Vec::new(), &CounterRowV1 { totals, bases, live })
}

fn decode_counter(bytes: &[u8], replicas: Replicas<'_>) -> Result<CounterState, DecodeError> {
    let row: CounterRowV1 = whole(COUNTER, bytes)?;
    Ok(CounterState {
        totals: decode_tallies(&row.totals, replicas)?,
        bases: decode_tallies(&row.bases, replicas)?,
        live: decode_live(row.live, replicas, Ok)?,
    })
}

fn encode_set(set: &SetState, replicas: &mut ReplicaTable) -> Result<Vec<u8>, EncodeError> {
    let elements = set.elements.iter().map(|(element, live)| {
        holds(SET, live.all().len() > 0)?;
        let live = encode_live(live, replicas, |presence, _| Ok(*presence == Presence::Added))?;
        Ok((element.text().as_str(), live))
    });
    let elements = elements.collect::<Result<_, EncodeError>>()?;
    let live = encode_live(&set.live, replicas, |(), _| Ok(()))?;
    append(SET, Vec::new(), &SetRowV1 { elements, live })
}

fn decode_set(
    bytes: &[u8],
    replicas: Replicas<'_>,
    source: Source,
) -> Result<SetState, DecodeError> {
    let row: SetRowV1<'_> = whole(SET, bytes)?;
    let elements = row.elements.into_iter().map(|(element, live)| {
        holds(SET, !live.is_empty())?;
        let presence = |added| Ok(if added { Presence::Added } else { Presence::Removed });
        Ok((source.element(element)?, decode_live(live, replicas, presence)?))
    });
    let elements: Vec<_> = elements.collect::<Result<_, DecodeError>>()?;
    ascending("elements of a set", elements.iter().map(|(element, _)| element))?;
    let live = decode_live(row.live, replicas, Ok)?;
    Ok(SetState { elements: BTreeMap::from_iter(elements), live })
}
