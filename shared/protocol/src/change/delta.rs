//! What a change does to one item, by data type.

use std::collections::BTreeMap;

use tombolo_datatypes::{
    CounterDelta, DeltaBody, Element, FlagDelta, JsonText, Presence, RegisterDelta, SetDelta,
    Tally, Touch, Write,
};

use crate::envelope::{append, whole};
use crate::live::{decode_written, encode_written};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{ascending, holds};
use crate::tallies::{decode_tallies, encode_tallies};
use crate::wire::{CounterDeltaV1, RegisterDeltaV1, SetDeltaV1, TouchV1, type_kind};
use crate::{DecodeError, EncodeError};

const REGISTER: &str = "register delta";
const COUNTER: &str = "counter delta";
const SET: &str = "set delta";
const FLAG: &str = "flag delta";

pub(super) fn encode(
    body: &DeltaBody,
    replicas: &mut ReplicaTable,
) -> Result<(u8, Vec<u8>), EncodeError> {
    Ok(match body {
        DeltaBody::Register(delta) => {
            let wire = register_wire(delta, replicas)?;
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
        DeltaBody::Set(delta) => {
            (type_kind::SET, append(SET, Vec::new(), &set_wire(delta, replicas)?)?)
        }
        DeltaBody::Flag(FlagDelta(to)) => (type_kind::FLAG, append(FLAG, Vec::new(), to)?),
    })
}

pub(super) fn decode(
    kind: u8,
    bytes: &[u8],
    replicas: Replicas<'_>,
) -> Result<DeltaBody, DecodeError> {
    match kind {
        type_kind::REGISTER => Ok(DeltaBody::Register(decode_register(bytes, replicas)?)),
        type_kind::COUNTER => Ok(DeltaBody::Counter(match whole(COUNTER, bytes)? {
            CounterDeltaV1::Adjusted { up, down } => CounterDelta::Adjusted(Tally { up, down }),
            CounterDeltaV1::Reset(seen) => CounterDelta::Reset(decode_tallies(&seen, replicas)?),
        })),
        type_kind::SET => Ok(DeltaBody::Set(decode_set(bytes, replicas)?)),
        type_kind::FLAG => Ok(DeltaBody::Flag(FlagDelta(whole(FLAG, bytes)?))),
        kind => Err(DecodeError::UnknownKind { what: "deltas", kind }),
    }
}

fn register_wire<'a>(
    RegisterDelta(write): &'a RegisterDelta,
    replicas: &mut ReplicaTable,
) -> Result<RegisterDeltaV1<'a>, EncodeError> {
    let Some(Write { value, generation }) = write else { return Ok(RegisterDeltaV1::Nothing) };
    Ok(match (value, generation) {
        (None, None) => RegisterDeltaV1::Deleted,
        (Some(value), None) => RegisterDeltaV1::Put(value.as_str()),
        (Some(value), Some(generation)) => {
            let (dot, stamp) = encode_written(**generation, replicas)?;
            RegisterDeltaV1::PutInGeneration(dot, stamp, value.as_str())
        }
        // A deletion opens a generation and belongs to none.
        (None, Some(_)) => return Err(EncodeError::Malformed { what: REGISTER }),
    })
}

fn decode_register(bytes: &[u8], replicas: Replicas<'_>) -> Result<RegisterDelta, DecodeError> {
    let (value, generation) = match whole(REGISTER, bytes)? {
        RegisterDeltaV1::Nothing => return Ok(RegisterDelta(None)),
        RegisterDeltaV1::Deleted => (None, None),
        RegisterDeltaV1::Put(value) => (Some(decode_json(value)?), None),
        RegisterDeltaV1::PutInGeneration(dot, stamp, value) => {
            let generation = decode_written((dot, stamp), replicas)?;
            (Some(decode_json(value)?), Some(Box::new(generation)))
        }
    };
    Ok(RegisterDelta(Some(Write { value, generation })))
}

fn set_wire<'a>(
    delta: &'a SetDelta,
    replicas: &mut ReplicaTable,
) -> Result<SetDeltaV1<'a>, EncodeError> {
    let touched = delta.touched.iter().map(|(element, touch)| {
        let presence = match touch.presence {
            None => 0,
            Some(Presence::Removed) => 1,
            Some(Presence::Added) => 2,
        };
        let replaced = touch.replaced.iter().map(|dot| replicas.dot(*dot));
        let replaced = replaced.collect::<Result<_, _>>()?;
        Ok(TouchV1 { element: element.text().as_str(), replaced, presence })
    });
    let touched = touched.collect::<Result<_, EncodeError>>()?;
    Ok(SetDeltaV1 { touched, exists: delta.exists })
}

fn decode_set(bytes: &[u8], replicas: Replicas<'_>) -> Result<SetDelta, DecodeError> {
    let SetDeltaV1 { touched, exists } = whole(SET, bytes)?;
    let touched = touched.into_iter().map(|touch| {
        let presence = match touch.presence {
            0 => None,
            1 => Some(Presence::Removed),
            2 => Some(Presence::Added),
            _ => return Err(DecodeError::Malformed { what: SET }),
        };
        let replaced = replicas.dots(&touch.replaced)?;
        Ok((decode_element(touch.element)?, Touch { replaced, presence }))
    });
    let touched: Vec<_> = touched.collect::<Result<_, DecodeError>>()?;
    ascending("elements of a set", touched.iter().map(|(element, _)| element))?;
    Ok(SetDelta { touched: BTreeMap::from_iter(touched), exists })
}

/// A peer's JSON is checked as a client's is.
pub(crate) fn decode_json(text: &str) -> Result<JsonText, DecodeError> {
    JsonText::parse(text.as_bytes()).map_err(|_| DecodeError::Malformed { what: "JSON" })
}

/// An element is a scalar in the one way to write it.
pub(crate) fn decode_element(text: &str) -> Result<Element, DecodeError> {
    let element = Element::new(&decode_json(text)?);
    let element = element.ok_or(DecodeError::Malformed { what: "element" })?;
    holds("element", element.text().as_str() == text)?;
    Ok(element)
}
