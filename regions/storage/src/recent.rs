//! The items that were written last, and where their next versions go: what the leader decides on,
//! found by one hash instead of by searches through every layer and the state.
//!
//! Belongs to the overlay's writer; readers have no part in it. Bounded in bytes: what was written
//! longest ago goes first, and is then found where everyone finds it.

use std::hash::RandomState;
use std::sync::Arc;

use lru::LruCache;
use tombolo_datatypes::ItemState;

use crate::item_bytes::ItemBytes;
use crate::layer::weight;
use crate::versions::Versions;

/// One item.
#[derive(Debug)]
pub(crate) struct RecentItem {
    /// Its newest state.
    pub(crate) state: Arc<ItemState>,
    /// Its versions in the layer of that number.
    pub(crate) versions: Arc<Versions>,
    /// Which layer that is.
    pub(crate) layer: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Recent {
    items: LruCache<ItemBytes, RecentItem, RandomState>,
    bytes: usize,
    bytes_max: usize,
}

/// What an item weighs here beside key and state.
const ITEM_BYTES: usize = 160;

impl Recent {
    pub(crate) fn new(bytes_max: usize) -> Self {
        // Keys come from outside: the hash is keyed by chance.
        Self { items: LruCache::unbounded_with_hasher(RandomState::new()), bytes: 0, bytes_max }
    }

    /// The newest state of an item, where it is here.
    pub(crate) fn state(&self, key: &[u8]) -> Option<&Arc<ItemState>> {
        self.items.peek(key).map(|item| &item.state)
    }

    /// An item that is written again.
    pub(crate) fn get_mut(&mut self, key: &[u8]) -> Option<&mut RecentItem> {
        self.items.get_mut(key)
    }

    /// Takes in that an item that is here has another state.
    pub(crate) fn replaced(&mut self, before: usize, after: usize) {
        self.bytes = self.bytes + after - before;
        self.shrink();
    }

    /// Takes an item in.
    pub(crate) fn insert(&mut self, key: &[u8], item: RecentItem) {
        self.bytes += ITEM_BYTES + key.len() + weight(&item.state);
        if let Some(before) = self.items.put(key.into(), item) {
            self.bytes -= ITEM_BYTES + key.len() + weight(&before.state);
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.bytes > self.bytes_max {
            let Some((key, item)) = self.items.pop_lru() else { break };
            self.bytes -= ITEM_BYTES + key.len() + weight(&item.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use tombolo_datatypes::DataType;

    use super::*;

    fn item() -> RecentItem {
        let state = Arc::new(ItemState::new(DataType::Register));
        let versions = Arc::new(Versions::new(1, state.clone()));
        RecentItem { state, versions, layer: 1 }
    }

    #[test]
    fn what_was_written_longest_ago_goes_first() {
        let one = ITEM_BYTES + 1 + weight(&item().state);
        let mut recent = Recent::new(2 * one);
        recent.insert(b"a", item());
        recent.insert(b"b", item());
        assert!(recent.get_mut(b"a").is_some());
        recent.insert(b"c", item());
        assert!(recent.state(b"a").is_some() && recent.state(b"c").is_some());
        assert!(recent.state(b"b").is_none());
        assert_eq!(recent.bytes, 2 * one);
    }

    #[test]
    fn an_item_larger_than_the_bound_is_not_kept() {
        let mut recent = Recent::new(10);
        recent.insert(b"a", item());
        assert!(recent.state(b"a").is_none());
        assert_eq!(recent.bytes, 0);
    }

    #[test]
    fn an_item_taken_in_again_weighs_once() {
        let mut recent = Recent::new(1 << 20);
        recent.insert(b"a", item());
        let once = recent.bytes;
        recent.insert(b"a", item());
        assert_eq!(recent.bytes, once);
    }
}
