//! The versions of one item in one layer: its newest state, and the older ones that readers may
//! still be looking at.
//!
//! Written by one thread, read by any. A reader at commit *c* sees the newest version not after
//! *c*. What no reader can see any more is dropped as the next version is added, so an item that
//! is written again and again takes the room of one, or two.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use tombolo_datatypes::ItemState;

/// See the module.
///
/// Behind a lock that is held for a few comparisons and that one writer and rarely a reader of the
/// same item take: cheaper than what goes without locks, which allocates for each version.
#[derive(Debug)]
pub(crate) struct Versions(Mutex<Chain>);

/// By commit, oldest first; mostly what is shown and what is staged.
type Chain = SmallVec<[(u64, Arc<ItemState>); 2]>;

impl Versions {
    pub(crate) fn new(commit: u64, state: Arc<ItemState>) -> Self {
        Self(Mutex::new(smallvec::smallvec![(commit, state)]))
    }

    /// The newest state not after `commit`.
    pub(crate) fn at(&self, commit: u64) -> Option<Arc<ItemState>> {
        let chain = self.chain();
        let seen = match chain.last() {
            Some((newest, _)) if *newest <= commit => chain.len(),
            _ => chain.partition_point(|(written, _)| *written <= commit),
        };
        Some(Arc::clone(&chain.get(seen.checked_sub(1)?)?.1))
    }

    /// Adds a version, not before the newest, and drops those that no reader at `oldest_read` or
    /// after it can see. Tells `dropped` of each.
    pub(crate) fn push(
        &self,
        commit: u64,
        state: Arc<ItemState>,
        oldest_read: u64,
        mut dropped: impl FnMut(&ItemState),
    ) {
        let mut chain = self.chain();
        // Of two writes in one group nobody sees the first.
        if chain.last().is_some_and(|(newest, _)| *newest == commit)
            && let Some((_, between)) = chain.pop()
        {
            dropped(&between);
        }
        let read = chain.partition_point(|(written, _)| *written <= oldest_read);
        for (_, state) in chain.drain(..read.saturating_sub(1)) {
            dropped(&state);
        }
        chain.push((commit, state));
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_reader_sees_the_newest_version_not_after_its_commit() {
        let [a, b, c] = [state(), state(), state()];
        let versions = Versions::new(3, a.clone());
        versions.push(5, b.clone(), 0, |_| ());
        versions.push(9, c.clone(), 0, |_| ());
        assert!(versions.at(2).is_none());
        for (commit, expected) in [(3, &a), (4, &a), (5, &b), (8, &b), (9, &c), (u64::MAX, &c)] {
            assert!(Arc::ptr_eq(&versions.at(commit).unwrap(), expected), "{commit}");
        }
    }

    #[test]
    fn what_the_oldest_reader_sees_stays_and_what_is_behind_it_goes() {
        let states = [state(), state(), state(), state()];
        let versions = Versions::new(1, states[0].clone());
        let mut dropped = 0;
        versions.push(2, states[1].clone(), 1, |_| dropped += 1);
        versions.push(3, states[2].clone(), 1, |_| dropped += 1);
        assert_eq!(dropped, 0);
        versions.push(4, states[3].clone(), 2, |_| dropped += 1);
        assert_eq!(dropped, 1);
        assert!(versions.at(1).is_none());
        assert!(Arc::ptr_eq(&versions.at(2).unwrap(), &states[1]));
        assert!(Arc::ptr_eq(&versions.at(3).unwrap(), &states[2]));
        assert_eq!(Arc::strong_count(&states[0]), 1);
    }

    #[test]
    fn of_two_writes_in_one_group_only_the_second_is_kept() {
        let [a, b, c] = [state(), state(), state()];
        let versions = Versions::new(1, a.clone());
        versions.push(2, b.clone(), 1, |_| ());
        let mut dropped = 0;
        versions.push(2, c.clone(), 1, |_| dropped += 1);
        assert_eq!((dropped, Arc::strong_count(&b)), (1, 1));
        assert!(Arc::ptr_eq(&versions.at(1).unwrap(), &a));
        assert!(Arc::ptr_eq(&versions.at(2).unwrap(), &c));
    }

    #[test]
    fn what_a_slow_reader_held_back_goes_when_it_has_ended() {
        let versions = Versions::new(0, state());
        let one = state();
        for commit in 1..100_000 {
            versions.push(commit, one.clone(), 0, |_| ());
        }
        assert!(!Arc::ptr_eq(&versions.at(0).unwrap(), &one));
        let mut dropped = 0;
        versions.push(100_000, one.clone(), 99_999, |_| dropped += 1);
        assert_eq!(dropped, 99_999);
        assert_eq!(Arc::strong_count(&one), 3);
    }
}
