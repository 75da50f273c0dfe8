//! The answers to named requests, by the time at which they were given.

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use tombolo_causality::HybridTimestamp;
use tombolo_protocol::{decode_kept_record, encode_kept_record};
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
    let records = requests.iter()?.map(|entry| {
        let (_, record) = entry?;
        let decoded = decode_kept_record(record.value());
        decoded.map_err(|source| StorageError::Decode { what: "request record", source })
    });
    records.collect()
}

fn key(stamp: HybridTimestamp, name: [u8; 16]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key[..8].copy_from_slice(&stamp.to_bits().to_be_bytes());
    key[8..].copy_from_slice(&name);
    key
}
