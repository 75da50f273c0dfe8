//! What a change does, by kind.

use smallvec::SmallVec;
use tombolo_causality::Dot;
use tombolo_datatypes::Delta;
use tombolo_replication::{Body, ItemDelta, Key, TableId};

use super::delta;
use crate::definition::{decode_consistency, decode_definition, encode_definition};
use crate::envelope::{append, whole};
use crate::members::{decode_members, encode_members};
use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::settled::{decode_settling, encode_settling};
use crate::wire::{ItemDeltaV1, body_kind};
use crate::{DecodeError, EncodeError};

pub(super) fn encode(
    body: &Body,
    replicas: &mut ReplicaTable,
) -> Result<(u8, Vec<u8>), EncodeError> {
    Ok(match body {
        Body::Items(items) => (body_kind::ITEMS, encode_items(items, replicas)?),
        Body::Define(definition) => (body_kind::DEFINE, encode_definition(definition)?),
        Body::Drop(table) => {
            (body_kind::DROP, append("table", Vec::new(), &replicas.dot(table.0)?)?)
        }
        Body::Stub(tables) => {
            let tables = tables.iter().map(|table| replicas.dot(table.0));
            let tables: Vec<_> = tables.collect::<Result<_, _>>()?;
            (body_kind::STUB, append("stub", Vec::new(), &tables)?)
        }
        Body::Members(members) => {
            let wire = encode_members(members, replicas)?;
            (body_kind::MEMBERS, append("members", Vec::new(), &wire)?)
        }
        Body::Alter { table, consistency } => {
            let wire = (replicas.dot(table.0)?, consistency.name());
            (body_kind::ALTER, append("alteration", Vec::new(), &wire)?)
        }
    })
}

pub(super) fn decode(
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
            let tables: Vec<WireDot> = whole("stub", bytes)?;
            Ok(Body::Stub(replicas.dots(&tables)?.into_iter().map(TableId).collect()))
        }
        body_kind::ALTER => {
            let (table, consistency): (WireDot, &str) = whole("alteration", bytes)?;
            let table = TableId(replicas.dot(table)?);
            Ok(Body::Alter { table, consistency: decode_consistency(consistency)? })
        }
        body_kind::MEMBERS => {
            let members = decode_members(whole("members", bytes)?, replicas)?;
            Ok(Body::Members(Box::new(members)))
        }
        kind => Err(DecodeError::UnknownKind { what: "change bodies", kind }),
    }
}

fn encode_items(items: &[ItemDelta], replicas: &mut ReplicaTable) -> Result<Vec<u8>, EncodeError> {
    let bodies = items.iter().map(|item| delta::encode(&item.delta.body, replicas));
    // A change is mostly of one item.
    let bodies: SmallVec<[_; 1]> = bodies.collect::<Result<_, _>>()?;
    let wire = items.iter().zip(&bodies).map(|(item, (kind, body))| {
        let ctx = item.delta.ctx.iter().map(|dot| replicas.dot(*dot));
        let ctx = ctx.collect::<Result<_, _>>()?;
        let table = replicas.dot(item.table.0)?;
        let settling = item.delta.settling.as_deref();
        let settling = settling.map(|settling| encode_settling(settling, replicas)).transpose()?;
        Ok(ItemDeltaV1 { table, key: item.key.as_str(), ctx, kind: *kind, body, settling })
    });
    let wire: SmallVec<[_; 1]> = wire.collect::<Result<_, EncodeError>>()?;
    append("items", Vec::new(), &wire[..])
}

fn decode_item(wire: &ItemDeltaV1<'_>, replicas: Replicas<'_>) -> Result<ItemDelta, DecodeError> {
    let key = Key::new(wire.key).map_err(|_| DecodeError::Malformed { what: "key" })?;
    let body = delta::decode(wire.kind, wire.body, replicas)?;
    let settling = wire.settling.as_ref();
    let settling = settling.map(|settling| decode_settling(settling, replicas)).transpose()?;
    let delta = Delta { ctx: replicas.dots(&wire.ctx)?, body, settling: settling.map(Box::new) };
    Ok(ItemDelta { table: TableId(replicas.dot(wire.table)?), key, delta })
}
