//! The live entries of an item: those that no other has replaced.
//!
//! A dot store in the sense of "Delta State Replicated Data Types" (Almeida, Shoker, Baquero,
//! 2018), with one simplification that the log allows: because the changes of one replica arrive in
//! order, an item's context is a plain version vector ("the highest sequence that touched it").

use tombolo_causality::{Dot, HybridTimestamp, VersionVector};

/// One write that still lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// The change that made it.
    pub dot: Dot,
    /// When, by its author's hybrid clock.
    pub stamp: HybridTimestamp,
    /// What it wrote.
    pub value: T,
}

/// The live entries, sorted by (stamp, dot): the last one is the latest write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live<T>(Vec<Entry<T>>);

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Live<T> {
    /// From entries in any order.
    pub fn from_entries(mut entries: Vec<Entry<T>>) -> Self {
        entries.sort_by_key(|entry| (entry.stamp, entry.dot));
        Self(entries)
    }

    /// The entries, earliest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry<T>> + ExactSizeIterator {
        self.0.iter()
    }

    /// The latest by (stamp, dot).
    pub fn latest(&self) -> Option<&Entry<T>> {
        self.0.last()
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many live.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Ends the entries that `replaced` names.
    pub fn remove(&mut self, replaced: &[Dot]) {
        self.0.retain(|entry| !replaced.contains(&entry.dot));
    }

    /// Adds a live entry.
    pub fn insert(&mut self, entry: Entry<T>) {
        let key = (entry.stamp, entry.dot);
        let at = self.0.partition_point(|e| (e.stamp, e.dot) < key);
        self.0.insert(at, entry);
    }

    /// Joins another state's entries: what one side has seen and no longer holds was replaced.
    pub fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        self.0.retain(|entry| other.holds(&entry.dot) || !other_seen.contains(&entry.dot));
        let new = other.iter().filter(|entry| !seen.contains(&entry.dot));
        self.0.extend(new.cloned());
        self.0.sort_by_key(|entry| (entry.stamp, entry.dot));
    }

    fn holds(&self, dot: &Dot) -> bool {
        self.iter().any(|entry| entry.dot == *dot)
    }
}
