//! One place that several regions write at the same time, and what stands there.
//!
//! A model of the promises by itself, without any part of what is tested: the whole list of writes,
//! who had seen which, and the rules in a line or two each. A register is one cell, a flag another;
//! a set has one for each element and one for whether it exists.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

/// A change by its place in time: no two are made at once.
pub(super) type Change = usize;
/// What a region has applied.
pub(super) type Seen = BTreeSet<Change>;

/// The values that are written where the largest or the smallest stands, in the order of JSON.
pub(super) const ASCENDING: [&str; 16] = [
    "null",
    "false",
    "true",
    "-1e40",
    "-123456789012345678901234567891",
    "-123456789012345678901234567890",
    "0.5",
    "1",
    "1.0",
    "123456789012345678901234567890",
    "\"\"",
    "\"a\"",
    "\"b\"",
    "[1]",
    "[1,2]",
    "{\"x\":1}",
];

/// Which of the writes stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
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

/// What was last decided about a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Restored,
    Dismissed,
    /// Out of sight below what was restored in its place.
    Covered,
}

/// What one change did here.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) change: Change,
    pub(super) region: &'static str,
    /// What it wrote; nothing where it removed.
    pub(super) value: Option<String>,
    /// What its author was shown, and it therefore replaces.
    pub(super) replaces: Seen,
    /// It writes nothing, and only replaces or settles.
    pub(super) only_replaces: bool,
    /// What it decides about others.
    pub(super) settles: Vec<(Change, State)>,
    /// The deletion on top of which it was written, where that counts.
    pub(super) generation: Option<Change>,
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) rule: Rule,
    pub(super) writes: Vec<Write>,
}

impl Write {
    /// Whether it enables, or adds.
    fn side(&self) -> bool {
        self.value.as_ref().is_some_and(|value| value != "false")
    }

    fn rank(&self) -> Option<usize> {
        let value = self.value.as_ref()?;
        ASCENDING.iter().position(|other| other == value)
    }

    /// A deletion opens a generation of its own.
    fn generation(&self) -> Option<Change> {
        if self.value.is_some() { self.generation } else { Some(self.change) }
    }
}

impl Cell {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, writes: Vec::new() }
    }

    fn all<'a>(&'a self, seen: &Seen) -> impl Iterator<Item = &'a Write> {
        self.writes.iter().filter(|write| seen.contains(&write.change))
    }

    /// The writes that nobody has replaced, as far as `seen` tells.
    pub(super) fn unreplaced(&self, seen: &Seen) -> Vec<&Write> {
        let replaced = |write: &&Write| self.all(seen).any(|w| w.replaces.contains(&write.change));
        let writes = self.all(seen).filter(|write| !write.only_replaces);
        writes.filter(|write| !replaced(write)).collect()
    }

    /// Those of them that nobody has set aside.
    pub(super) fn live(&self, seen: &Seen) -> Vec<&Write> {
        let mut live = self.unreplaced(seen);
        live.retain(|write| self.settled(write.change, seen).1 == State::Open);
        live
    }

    /// The last that was decided about a write, and by which change.
    pub(super) fn settled(&self, change: Change, seen: &Seen) -> (Option<Change>, State) {
        let decided = self.all(seen).filter_map(|by| {
            let settled = by.settles.iter().find(|(about, _)| *about == change);
            settled.map(|(_, state)| (Some(by.change), *state))
        });
        decided.max_by_key(|(by, _)| *by).unwrap_or((None, State::Open))
    }

    /// The writes that what the change `by` has restored here covers.
    pub(super) fn covered(&self, by: Change, seen: &Seen) -> Vec<Change> {
        let all = self.unreplaced(seen).into_iter().map(|write| write.change);
        all.filter(|write| self.settled(*write, seen) == (Some(by), State::Covered)).collect()
    }

    /// The write that stands; of several the latest.
    pub(super) fn stands(&self, seen: &Seen) -> Option<&Write> {
        let ever = self.all(seen).filter(|write| !write.only_replaces);
        let by = |order: fn(Ordering) -> Ordering| {
            move |one: &&Write, other: &&Write| {
                let generations = one.generation().cmp(&other.generation());
                // A deletion is below all that is written on top of it.
                let values = match (one.rank(), other.rank()) {
                    (Some(one), Some(other)) => order(one.cmp(&other)),
                    (one, other) => one.is_some().cmp(&other.is_some()),
                };
                let earliest = Reverse(one.change).cmp(&Reverse(other.change));
                generations.then(values).then(earliest)
            }
        };
        match self.rule {
            Rule::First => ever.min_by_key(|write| write.change),
            Rule::Largest => ever.max_by(by(|order| order)),
            Rule::Smallest => ever.max_by(by(Ordering::reverse)),
            Rule::Last | Rule::All => self.live(seen).into_iter().max_by_key(|w| w.change),
            Rule::Side(prevails) => {
                let stands = |write: &&Write| (write.side() == prevails, write.change);
                self.live(seen).into_iter().max_by_key(stands)
            }
        }
    }

    /// What a write on top of `seen` replaces: what is shown, and nothing that has lost.
    pub(super) fn replaced_by_next(&self, seen: &Seen) -> Seen {
        let Some(stands) = self.stands(seen) else { return Seen::new() };
        let live = self.live(seen).into_iter().filter(|write| self.shares(write, stands));
        live.map(|write| write.change).chain([stands.change]).collect()
    }

    /// The same with what that covers.
    pub(super) fn replaced_for_good(&self, seen: &Seen) -> Seen {
        let mut replaced = self.replaced_by_next(seen);
        loop {
            let covered = replaced.iter().flat_map(|by| self.covered(*by, seen));
            let new: Vec<_> = covered.filter(|change| !replaced.contains(change)).collect();
            if new.is_empty() {
                return replaced;
            }
            replaced.extend(new);
        }
    }

    /// What has lost: what nobody has replaced, and does not stand.
    pub(super) fn lost(&self, seen: &Seen) -> Vec<&Write> {
        let Some(stands) = self.stands(seen) else { return Vec::new() };
        self.live(seen).into_iter().filter(|write| !self.shares(write, stands)).collect()
    }

    /// What has lost, and what was decided about it.
    pub(super) fn records(&self, seen: &Seen) -> Vec<(&Write, State)> {
        let lost = self.lost(seen).into_iter().map(|write| (write, State::Open));
        let settled = self.unreplaced(seen).into_iter().map(|write| {
            let (_, state) = self.settled(write.change, seen);
            (write, state)
        });
        let settled =
            settled.filter(|(_, state)| matches!(state, State::Restored | State::Dismissed));
        lost.chain(settled.filter(|_| self.stands(seen).is_some())).collect()
    }

    /// Whether a live write stands together with the one that does.
    fn shares(&self, write: &Write, stands: &Write) -> bool {
        match self.rule {
            Rule::Last | Rule::First => write.change == stands.change,
            Rule::All => true,
            // Who wrote the same has lost nothing.
            Rule::Largest | Rule::Smallest => write.value == stands.value,
            Rule::Side(_) => write.side() == stands.side(),
        }
    }
}
