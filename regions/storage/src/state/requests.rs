//! The answers to named requests, by the time at which they were given.

use core::ops::Bound;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use tombolo_causality::HybridTimestamp;
use tombolo_protocol::{decode_kept_record, encode_kept_record};
use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::idempotency::KeptRecord;

use crate::StorageError;

/// By stamp, big-endian, then name.
const REQUESTS: TableDefinition<'static, &[u8; KEY_BYTES], &[u8]> =
    TableDefinition::new("requests");

const KEY_BYTES: usize = 24;

/// Adds records, and removes those that were given before `oldest_ms`.
pub(super) fn write(
    transaction: &WriteTransaction,
    records: &[KeptRecord],
    oldest_ms: u64,
) -> Result<(), StorageError> {
    let mut requests = transaction.open_table(REQUESTS)?;
    let oldest = key(HybridTimestamp::new(oldest_ms, 0), [0; 16]);
    requests.retain_in::<&[u8; KEY_BYTES], _>(..&oldest, |_, _| false)?;
    for kept in records {
        let key = key(kept.stamp, kept.record.request.name.0);
        requests.insert(&key, &*encode_kept_record(kept)?)?;
    }
    Ok(())
}

/// All records, the earliest first.
pub(super) fn read(transaction: &ReadTransaction) -> Result<Vec<KeptRecord>, StorageError> {
    let requests = match transaction.open_table(REQUESTS) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        requests => requests?,
    };
    requests.iter()?.map(|entry| decode(entry?.1.value())).collect()
}

/// An immutable state of the records.
pub(super) type Records = ReadOnlyTable<&'static [u8; KEY_BYTES], &'static [u8]>;

/// The records as `transaction` sees them; nothing where there never were any.
pub(super) fn open(transaction: &ReadTransaction) -> Result<Option<Records>, StorageError> {
    match transaction.open_table(REQUESTS) {
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        records => Ok(Some(records?)),
    }
}

/// Those behind `after`, the earliest first.
pub(super) fn behind(
    records: &Records,
    after: Option<RequestPlace>,
) -> Result<impl Iterator<Item = Result<KeptRecord, StorageError>> + use<>, StorageError> {
    let after = after.map(|after| key(after.stamp, after.name.0));
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let found = records.range::<&[u8; KEY_BYTES]>((from, Bound::Unbounded))?;
    Ok(found.map(|entry| decode(entry?.1.value())))
}

fn decode(record: &[u8]) -> Result<KeptRecord, StorageError> {
    let decoded = decode_kept_record(record);
    decoded.map_err(|source| StorageError::Decode { what: "request record", source })
}

fn key(stamp: HybridTimestamp, name: [u8; 16]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key[..8].copy_from_slice(&stamp.to_bits().to_be_bytes());
    key[8..].copy_from_slice(&name);
    key
}
