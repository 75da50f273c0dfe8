//! One place that several regions write, and what stands there.
//!
//! A model of the promises by itself, without any part of what is tested: the whole list of writes,
//! who had seen which, and the rules in a line or two each. A register is one cell, a flag another;
//! a set has one for each element and one for whether it exists.

use core::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId, VersionVector};
use tombolo_datatypes::{JsonText, Outcome};

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
    /// It writes nothing, and only replaces or settles.
    pub(crate) only_replaces: bool,
    /// What it decides about others.
    pub(crate) settles: BTreeMap<Dot, Outcome>,
    /// The deletion on top of which it was written, where that counts.
    pub(crate) generation: Option<Time>,
}

/// The last that was decided about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The change that decided it.
    pub(crate) by: Dot,
    pub(crate) outcome: Outcome,
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
    pub(crate) fn unreplaced(&self, seen: &VersionVector) -> Vec<&Write> {
        let replaced: BTreeSet<_> = self.all(seen).flat_map(|write| &write.replaces).collect();
        let writes = self.all(seen).filter(|write| !write.only_replaces);
        writes.filter(|write| !replaced.contains(&write.dot)).collect()
    }

    /// Those of them that nobody has set aside.
    pub(crate) fn live(&self, seen: &VersionVector) -> Vec<&Write> {
        let settled = self.settled(seen);
        let mut live = self.unreplaced(seen);
        live.retain(|write| outcome(&settled, write) == Outcome::Open);
        live
    }

    /// What was last decided about writes, and by which change.
    pub(crate) fn settled(&self, seen: &VersionVector) -> BTreeMap<Dot, Settled> {
        let deciding = self.writes.iter().filter(|by| !by.settles.is_empty());
        let mut deciding: Vec<_> = deciding.filter(|by| seen.contains(&by.dot)).collect();
        deciding.sort_by_key(|by| by.time);
        let decided = deciding.into_iter().flat_map(|by| {
            let settles = by.settles.iter();
            settles.map(|(about, outcome)| (*about, Settled { by: by.dot, outcome: *outcome }))
        });
        decided.collect()
    }

    /// The writes that are out of sight below what was restored, each with the change that did so.
    pub(crate) fn covered(&self, seen: &VersionVector) -> BTreeMap<Dot, Dot> {
        let mut settled = self.settled(seen);
        settled.retain(|_, settled| settled.outcome == Outcome::Covered);
        if !settled.is_empty() {
            let unreplaced = self.unreplaced(seen);
            settled.retain(|dot, _| unreplaced.iter().any(|write| write.dot == *dot));
        }
        settled.into_iter().map(|(dot, settled)| (dot, settled.by)).collect()
    }

    /// Those of them that come forth by undoing nothing that is left.
    pub(crate) fn buried(&self, seen: &VersionVector) -> BTreeSet<Dot> {
        let mut covered = self.covered(seen);
        if !covered.is_empty() {
            let settled = self.settled(seen);
            let left: BTreeSet<_> = self.unreplaced(seen).iter().map(|write| write.dot).collect();
            covered.retain(|_, by| {
                let restored = Settled { by: *by, outcome: Outcome::Restored };
                let may_be_undone = left.iter().any(|dot| settled.get(dot) == Some(&restored));
                !left.contains(by) || !may_be_undone
            });
        }
        covered.into_keys().collect()
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

    /// The same with what that covers, and what that covers in turn.
    pub(crate) fn with_covered(
        &self,
        mut replaced: BTreeSet<Dot>,
        seen: &VersionVector,
    ) -> BTreeSet<Dot> {
        let mut covered = self.covered(seen);
        loop {
            let goes = |_: &Dot, by: &mut Dot| replaced.contains(by);
            let going: Vec<_> = covered.extract_if(.., goes).map(|(dot, _)| dot).collect();
            if going.is_empty() {
                return replaced;
            }
            replaced.extend(going);
        }
    }

    /// What has lost, and what was decided about it: what nobody has replaced, and does not stand,
    /// or did not when it was settled.
    pub(crate) fn records(&self, seen: &VersionVector) -> Vec<(&Write, Outcome)> {
        let Some(stands) = self.stands(seen) else { return Vec::new() };
        let settled = self.settled(seen);
        let all = self.unreplaced(seen).into_iter();
        let all = all.map(|write| (write, outcome(&settled, write)));
        all.filter(|(write, outcome)| match outcome {
            Outcome::Open => !self.shares(write, stands),
            Outcome::Restored | Outcome::Dismissed => true,
            Outcome::Covered => false,
        })
        .collect()
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

/// What was last decided about `write`; open where nothing was.
fn outcome(settled: &BTreeMap<Dot, Settled>, write: &Write) -> Outcome {
    settled.get(&write.dot).map_or(Outcome::Open, |settled| settled.outcome)
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
