//! Live entries and what names them: (stamp, dot) ascending, no change twice.

use tombolo_causality::HybridTimestamp;
use tombolo_datatypes::{Entry, Live, Written};

use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::rules::{Flaw, ascending, distinct};
use crate::wire::EntryV1;
use crate::{DecodeError, EncodeError};

pub(crate) fn encode_written(
    written: Written,
    replicas: &mut ReplicaTable,
) -> Result<(WireDot, u64), EncodeError> {
    Ok((replicas.dot(written.dot)?, written.stamp.to_bits()))
}

pub(crate) fn decode_written(
    (dot, stamp): (WireDot, u64),
    replicas: Replicas<'_>,
) -> Result<Written, DecodeError> {
    Ok(Written { stamp: HybridTimestamp::from_bits(stamp), dot: replicas.dot(dot)? })
}

pub(crate) fn encode_entry<'a, T, W>(
    entry: &'a Entry<T>,
    replicas: &mut ReplicaTable,
    value: impl FnOnce(&'a T, &mut ReplicaTable) -> Result<W, EncodeError>,
) -> Result<EntryV1<W>, EncodeError> {
    let (dot, stamp) = encode_written(entry.written(), replicas)?;
    Ok((dot, stamp, value(&entry.value, replicas)?))
}

pub(crate) fn decode_entry<T, W>(
    (dot, stamp, wire): EntryV1<W>,
    replicas: Replicas<'_>,
    value: impl FnOnce(W) -> Result<T, DecodeError>,
) -> Result<Entry<T>, DecodeError> {
    Ok(Entry::new(decode_written((dot, stamp), replicas)?, value(wire)?))
}

pub(crate) fn encode_live<'a, T, W>(
    live: &'a Live<T>,
    replicas: &mut ReplicaTable,
    value: impl Fn(&'a T, &mut ReplicaTable) -> Result<W, EncodeError>,
) -> Result<Vec<EntryV1<W>>, EncodeError> {
    check(live.all())?;
    live.all().map(|entry| encode_entry(entry, replicas, &value)).collect()
}

pub(crate) fn decode_live<T, W>(
    wire: Vec<EntryV1<W>>,
    replicas: Replicas<'_>,
    value: impl Fn(W) -> Result<T, DecodeError>,
) -> Result<Live<T>, DecodeError> {
    let entries = wire.into_iter().map(|entry| decode_entry(entry, replicas, &value));
    let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
    check(entries.iter())?;
    Ok(Live::from_entries(entries))
}

/// A change makes at most one entry.
fn check<'a, T: 'a>(entries: impl Iterator<Item = &'a Entry<T>> + Clone) -> Result<(), Flaw> {
    ascending("live entries", entries.clone().map(Entry::written))?;
    distinct("live entries", entries.map(|entry| entry.dot))
}
