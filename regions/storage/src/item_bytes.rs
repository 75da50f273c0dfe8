//! An item's key as bytes: its table, then its key. Overlay and state order by it.

use smallvec::SmallVec;
use tombolo_causality::Dot;
use tombolo_replication::{ItemKey, TableId};

/// How many bytes of a stored key name the table.
pub(crate) const TABLE_BYTES: usize = 8;

/// The bytes under which an item is stored. Most keys have room in place, where comparing them does
/// not have to follow a pointer.
pub(crate) type ItemBytes = SmallVec<[u8; 40]>;

/// The bytes under which an item is stored.
pub(crate) fn item_bytes(item: &ItemKey) -> ItemBytes {
    let key = item.key.as_str().as_bytes();
    let mut bytes = ItemBytes::with_capacity(TABLE_BYTES + key.len());
    bytes.extend_from_slice(&table_bytes(&item.table));
    bytes.extend_from_slice(key);
    bytes
}

/// The prefix of a table's items: a hash of its id, so that it is the same in every region and
/// short in every key. Two of the at most 10,000 tables share one with a chance of 1 in 10¹¹.
///
/// Computed for every item that is looked up, so it is a few multiplications: each word of the id
/// goes through the finalizer of `SplitMix64` ("Fast splittable pseudorandom number generators",
/// Steele et al., 2014).
pub(crate) fn table_bytes(table: &TableId) -> [u8; TABLE_BYTES] {
    let Dot { replica, seq } = table.0;
    let [a, b, c] = replica.region.to_words();
    let words = [a, b, c, replica.incarnation.0, u64::from(replica.partition.0), seq];
    words.into_iter().fold(0, |hash, word| mix(hash ^ word)).to_be_bytes()
}

fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The first key after all those that begin with `prefix`; none where there is no such key.
pub(crate) fn after_prefix(prefix: [u8; TABLE_BYTES]) -> Option<[u8; TABLE_BYTES]> {
    u64::from_be_bytes(prefix).checked_add(1).map(u64::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    use super::*;

    #[test]
    fn tables_that_differ_in_anything_have_different_prefixes() {
        let mut prefixes = BTreeSet::new();
        for region in ["us-east", "us-west", "a"] {
            for incarnation in 0..10 {
                let region = RegionId::new(region).unwrap();
                let replica = ReplicaId::new(region, Incarnation(incarnation));
                for seq in 1..1_000 {
                    prefixes.insert(table_bytes(&TableId(Dot::new(replica, seq))));
                }
            }
        }
        assert_eq!(prefixes.len(), 3 * 10 * 999);
    }

    #[test]
    fn a_prefix_is_the_same_for_ever() {
        let replica = ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(7));
        let prefix = table_bytes(&TableId(Dot::new(replica, 1)));
        assert_eq!(u64::from_be_bytes(prefix), PREFIX);
    }

    /// What rows on disk begin with: never to change.
    const PREFIX: u64 = 9_346_796_445_747_424_168;
}
