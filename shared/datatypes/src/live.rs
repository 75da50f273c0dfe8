//! The live entries of an item: those that no other has replaced.
//!
//! A dot store in the sense of "Delta State Replicated Data Types" (Almeida, Shoker, Baquero,
//! 2018), with one simplification that the log allows: because the changes of one replica arrive in
//! order, an item's context is a plain version vector ("the highest sequence that touched it").

use tombolo_causality::{Dot, HybridTimestamp, VersionVector};

/// Which change wrote something, and when. Ordered by time, then by replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// Its author's hybrid time.
    pub stamp: HybridTimestamp,
    /// The change.
    pub dot: Dot,
}

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

impl<T> Entry<T> {
    /// The change that made it, and when.
    pub fn written(&self) -> Written {
        Written { stamp: self.stamp, dot: self.dot }
    }
}

/// The live entries, sorted by (stamp, dot): the last one is the latest write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live<T>(Vec<Entry<T>>);

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Live<T> {
    /// From entries in any order.
    pub fn from_entries(mut entries: Vec<Entry<T>>) -> Self {
        entries.sort_by_key(Entry::written);
        Self(entries)
    }

    /// The entries, earliest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry<T>> + ExactSizeIterator + Clone {
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

    /// Whether the entry of `dot` lives.
    pub fn holds(&self, dot: &Dot) -> bool {
        self.iter().any(|entry| entry.dot == *dot)
    }

    /// The dots of the entries that `are_meant`, sorted: a context that replaces them.
    pub fn dots(&self, are_meant: impl Fn(&T) -> bool) -> Vec<Dot> {
        let meant = self.iter().filter(|entry| are_meant(&entry.value));
        let mut dots: Vec<_> = meant.map(|entry| entry.dot).collect();
        dots.sort_unstable();
        dots
    }

    /// Ends the entries that `replaced`, which is sorted, names.
    pub fn remove(&mut self, replaced: &[Dot]) {
        self.0.retain(|entry| replaced.binary_search(&entry.dot).is_err());
    }

    /// Adds a live entry.
    pub fn insert(&mut self, entry: Entry<T>) {
        let key = entry.written();
        let at = self.0.partition_point(|other| other.written() < key);
        self.0.insert(at, entry);
    }
}

impl<T: Clone> Live<T> {
    /// Joins another state's entries: what one side has seen and no longer holds was replaced.
    pub fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        self.0.retain(|entry| other.holds(&entry.dot) || !other_seen.contains(&entry.dot));
        let new = other.iter().filter(|entry| !seen.contains(&entry.dot));
        self.0.extend(new.cloned());
        self.0.sort_by_key(Entry::written);
    }
}
