//! One layer of the overlay: what is newer than the state database, by key and commit.
//!
//! Every group of changes has a commit number. A version keeps the number of the group that wrote
//! it, and a reader at commit *c* sees, of each item, the newest version not after *c*. So what is
//! staged and not yet durable stands in the same place as what is visible, behind a larger number,
//! and a view is a number, not a copy.

use core::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_skiplist::SkipMap;
use tombolo_datatypes::{ItemState, TypeState};

use crate::item_bytes::ItemBytes;
use crate::versions::Versions;

/// See the module. Written by one thread, read by any.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    items: SkipMap<ItemBytes, Arc<Versions>>,
    bytes: AtomicUsize,
}

/// What a key weighs beside its bytes: node, versions.
const KEY_BYTES: usize = 128;

/// What a version weighs beside its value: links, state, replicas and dots.
const VERSION_BYTES: usize = 320;

impl Layer {
    /// Adds an item's state as of `commit`, and answers where its next one goes:
    /// [`Self::update`] needs no search for it.
    pub(crate) fn insert(
        &self,
        key: &[u8],
        commit: u64,
        state: Arc<ItemState>,
        oldest_read: u64,
    ) -> Arc<Versions> {
        let mut is_new = false;
        let entry = self.items.get_or_insert_with(key.into(), || {
            is_new = true;
            Arc::new(Versions::new(commit, Arc::clone(&state)))
        });
        let versions = Arc::clone(entry.value());
        if is_new {
            self.weigh(KEY_BYTES + key.len() + weight(&state));
        } else {
            self.update(&versions, commit, state, oldest_read);
        }
        versions
    }

    /// Adds a state to an item that [`Self::insert`] has added to this layer; drops what no view
    /// as of `oldest_read` or later shows.
    pub(crate) fn update(
        &self,
        versions: &Versions,
        commit: u64,
        state: Arc<ItemState>,
        oldest_read: u64,
    ) {
        let added = weight(&state);
        let mut dropped = 0;
        versions.push(commit, state, oldest_read, |state| dropped += weight(state));
        self.weigh(added);
        self.bytes.fetch_sub(dropped, Ordering::Relaxed);
    }

    /// The newest state of an item not after `commit`.
    pub(crate) fn get(&self, key: &[u8], commit: u64) -> Option<Arc<ItemState>> {
        self.items.get(key)?.value().at(commit)
    }

    /// Takes in the weight of a change without items.
    pub(crate) fn weigh(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// About how much memory it takes, and the changes without items; zero where there were none
    /// of either.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The items from `from` on (excluded or included) in key order, each as it was at `commit`.
    pub(crate) fn iter(
        self: Arc<Self>,
        from: Bound<Box<[u8]>>,
        commit: u64,
    ) -> impl Iterator<Item = (Box<[u8]>, Arc<ItemState>)> {
        let mut last = from;
        core::iter::from_fn(move || {
            let mut entry = self.items.lower_bound(last.as_ref().map(|key| &**key))?;
            loop {
                if let Some(state) = entry.value().at(commit) {
                    let key: Box<[u8]> = entry.key()[..].into();
                    last = Bound::Excluded(key.clone());
                    return Some((key, state));
                }
                entry = entry.next()?;
            }
        })
    }
}

/// About how much memory one version takes.
pub(crate) fn weight(state: &ItemState) -> usize {
    VERSION_BYTES
        + match state.value() {
            TypeState::Register(register) => {
                let values = register.live.iter().filter_map(|write| write.value.as_ref());
                values.map(|value| value.as_str().len() + 96).sum()
            }
            TypeState::Counter(counter) => 128 * (counter.totals.len() + counter.bases.len()),
        }
}

#[cfg(test)]
mod tests {
    use tombolo_datatypes::DataType;

    use super::*;

    fn state() -> Arc<ItemState> {
        Arc::new(ItemState::new(DataType::Register))
    }

    #[test]
    fn a_reader_sees_the_newest_state_not_after_its_commit() {
        let layer = Layer::default();
        let (old, new) = (state(), state());
        layer.insert(b"k", 3, old.clone(), 0);
        layer.insert(b"k", 5, new.clone(), 0);
        assert!(layer.get(b"k", 2).is_none());
        assert!(Arc::ptr_eq(&layer.get(b"k", 4).unwrap(), &old));
        assert!(Arc::ptr_eq(&layer.get(b"k", 9).unwrap(), &new));
        assert!(layer.get(b"j", 9).is_none() && layer.get(b"kk", 9).is_none());
    }

    #[test]
    fn iterating_gives_each_item_once_in_key_order_as_it_was() {
        let layer = Arc::new(Layer::default());
        for (key, commit) in [("b", 1), ("a", 2), ("b", 3), ("c", 9), ("ab", 4)] {
            layer.insert(key.as_bytes(), commit, state(), 0);
        }
        let keys = |from, commit| -> Vec<String> {
            let items = Arc::clone(&layer).iter(from, commit);
            items.map(|(key, _)| String::from_utf8_lossy(&key).into_owned()).collect()
        };
        assert_eq!(keys(Bound::Unbounded, 4), ["a", "ab", "b"]);
        assert_eq!(keys(Bound::Unbounded, 1), ["b"]);
        assert_eq!(keys(Bound::Excluded(b"a"[..].into()), 9), ["ab", "b", "c"]);
        assert_eq!(keys(Bound::Included(b"b"[..].into()), 9), ["b", "c"]);
    }

    #[test]
    fn a_layer_weighs_what_can_still_be_read_of_it() {
        let layer = Layer::default();
        layer.insert(b"k", 1, state(), 0);
        let once = layer.bytes();
        for commit in 2..100 {
            layer.insert(b"k", commit, state(), commit - 1);
        }
        assert_eq!(layer.bytes(), once + weight(&state()));
    }
}
