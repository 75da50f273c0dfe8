//! One layer of the overlay: what is newer than the state database, by key and commit.
//!
//! Every group of changes has a commit number. A version keeps the number of the group that wrote
//! it, and a reader at commit *c* sees, of each item, the newest version not after *c*. So what is
//! staged and not yet durable stands in the same place as what is visible, behind a larger number,
//! and a view is a number, not a copy.

use core::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_skiplist::{SkipMap, SkipSet};
use tombolo_datatypes::{ItemState, TypeState};

use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::idempotency::KeptRecord;

use crate::item_bytes::ItemBytes;
use crate::versions::Versions;

/// See the module. Written by one thread, read by any.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    items: SkipMap<ItemBytes, Arc<Versions>>,
    /// The keys of items that were contested in some version; they may be so no longer.
    contested: SkipSet<Box<[u8]>>,
    /// The answers to named requests, in the order of their changes.
    requests: Mutex<Vec<KeptRecord>>,
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
        self.note_contested(key, &state);
        let mut is_new = false;
        let entry = self.items.get_or_insert_with(key.into(), || {
            is_new = true;
            Arc::new(Versions::new(commit, Arc::clone(&state)))
        });
        let versions = Arc::clone(entry.value());
        if is_new {
            self.weigh(KEY_BYTES + key.len() + weight(&state));
        } else {
            self.replace(&versions, commit, state, oldest_read);
        }
        versions
    }

    /// Adds a state to an item that [`Self::insert`] has added to this layer; drops what no view
    /// as of `oldest_read` or later shows.
    pub(crate) fn update(
        &self,
        key: &[u8],
        versions: &Versions,
        commit: u64,
        state: Arc<ItemState>,
        oldest_read: u64,
    ) {
        self.note_contested(key, &state);
        self.replace(versions, commit, state, oldest_read);
    }

    fn replace(&self, versions: &Versions, commit: u64, state: Arc<ItemState>, oldest_read: u64) {
        let added = weight(&state);
        let mut dropped = 0;
        versions.push(commit, state, oldest_read, |state| dropped += weight(state));
        self.weigh(added);
        self.bytes.fetch_sub(dropped, Ordering::Relaxed);
    }

    fn note_contested(&self, key: &[u8], state: &ItemState) {
        if state.is_contested() && !self.contested.contains(key) {
            self.weigh(KEY_BYTES + key.len());
            self.contested.insert(key.into());
        }
    }

    /// Adds the answer to a named request.
    pub(crate) fn add_request(&self, kept: KeptRecord) {
        self.weigh(VERSION_BYTES);
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    }

    /// The answers to named requests behind `after`.
    pub(crate) fn requests_behind(&self, after: Option<RequestPlace>) -> Vec<KeptRecord> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = requests.iter().filter(|kept| Some(RequestPlace::of(kept)) > after);
        behind.cloned().collect()
    }

    /// The answers to named requests.
    pub(crate) fn requests(&self) -> Vec<KeptRecord> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys from `from` on of items that were contested at some time, in order.
    pub(crate) fn contested(
        self: Arc<Self>,
        from: Bound<Box<[u8]>>,
    ) -> impl Iterator<Item = Box<[u8]>> {
        let mut last = from;
        core::iter::from_fn(move || {
            let entry = self.contested.lower_bound(last.as_ref())?;
            last = Bound::Excluded(entry.value().clone());
            Some(entry.value().clone())
        })
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
    VERSION_BYTES + value_weight(state)
}

fn value_weight(state: &ItemState) -> usize {
    match state.value() {
        TypeState::Register(register) => {
            let writes = register.live.all().chain(register.kept.as_deref());
            let values = writes.filter_map(|write| write.value.value.as_ref());
            values.map(|value| value.as_str().len() + 96).sum()
        }
        TypeState::Counter(counter) => 128 * (counter.totals.len() + counter.bases.len()),
        TypeState::Set(set) => {
            let elements = set.elements.iter();
            elements
                .map(|(element, live)| element.text().as_str().len() + 128 + 64 * live.all().len())
                .sum()
        }
        TypeState::Flag(flag) => 64 * flag.live.all().len(),
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId, ReplicaId};
    use tombolo_datatypes::{DataType, Delta, DeltaBody, FlagDelta};

    use super::*;

    fn state() -> Arc<ItemState> {
        Arc::new(ItemState::new(DataType::Register))
    }

    fn contested() -> Arc<ItemState> {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        let mut state = ItemState::new(DataType::Flag);
        for (seq, to) in [(1, true), (2, false)] {
            let delta = Delta::new(vec![], DeltaBody::Flag(FlagDelta(Some(to))));
            state.apply(Dot::new(replica, seq), HybridTimestamp::ZERO, &delta);
        }
        Arc::new(state)
    }

    #[test]
    fn items_that_were_contested_are_told_of_once_and_in_key_order() {
        let layer = Arc::new(Layer::default());
        layer.insert(b"c", 1, contested(), 0);
        layer.insert(b"a", 2, contested(), 0);
        layer.insert(b"b", 3, state(), 0);
        layer.insert(b"a", 4, contested(), 0);
        layer.insert(b"c", 5, state(), 0);
        let keys = |from| Arc::clone(&layer).contested(from).collect::<Vec<_>>();
        assert_eq!(keys(Bound::Unbounded), [b"a"[..].into(), b"c"[..].into()]);
        assert_eq!(keys(Bound::Excluded(b"a"[..].into())), [b"c"[..].into()]);
        assert_eq!(keys(Bound::Included(b"b"[..].into())), [b"c"[..].into()]);
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
