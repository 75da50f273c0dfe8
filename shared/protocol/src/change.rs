//! Changes: encoded once by their author, carried verbatim ever after.

mod body;
pub(crate) mod delta;
mod given_record;
pub(crate) mod idempotency;

pub(crate) use self::delta::{decode_element, decode_json};

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId};
use tombolo_datatypes::{Delta, DeltaBody};
use tombolo_replication::{Body, Change, SealedChange, SpanContext, TableId};

use crate::envelope::{append, take, versioned, whole};
use crate::limits::{ITEMS_MAX, REPLACED_MAX};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{Flaw, ascending, at_most, distinct, holds};
use crate::settled::check_settling;
use crate::wire::ChangeV1;
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "change";

/// Encodes `change`, once and for all.
///
/// Refuses what [`decode_change`] would: then nothing may be written.
pub fn seal(change: Change) -> Result<SealedChange, EncodeError> {
    check(&change)?;
    let mut replicas = ReplicaTable::default();
    replicas.index(change.dot.replica)?;
    let deps = replicas.vector(&change.deps)?;
    let cut = replicas.vector(&change.cut)?;
    let (body_kind, body) = body::encode(&change.body, &mut replicas)?;
    let idempotency = change.idempotency.as_ref();
    let idempotency = idempotency.map(|record| idempotency::encode(record, &mut replicas));
    let wire = ChangeV1 {
        seq: change.dot.seq,
        replicas: replicas.into_replicas(),
        stamp: change.stamp.to_bits(),
        deps,
        cut,
        body_kind,
        body: &body,
        idempotency: idempotency.transpose()?,
        span: change.span.map(|SpanContext { trace, span }| (trace, span)),
    };
    let mut out = Vec::with_capacity(body.len() + 128);
    out.push(VERSION);
    let bytes = append(WHAT, out, &wire)?.into();
    Ok(SealedChange { change, bytes })
}

/// Decodes a change that was encoded by [`seal`], here or elsewhere.
pub fn decode_change(bytes: &[u8]) -> Result<Change, DecodeError> {
    let wire: ChangeV1<'_> = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas::new(&wire.replicas)?;
    let dot = replicas.dot((0, wire.seq))?;
    let change = Change {
        dot,
        stamp: HybridTimestamp::from_bits(wire.stamp),
        deps: Arc::new(replicas.vector(&wire.deps)?),
        cut: Arc::new(replicas.vector(&wire.cut)?),
        body: body::decode(wire.body_kind, wire.body, dot, replicas)?,
        idempotency: wire
            .idempotency
            .map(|record| idempotency::decode(&record, replicas))
            .transpose()?,
        span: wire.span.map(|(trace, span)| SpanContext { trace, span }),
    };
    check(&change)?;
    Ok(change)
}

/// Only the name of an encoded change, without decoding the rest.
pub fn change_dot(bytes: &[u8]) -> Result<Dot, DecodeError> {
    let (seq, rest) = take::<u64>(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let (replicas, rest) = take::<u64>(WHAT, rest)?;
    holds(WHAT, seq > 0 && replicas > 0)?;
    let (author, _) = take::<ReplicaId>(WHAT, rest)?;
    Ok(Dot::new(author, seq))
}

/// What the types do not promise of a change. Dots and vectors are checked where they are written.
fn check(change: &Change) -> Result<(), Flaw> {
    match &change.body {
        Body::Items(items) => {
            at_most("items of a change", items.len(), ITEMS_MAX)?;
            distinct("items of a change", items.iter().map(|item| (item.table, &item.key)))?;
            items.iter().try_for_each(|item| {
                check_replaced(&item.delta)?;
                check_settling(&item.delta)
            })
        }
        Body::Define(definition) => {
            let is_its_own = definition.id == TableId(change.dot) && definition.altered.is_none();
            holds("definition", is_its_own)
        }
        Body::Drop(_) | Body::Alter { .. } | Body::Members(_) => Ok(()),
        Body::Stub(tables) => at_most("tables of a stub", tables.len(), ITEMS_MAX),
    }
}

fn check_replaced(delta: &Delta) -> Result<(), Flaw> {
    let touched = match &delta.body {
        DeltaBody::Set(set) => Some(set.touched.values()),
        _ => None,
    };
    let touched = touched.into_iter().flatten().map(|touch| &touch.replaced);
    touched.chain([&delta.ctx]).try_for_each(|replaced| {
        at_most("replaced dots of a delta", replaced.len(), REPLACED_MAX)?;
        ascending("replaced dots of a delta", replaced)
    })
}
