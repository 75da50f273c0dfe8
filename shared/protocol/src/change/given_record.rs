//! The record of a conflict, as it was answered to the named request that settled it.
//!
//! What stands where a write was restored has its value, which is then written once: so a change
//! holds no more than two values, whatever it does.

use tombolo_datatypes::JsonText;
use tombolo_replication::idempotency::GivenRecord;
use tombolo_replication::{ConflictRecord, ItemKey, Key, RecordedWrite, TableId};
use tombolo_resolvers::Reason;

use super::delta::{decode_element, decode_json};
use crate::live::{decode_written, encode_written};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::settled::{number, outcome};
use crate::wire::{GivenRecordV1, RecordedValueV1};
use crate::{DecodeError, EncodeError};

pub(super) fn encode<'a>(
    GivenRecord { item, record }: &'a GivenRecord,
    replicas: &mut ReplicaTable,
) -> Result<GivenRecordV1<'a>, EncodeError> {
    let json = |value: Option<&'a JsonText>| {
        value.map_or(RecordedValueV1::Removed, |value| RecordedValueV1::Json(value.as_str()))
    };
    let (lost, kept) = (&record.lost, &record.kept);
    let table = replicas.dot(item.table.0)?;
    let (lost_dot, lost_stamp) = encode_written(lost.written, replicas)?;
    let (kept_dot, kept_stamp) = encode_written(kept.written, replicas)?;
    let kept_value =
        if kept.value == lost.value { RecordedValueV1::AsLost } else { json(kept.value.as_ref()) };
    Ok(GivenRecordV1 {
        table,
        key: item.key.as_str(),
        element: record.element.as_ref().map(|element| element.text().as_str()),
        lost: (lost_dot, lost_stamp, json(lost.value.as_ref())),
        kept: (kept_dot, kept_stamp, kept_value),
        resolver: record.resolver.name(),
        reason: record.reason.name(),
        outcome: number(record.outcome),
    })
}

pub(super) fn decode(
    wire: &GivenRecordV1<'_>,
    replicas: Replicas<'_>,
) -> Result<GivenRecord, DecodeError> {
    let value = |wire: &RecordedValueV1<'_>, lost: Option<&JsonText>| match wire {
        RecordedValueV1::Removed => Ok(None),
        RecordedValueV1::Json(text) => decode_json(text).map(Some),
        RecordedValueV1::AsLost => Ok(lost.cloned()),
    };
    let (lost_dot, lost_stamp, lost_value) = &wire.lost;
    let (kept_dot, kept_stamp, kept_value) = &wire.kept;
    let lost = RecordedWrite {
        value: value(lost_value, None)?,
        written: decode_written((*lost_dot, *lost_stamp), replicas)?,
    };
    let kept = RecordedWrite {
        value: value(kept_value, lost.value.as_ref())?,
        written: decode_written((*kept_dot, *kept_stamp), replicas)?,
    };
    let key = Key::new(wire.key).map_err(|_| DecodeError::Malformed { what: "key" })?;
    let item = ItemKey { table: TableId(replicas.dot(wire.table)?), key };
    let element = wire.element.map(decode_element).transpose()?;
    let unknown = |what| DecodeError::UnknownName { what };
    let resolver = wire.resolver.parse().map_err(|_| unknown("the resolver of a conflict"))?;
    let reason = Reason::ALL.into_iter().find(|reason| reason.name() == wire.reason);
    let reason = reason.ok_or(unknown("the reason of a conflict"))?;
    let why = (reason, outcome(wire.outcome)?);
    let record =
        ConflictRecord::new((&item.table, &item.key), element, (lost, kept), resolver, why);
    Ok(GivenRecord { item, record })
}
