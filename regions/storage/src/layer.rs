//! One layer of the overlay: what is newer than the state database, by key and commit.
//!
//! Every group of changes has a commit number. An entry keeps the number of the group that wrote
//! it, and a reader at commit *c* sees, of each item, the newest entry not after *c*. So what is
//! staged and not yet durable stands in the same place as what is visible, behind a larger number,
//! and a view is a number, not a copy.

use core::cmp::Reverse;
use core::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_skiplist::{SkipMap, SkipSet};
use tombolo_datatypes::{ItemState, TypeState};

type VersionedKey = (Box<[u8]>, Reverse<u64>);

/// See the module. Written by one thread, read by any.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    entries: SkipMap<VersionedKey, Arc<ItemState>>,
    /// The keys of items that were contested in some entry; they may be so no longer.
    contested: SkipSet<Box<[u8]>>,
    bytes: AtomicUsize,
}

/// What an entry weighs beside its key and value: node, state, replicas and dots.
const ENTRY_BYTES: usize = 320;

impl Layer {
    pub(crate) fn insert(&self, key: &[u8], commit: u64, state: Arc<ItemState>) {
        self.bytes.fetch_add(ENTRY_BYTES + key.len() + weight(&state), Ordering::Relaxed);
        if state.is_contested() {
            self.bytes.fetch_add(ENTRY_BYTES + key.len(), Ordering::Relaxed);
            self.contested.insert(key.into());
        }
        self.entries.insert((key.into(), Reverse(commit)), state);
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
        let from = (key.into(), Reverse(commit));
        let entry = self.entries.lower_bound(Bound::Included(&from))?;
        (*entry.key().0 == *key).then(|| Arc::clone(entry.value()))
    }

    /// Takes in the weight of a change without entries.
    pub(crate) fn weigh(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// About how much memory it takes, and the changes without entries; zero where there were none
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
            // Past every version of the last item, to the newest version of the next.
            let bound = match &last {
                Bound::Unbounded => Bound::Unbounded,
                Bound::Included(key) => Bound::Included((key.clone(), Reverse(u64::MAX))),
                Bound::Excluded(key) => Bound::Excluded((key.clone(), Reverse(0))),
            };
            let mut entry = self.entries.lower_bound(bound.as_ref())?;
            loop {
                let (key, Reverse(written)) = entry.key();
                if *written <= commit {
                    let found = (key.clone(), Arc::clone(entry.value()));
                    last = Bound::Excluded(found.0.clone());
                    return Some(found);
                }
                entry = entry.next()?;
            }
        })
    }
}

fn weight(state: &ItemState) -> usize {
    match state.value() {
        TypeState::Register(register) => {
            let values = register.writes().filter_map(|write| write.value.value.as_ref());
            values.map(|value| value.as_str().len() + 96).sum()
        }
        TypeState::Counter(counter) => 128 * (counter.totals.len() + counter.bases.len()),
        TypeState::Set(set) => {
            let elements = set.elements.iter();
            elements
                .map(|(element, live)| element.text().as_str().len() + 128 + 64 * live.len())
                .sum()
        }
        TypeState::Flag(flag) => 64 * flag.live.len(),
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
            let delta = Delta { ctx: vec![], body: DeltaBody::Flag(FlagDelta(Some(to))) };
            state.apply(Dot::new(replica, seq), HybridTimestamp::ZERO, &delta);
        }
        Arc::new(state)
    }

    #[test]
    fn items_that_were_contested_are_told_of_once_and_in_key_order() {
        let layer = Arc::new(Layer::default());
        layer.insert(b"c", 1, contested());
        layer.insert(b"a", 2, contested());
        layer.insert(b"b", 3, state());
        layer.insert(b"a", 4, contested());
        layer.insert(b"c", 5, state());
        let keys = |from| Arc::clone(&layer).contested(from).collect::<Vec<_>>();
        assert_eq!(keys(Bound::Unbounded), [b"a"[..].into(), b"c"[..].into()]);
        assert_eq!(keys(Bound::Excluded(b"a"[..].into())), [b"c"[..].into()]);
        assert_eq!(keys(Bound::Included(b"b"[..].into())), [b"c"[..].into()]);
    }

    #[test]
    fn a_reader_sees_the_newest_entry_not_after_its_commit() {
        let layer = Layer::default();
        let (old, new) = (state(), state());
        layer.insert(b"k", 3, old.clone());
        layer.insert(b"k", 5, new.clone());
        assert!(layer.get(b"k", 2).is_none());
        assert!(Arc::ptr_eq(&layer.get(b"k", 4).unwrap(), &old));
        assert!(Arc::ptr_eq(&layer.get(b"k", 9).unwrap(), &new));
        assert!(layer.get(b"j", 9).is_none() && layer.get(b"kk", 9).is_none());
    }

    #[test]
    fn iterating_gives_each_item_once_in_key_order_as_it_was() {
        let layer = Arc::new(Layer::default());
        for (key, commit) in [("b", 1), ("a", 2), ("b", 3), ("c", 9), ("ab", 4)] {
            layer.insert(key.as_bytes(), commit, state());
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
}
