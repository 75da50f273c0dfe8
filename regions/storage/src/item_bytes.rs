//! An item's key as bytes: its table, then its key. Overlay and state order by it.

use tombolo_replication::{ItemKey, TableId};

/// How many bytes of a stored key name the table.
pub(crate) const TABLE_BYTES: usize = 8;

/// The bytes under which an item is stored.
pub(crate) fn item_bytes(item: &ItemKey) -> Vec<u8> {
    let key = item.key.as_str().as_bytes();
    let mut bytes = Vec::with_capacity(TABLE_BYTES + key.len());
    bytes.extend_from_slice(&table_bytes(&item.table));
    bytes.extend_from_slice(key);
    bytes
}

/// The prefix of a table's items: a hash of its id, so that it is the same in every region and
/// short in every key. Two of the at most 10,000 tables share one with a chance of 1 in 10¹¹.
pub(crate) fn table_bytes(table: &TableId) -> [u8; TABLE_BYTES] {
    let mut out = [0; TABLE_BYTES];
    let hash = blake3::hash(table.to_string().as_bytes());
    out.copy_from_slice(&hash.as_bytes()[..TABLE_BYTES]);
    out
}

/// The first key after all those that begin with `prefix`; none where there is no such key.
pub(crate) fn after_prefix(prefix: [u8; TABLE_BYTES]) -> Option<[u8; TABLE_BYTES]> {
    u64::from_be_bytes(prefix).checked_add(1).map(u64::to_be_bytes)
}
