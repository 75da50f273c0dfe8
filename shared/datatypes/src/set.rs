//! The set: scalars that regions add and remove at the same time.
//!
//! Per element its state is every live adding and removing; which side wins is the resolver's to
//! say. A delta names for each element that it touches what it replaces there, because one change
//! touches many elements under one dot. The set exists while one of the changes lives that wrote
//! it: an empty set exists, a deleted one does not.
//!
//! Add-wins and remove-wins sets as in "A comprehensive study of Convergent and Commutative
//! Replicated Data Types" (Shapiro et al., 2011), section 3.3.5, without unique tags of their own:
//! a change's dot is one.
//!
//! Removings stay until they are collected, which is not built yet.

mod element;
mod operate;

use std::collections::BTreeMap;

use tombolo_causality::{Dot, VersionVector};

pub use self::element::Element;
pub(crate) use self::operate::weight;
use crate::Live;
use crate::delta::Incoming;

/// What a change did to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Removed it, whether it was there or not.
    Removed,
    /// Added it, whether it was there or not.
    Added,
}

/// Every live adding and removing, and the changes by which the set exists.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SetState {
    /// What lives of each element; no element without any.
    pub elements: BTreeMap<Element, Live<Presence>>,
    /// The set exists while any of these lives.
    pub live: Live<()>,
}

/// What one change does to one element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Touch {
    /// The dots that it replaces there, sorted.
    pub replaced: Vec<Dot>,
    /// What it writes there; nothing where it only replaces.
    pub presence: Option<Presence>,
}

/// What one change does to a set.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SetDelta {
    /// The elements that it touches.
    pub touched: BTreeMap<Element, Touch>,
    /// Whether the set exists by this change.
    pub exists: bool,
}

impl SetState {
    /// The elements that are present where `wins` prevails, in order; none where the set does not
    /// exist.
    pub fn present(&self, wins: Presence) -> impl Iterator<Item = &Element> + Clone {
        let elements = self.elements.iter().filter(|_| !self.live.is_empty());
        let present =
            elements.filter(move |(_, live)| standing(live, wins) == Some(Presence::Added));
        present.map(|(element, _)| element)
    }

    /// Whether some element has both addings and removings, or had when a conflict was settled.
    pub(crate) fn is_contested(&self) -> bool {
        self.elements.values().any(|live| {
            live.has_aside() || live.iter().any(|entry| Some(entry.value) != first(live))
        })
    }

    pub(crate) fn apply(&mut self, incoming: &Incoming<'_>, delta: &SetDelta) {
        for (element, touch) in &delta.touched {
            let live = self.elements.entry(element.clone()).or_default();
            live.remove(&touch.replaced);
            if let Some(presence) = touch.presence {
                live.insert(incoming.entry(presence));
            } else if live.all().len() == 0 {
                self.elements.remove(element);
            }
        }
        self.live.remove(incoming.ctx);
        if delta.exists {
            self.live.insert(incoming.entry(()));
        }
    }

    pub(crate) fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        let nothing = Live::default();
        // Each element exactly once: what is joined is no longer what `seen` speaks of.
        let only_theirs = other.elements.iter().filter(|(e, _)| !self.elements.contains_key(*e));
        let new: Vec<_> = only_theirs.map(|(e, theirs)| (e.clone(), theirs)).collect();
        for (element, live) in &mut self.elements {
            live.join(seen, other.elements.get(element).unwrap_or(&nothing), other_seen);
        }
        self.elements.extend(new.into_iter().map(|(element, theirs)| {
            let mut live = Live::default();
            live.join(seen, theirs, other_seen);
            (element, live)
        }));
        self.elements.retain(|_, live| live.all().len() > 0);
        self.live.join(seen, &other.live, other_seen);
    }
}

/// What stands of an element: the winning side where it lives, else the other; nothing where
/// neither does.
pub fn standing(live: &Live<Presence>, wins: Presence) -> Option<Presence> {
    let is_there = live.iter().any(|entry| entry.value == wins);
    if is_there { Some(wins) } else { first(live) }
}

fn first(live: &Live<Presence>) -> Option<Presence> {
    live.iter().next().map(|entry| entry.value)
}
