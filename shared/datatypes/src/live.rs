//! The live entries of an item: those that no other has replaced. One that settling a conflict has
//! set aside lives on, and is not in effect.
//!
//! A dot store in the sense of "Delta State Replicated Data Types" (Almeida, Shoker, Baquero,
//! 2018), with one simplification that the log allows: because the changes of one replica arrive in
//! order, an item's context is a plain version vector ("the highest sequence that touched it").

use core::iter::Peekable;
use std::collections::BTreeMap;

use tombolo_causality::{Dot, HybridTimestamp, VersionVector};

use crate::{Element, Mark, Noted, Outcome, Settled};

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
    /// The last that was decided about it in settling a conflict, where anything was.
    pub settled: Option<Box<Settled>>,
}

impl<T> Entry<T> {
    /// What the change `written` wrote, and about which nothing was decided.
    pub fn new(written: Written, value: T) -> Self {
        let Written { stamp, dot } = written;
        Self { dot, stamp, value, settled: None }
    }

    /// The change that made it, and when.
    pub fn written(&self) -> Written {
        Written { stamp: self.stamp, dot: self.dot }
    }

    /// The last that was decided about it.
    pub fn outcome(&self) -> Outcome {
        self.settled.as_ref().map_or(Outcome::Open, |settled| settled.outcome)
    }

    /// Whether nobody has set it aside.
    pub fn is_in_effect(&self) -> bool {
        self.outcome() == Outcome::Open
    }

    fn learn(&mut self, settled: Settled) {
        if self.settled.as_ref().is_none_or(|known| known.by < settled.by) {
            self.settled = Some(Box::new(settled));
        }
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

    /// The entries in effect, earliest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry<T>> + Clone {
        self.0.iter().filter(|entry| entry.is_in_effect())
    }

    /// All entries, those that were set aside too, earliest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Entry<T>> + ExactSizeIterator + Clone {
        self.0.iter()
    }

    /// The latest by (stamp, dot) that is in effect.
    pub fn latest(&self) -> Option<&Entry<T>> {
        self.iter().next_back()
    }

    /// Whether none is in effect.
    pub fn is_empty(&self) -> bool {
        self.latest().is_none()
    }

    /// How many are in effect.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether the entry of `dot` is in effect.
    pub fn holds(&self, dot: &Dot) -> bool {
        self.find(dot).is_some_and(Entry::is_in_effect)
    }

    /// Whether any was set aside.
    pub fn has_aside(&self) -> bool {
        self.0.iter().any(|entry| !entry.is_in_effect())
    }

    fn find(&self, dot: &Dot) -> Option<&Entry<T>> {
        self.0.iter().find(|entry| entry.dot == *dot)
    }

    /// What was decided about the entry of `dot`; nothing where there is none.
    pub(crate) fn outcome(&self, dot: &Dot) -> Option<Outcome> {
        self.find(dot).map(Entry::outcome)
    }

    /// What was decided about entries, which lie at `element` and hold so many `bytes`.
    pub(crate) fn marks<'a>(
        &'a self,
        element: Option<&'a Element>,
        bytes: impl Fn(&T) -> usize,
    ) -> impl Iterator<Item = Mark<'a>> {
        self.0.iter().filter_map(move |entry| {
            let (written, settled) = (entry.written(), **entry.settled.as_ref()?);
            Some(Mark { element, written, value_bytes: bytes(&entry.value), settled })
        })
    }

    /// Takes the first of `marks` that are about its entries, in their order.
    pub(crate) fn note(
        &mut self,
        element: Option<&Element>,
        marks: &mut Peekable<impl Iterator<Item = Noted>>,
    ) {
        for entry in &mut self.0 {
            let is_about = |(at, dot, _): &Noted| at.as_ref() == element && *dot == entry.dot;
            if let Some((_, _, settled)) = marks.next_if(is_about) {
                entry.settled = Some(Box::new(settled));
            }
        }
    }

    /// Notes what was decided about the entry of `dot`; answers whether there is one.
    pub(crate) fn settle(&mut self, dot: &Dot, settled: Settled) -> bool {
        let entry = self.0.iter_mut().find(|entry| entry.dot == *dot);
        entry.map(|entry| entry.learn(settled)).is_some()
    }

    /// The dots of the entries in effect that `are_meant`, sorted: a context that replaces them.
    pub fn dots(&self, are_meant: impl Fn(&T) -> bool) -> Vec<Dot> {
        let meant = self.iter().filter(|entry| are_meant(&entry.value));
        let mut dots: Vec<_> = meant.map(|entry| entry.dot).collect();
        dots.sort_unstable();
        dots
    }

    /// Ends the entries that `replaced`, which is sorted, names, those that were set aside too.
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
        // Looked up by dot: a peer's state may have any number of entries.
        let theirs: BTreeMap<_, _> = other.all().map(|entry| (entry.dot, entry)).collect();
        self.0.retain_mut(|entry| match theirs.get(&entry.dot) {
            Some(theirs) => {
                theirs.settled.iter().for_each(|settled| entry.learn(**settled));
                true
            }
            None => !other_seen.contains(&entry.dot),
        });
        let new = other.all().filter(|entry| !seen.contains(&entry.dot));
        self.0.extend(new.cloned());
        self.0.sort_by_key(Entry::written);
    }
}
