//! One place that several regions write, and what stands there.
//!
//! A model of the promises by itself, without any part of what is tested: the whole list of writes,
//! who had seen which, and the rules in a line or two each. A register is one cell, a flag another;
//! a set has one for each element and one for whether it exists.

use core::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId, VersionVector};
use tombolo_datatypes::JsonText;

/// The order of time: by stamp, then by replica.
pub(crate) type Time = (HybridTimestamp, ReplicaId, u64);

/// Which of the writes stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The latest of those that nobody has replaced.
    Last,
    /// The earliest ever.
    First,
    /// All that nobody has replaced.
    All,
    /// The largest of the present generation, ever.
    Largest,
    /// The smallest of the present generation, ever.
    Smallest,
    /// This side, where one of its writes is replaced by nobody; else the other.
    Side(bool),
}

/// What one change wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// A value; for a flag or an element, that it is on.
    Value(Option<JsonText>),
    /// That there is none; for a flag or an element, that it is off.
    Nothing,
}

/// What one change did here.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) dot: Dot,
    pub(crate) time: Time,
    pub(crate) wrote: Wrote,
    /// What its author was shown, and it therefore replaces.
    pub(crate) replaces: BTreeSet<Dot>,
    /// It writes nothing and only replaces.
    pub(crate) only_replaces: bool,
    /// The deletion on top of which it was written, where that counts.
    pub(crate) generation: Option<Time>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) rule: Rule,
    pub(crate) writes: Vec<Write>,
}

impl Write {
    fn is_on(&self) -> bool {
        self.wrote != Wrote::Nothing
    }

    fn value(&self) -> Option<&JsonText> {
        match &self.wrote {
            Wrote::Value(value) => value.as_ref(),
            Wrote::Nothing => None,
        }
    }

    /// A deletion opens a generation of its own.
    pub(crate) fn generation(&self) -> Option<Time> {
        if self.is_on() { self.generation } else { Some(self.time) }
    }
}

impl Cell {
    pub(crate) fn new(rule: Rule) -> Self {
        Self { rule, writes: Vec::new() }
    }

    fn all<'a>(&'a self, seen: &VersionVector) -> impl Iterator<Item = &'a Write> {
        self.writes.iter().filter(|write| seen.contains(&write.dot))
    }

    /// The writes that nobody has replaced, as far as `seen` tells.
    pub(crate) fn live(&self, seen: &VersionVector) -> Vec<&Write> {
        let replaced: BTreeSet<_> = self.all(seen).flat_map(|write| &write.replaces).collect();
        let writes = self.all(seen).filter(|write| !write.only_replaces);
        writes.filter(|write| !replaced.contains(&write.dot)).collect()
    }

    /// The write that stands; of several the latest.
    pub(crate) fn stands(&self, seen: &VersionVector) -> Option<&Write> {
        let ever = self.all(seen).filter(|write| !write.only_replaces);
        match self.rule {
            Rule::First => ever.min_by_key(|write| write.time),
            Rule::Largest => ever.max_by(|a, b| ranked(a, b, |order| order)),
            Rule::Smallest => ever.max_by(|a, b| ranked(a, b, Ordering::reverse)),
            Rule::Last | Rule::All => self.live(seen).into_iter().max_by_key(|w| w.time),
            Rule::Side(prevails) => {
                let stands = |write: &&Write| (write.is_on() == prevails, write.time);
                self.live(seen).into_iter().max_by_key(stands)
            }
        }
    }

    /// What a write on top of `seen` replaces: what is shown, and nothing that has lost.
    pub(crate) fn replaced_by_next(&self, seen: &VersionVector) -> BTreeSet<Dot> {
        let Some(stands) = self.stands(seen) else { return BTreeSet::new() };
        let live = self.live(seen).into_iter().filter(|write| self.shares(write, stands));
        live.map(|write| write.dot).chain([stands.dot]).collect()
    }

    /// What has lost: what nobody has replaced, and does not stand.
    pub(crate) fn lost(&self, seen: &VersionVector) -> Vec<&Write> {
        let Some(stands) = self.stands(seen) else { return Vec::new() };
        self.live(seen).into_iter().filter(|write| !self.shares(write, stands)).collect()
    }

    /// Whether a live write stands together with the one that does.
    fn shares(&self, write: &Write, stands: &Write) -> bool {
        match self.rule {
            Rule::Last | Rule::First => write.dot == stands.dot,
            Rule::All => true,
            // Who wrote the same has lost nothing.
            Rule::Largest | Rule::Smallest => write.wrote == stands.wrote,
            Rule::Side(_) => write.is_on() == stands.is_on(),
        }
    }
}

/// The order of `max`; of `min` with the values' order turned round.
fn ranked(one: &Write, other: &Write, order: fn(Ordering) -> Ordering) -> Ordering {
    let generations = one.generation().cmp(&other.generation());
    // A deletion is below all that is written on top of it.
    let values = match (one.value(), other.value()) {
        (Some(one), Some(other)) => order(one.cmp_value(other)),
        (one, other) => one.is_some().cmp(&other.is_some()),
    };
    generations.then(values).then(Reverse(one.time).cmp(&Reverse(other.time)))
}
