//! Changes: encoded once by their author, carried verbatim ever after.

use std::collections::BTreeMap;
use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp};
use tombolo_datatypes::{CounterDelta, Delta, DeltaBody, JsonText, RegisterDelta, Tally};
use tombolo_replication::{
    Body, Change, IdempotencyRecord, ItemDelta, Key, SealedChange, Strategy, TableDefinition,
    TableId, TableName, TableShape,
};

use crate::error::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::wire::{
    ChangeV1, CounterDeltaV1, DefinitionV1, IdempotencyV1, ItemDeltaV1, TallyV1, body_kind,
    type_kind,
};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "change";

/// Encodes `change`, once and for all.
pub fn seal(change: Change) -> Result<SealedChange, EncodeError> {
    let mut replicas = ReplicaTable::default();
    replicas.index(change.dot.replica);
    let deps = replicas.vector(&change.deps);
    let cut = replicas.vector(&change.cut);
    let (body_kind, body) = encode_body(&change.body, &mut replicas)?;
    let idempotency = change.idempotency.as_ref().map(|record| IdempotencyV1 {
        key: &record.key,
        request_hash: record.request_hash,
        answer: &record.answer,
    });
    let wire = ChangeV1 {
        seq: change.dot.seq,
        replicas: replicas.into_replicas(),
        stamp: change.stamp.to_bits(),
        deps,
        cut,
        body_kind,
        body: &body,
        idempotency,
    };
    let mut out = Vec::with_capacity(body.len() + 128);
    out.push(VERSION);
    let bytes = append(out, &wire)?.into();
    Ok(SealedChange { change, bytes })
}

/// Decodes a change that was encoded by [`seal`], here or elsewhere.
pub fn decode_change(bytes: &[u8]) -> Result<Change, DecodeError> {
    let wire: ChangeV1<'_> = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas(&wire.replicas);
    let dot = replicas.dot((0, wire.seq))?;
    Ok(Change {
        dot,
        stamp: HybridTimestamp::from_bits(wire.stamp),
        deps: Arc::new(replicas.vector(&wire.deps)?),
        cut: Arc::new(replicas.vector(&wire.cut)?),
        body: decode_body(wire.body_kind, wire.body, dot, replicas)?,
        idempotency: wire.idempotency.map(|record| IdempotencyRecord {
            key: record.key.to_owned(),
            request_hash: record.request_hash,
            answer: record.answer.to_vec(),
        }),
    })
}

/// Only the name of an encoded change, without decoding the rest.
pub fn change_dot(bytes: &[u8]) -> Result<Dot, DecodeError> {
    let bytes = versioned(WHAT, VERSION, bytes)?;
    let malformed = |_| DecodeError::Malformed { what: WHAT };
    let (seq, rest) = postcard::take_from_bytes::<u64>(bytes).map_err(malformed)?;
    let (replicas, rest) = postcard::take_from_bytes::<u64>(rest).map_err(malformed)?;
    if replicas == 0 {
        return Err(DecodeError::Malformed { what: WHAT });
    }
    let (author, _) = postcard::take_from_bytes(rest).map_err(malformed)?;
    Ok(Dot::new(author, seq))
}

fn encode_body(body: &Body, replicas: &mut ReplicaTable) -> Result<(u8, Vec<u8>), EncodeError> {
    Ok(match body {
        Body::Items(items) => {
            let bodies = items.iter().map(|item| encode_delta(&item.delta.body, replicas));
            let bodies: Vec<_> = bodies.collect::<Result<_, _>>()?;
            let wire: Vec<_> = items
                .iter()
                .zip(&bodies)
                .map(|(item, (kind, body))| ItemDeltaV1 {
                    table: replicas.dot(item.table.0),
                    key: item.key.as_str(),
                    ctx: item.delta.ctx.iter().map(|dot| replicas.dot(*dot)).collect(),
                    kind: *kind,
                    body,
                })
                .collect();
            (body_kind::ITEMS, append(Vec::new(), &wire)?)
        }
        Body::Define(definition) => (body_kind::DEFINE, encode_definition(definition)?),
        Body::Drop(table) => (body_kind::DROP, append(Vec::new(), &replicas.dot(table.0))?),
        Body::Stub(tables) => {
            let wire: Vec<_> = tables.iter().map(|table| replicas.dot(table.0)).collect();
            (body_kind::STUB, append(Vec::new(), &wire)?)
        }
    })
}

pub(crate) fn encode_definition(definition: &TableDefinition) -> Result<Vec<u8>, EncodeError> {
    let wire = DefinitionV1 {
        name: definition.name.as_str(),
        data_type: definition.shape.data_type.name(),
        resolver: definition.shape.resolver.name(),
        strategy: definition.shape.strategy.mode(),
        regions: Vec::new(),
    };
    append(Vec::new(), &wire)
}

fn encode_delta(
    body: &DeltaBody,
    replicas: &mut ReplicaTable,
) -> Result<(u8, Vec<u8>), EncodeError> {
    Ok(match body {
        DeltaBody::Register(RegisterDelta(value)) => {
            let wire = value.as_ref().map(JsonText::as_str);
            (type_kind::REGISTER, append(Vec::new(), &wire)?)
        }
        DeltaBody::Counter(delta) => {
            let wire = match delta {
                CounterDelta::Adjusted(Tally { up, down }) => {
                    CounterDeltaV1::Adjusted { up: *up, down: *down }
                }
                CounterDelta::Reset(seen) => CounterDeltaV1::Reset(encode_tallies(seen, replicas)),
            };
            (type_kind::COUNTER, append(Vec::new(), &wire)?)
        }
    })
}

fn decode_body(
    kind: u8,
    bytes: &[u8],
    dot: Dot,
    replicas: Replicas<'_>,
) -> Result<Body, DecodeError> {
    match kind {
        body_kind::ITEMS => {
            let wire: Vec<ItemDeltaV1<'_>> = whole("items", bytes)?;
            let items = wire.into_iter().map(|item| decode_item(&item, replicas));
            Ok(Body::Items(items.collect::<Result<_, _>>()?))
        }
        body_kind::DEFINE => decode_definition(bytes, dot).map(Body::Define),
        body_kind::DROP => Ok(Body::Drop(TableId(replicas.dot(whole("table", bytes)?)?))),
        body_kind::STUB => {
            let tables: Vec<_> = whole("stub", bytes)?;
            Ok(Body::Stub(replicas.dots(&tables)?.into_iter().map(TableId).collect()))
        }
        kind => Err(DecodeError::UnknownKind { what: "change bodies", kind }),
    }
}

fn decode_item(wire: &ItemDeltaV1<'_>, replicas: Replicas<'_>) -> Result<ItemDelta, DecodeError> {
    let key = Key::new(wire.key).map_err(|_| DecodeError::Malformed { what: "key" })?;
    let body = match wire.kind {
        type_kind::REGISTER => {
            let value: Option<&str> = whole("register delta", wire.body)?;
            let value = value.map(decode_json).transpose()?;
            DeltaBody::Register(RegisterDelta(value))
        }
        type_kind::COUNTER => DeltaBody::Counter(match whole("counter delta", wire.body)? {
            CounterDeltaV1::Adjusted { up, down } => CounterDelta::Adjusted(Tally { up, down }),
            CounterDeltaV1::Reset(seen) => CounterDelta::Reset(decode_tallies(&seen, replicas)?),
        }),
        kind => return Err(DecodeError::UnknownKind { what: "deltas", kind }),
    };
    let delta = Delta { ctx: replicas.dots(&wire.ctx)?, body };
    Ok(ItemDelta { table: TableId(replicas.dot(wire.table)?), key, delta })
}

/// A peer's JSON is checked as a client's is.
fn decode_json(text: &str) -> Result<JsonText, DecodeError> {
    JsonText::parse(text.as_bytes()).map_err(|_| DecodeError::Malformed { what: "JSON" })
}

pub(crate) fn decode_definition(bytes: &[u8], dot: Dot) -> Result<TableDefinition, DecodeError> {
    let wire: DefinitionV1<'_> = whole("definition", bytes)?;
    let malformed = DecodeError::Malformed { what: "definition" };
    let known = wire.strategy == Strategy::MultiLeader.mode() && wire.regions.is_empty();
    let name = TableName::new(wire.name).map_err(|_| malformed.clone())?;
    let data_type = wire.data_type.parse().map_err(|()| malformed.clone())?;
    let resolver = wire.resolver.parse().map_err(|_| malformed.clone())?;
    if !known {
        return Err(malformed);
    }
    let shape = TableShape { data_type, resolver, strategy: Strategy::MultiLeader };
    Ok(TableDefinition { id: TableId(dot), name, shape })
}

pub(crate) fn encode_tallies(
    tallies: &BTreeMap<tombolo_causality::ReplicaId, Tally>,
    replicas: &mut ReplicaTable,
) -> Vec<TallyV1> {
    let entries = tallies.iter();
    entries
        .map(|(replica, tally)| TallyV1 {
            replica: replicas.index(*replica),
            up: tally.up,
            down: tally.down,
        })
        .collect()
}

pub(crate) fn decode_tallies(
    tallies: &[TallyV1],
    replicas: Replicas<'_>,
) -> Result<BTreeMap<tombolo_causality::ReplicaId, Tally>, DecodeError> {
    let entries = tallies.iter();
    entries.map(|t| Ok((replicas.get(t.replica)?, Tally { up: t.up, down: t.down }))).collect()
}
