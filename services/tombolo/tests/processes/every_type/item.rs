//! An item of any type, as the promises tell of it: what operations write, what is shown, and what
//! has lost.

use std::collections::BTreeMap;

use super::cell::{Cell, Change, Rule, Seen, State, Write};
use super::settling::Settlement;

/// The elements that are put into sets, in the order of JSON, each with its path.
pub(super) const ELEMENTS: [(&str, &str); 5] = [
    ("null", "/null"),
    ("7", "/7"),
    ("7.0", "/7.0"),
    ("\"x\"", "/\"x\""),
    ("\"y/~z\"", "/\"y~1~0z\""),
];

/// A data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Register,
    Counter,
    Set,
    Flag,
}

/// What is asked of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// A register's or a flag's whole value.
    Put(String),
    /// A set's elements, by their place in [`ELEMENTS`].
    PutSet(Vec<usize>),
    Change {
        added: Vec<usize>,
        removed: Vec<usize>,
    },
    Increment(i64),
    Delete,
    Settle(Settlement),
}

/// What is answered: the status alone, or with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Done(u16),
    Refused(u16, &'static str),
}

/// A conflict: where, what has lost, what was decided about that, and what stands.
#[derive(Debug)]
pub(super) struct Conflict<'a> {
    pub(super) path: &'a str,
    pub(super) lost: &'a Write,
    pub(super) state: State,
    pub(super) kept: &'a Write,
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) data_type: Type,
    /// By path: one for a register or a flag, one for each element of a set.
    pub(super) cells: BTreeMap<&'static str, Cell>,
    /// By what a counter or a set exists.
    pub(super) exists: Cell,
    increments: Vec<(Change, i64)>,
    /// The deletions of a counter, and what each had seen.
    resets: Vec<(Change, Seen)>,
}

/// Who writes: its number, its region, and what it has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author<'a> {
    pub(super) change: Change,
    pub(super) region: &'static str,
    pub(super) seen: &'a Seen,
}

impl Author<'_> {
    pub(super) fn write(&self, cell: &Cell, value: Option<String>) -> Write {
        Write {
            change: self.change,
            region: self.region,
            generation: cell.stands(self.seen).and_then(|write| match write.value {
                Some(_) => write.generation,
                None => Some(write.change),
            }),
            value,
            replaces: cell.replaced_for_good(self.seen),
            only_replaces: false,
            settles: Vec::new(),
        }
    }

    pub(super) fn ending(&self, replaces: Seen) -> Write {
        Write {
            change: self.change,
            region: self.region,
            value: None,
            replaces,
            only_replaces: true,
            settles: Vec::new(),
            generation: None,
        }
    }
}

impl Item {
    pub(super) fn new(data_type: Type, rule: Rule) -> Self {
        let paths: &[_] = match data_type {
            Type::Register | Type::Flag => &[""],
            Type::Counter => &[],
            Type::Set => &ELEMENTS.map(|(_, path)| path),
        };
        let cells = paths.iter().map(|path| (*path, Cell::new(rule))).collect();
        let exists = Cell::new(Rule::All);
        Self { data_type, cells, exists, increments: Vec::new(), resets: Vec::new() }
    }

    /// The item's value as JSON, where one is shown; of siblings all, earliest first.
    pub(super) fn shown(&self, seen: &Seen) -> Vec<String> {
        let exists = !self.exists.live(seen).is_empty();
        match self.data_type {
            Type::Counter if exists => vec![self.sum(seen).to_string()],
            Type::Set if exists => {
                let elements = ELEMENTS.iter().filter(|(_, path)| self.has(path, seen));
                let elements: Vec<_> = elements.map(|(element, _)| *element).collect();
                vec![format!("[{}]", elements.join(","))]
            }
            Type::Counter | Type::Set => Vec::new(),
            Type::Register | Type::Flag => {
                let cell = &self.cells[""];
                let stands = match cell.rule {
                    Rule::All => cell.live(seen),
                    _ => cell.stands(seen).into_iter().collect(),
                };
                stands.into_iter().filter_map(|write| write.value.clone()).collect()
            }
        }
    }

    fn has(&self, path: &str, seen: &Seen) -> bool {
        self.cells[path].stands(seen).is_some_and(|write| write.value.is_some())
            && !self.exists.live(seen).is_empty()
    }

    /// The increments that no deletion has seen.
    fn sum(&self, seen: &Seen) -> i64 {
        let resets = || self.resets.iter().filter(|(change, _)| seen.contains(change));
        let counts = |(change, _): &&(Change, i64)| {
            seen.contains(change) && !resets().any(|(_, had_seen)| had_seen.contains(change))
        };
        self.increments.iter().filter(counts).map(|(_, by)| by).sum()
    }

    /// Everything that has lost, whatever was decided about it, earliest first.
    pub(super) fn conflicts<'a>(&'a self, seen: &Seen) -> Vec<Conflict<'a>> {
        let cells = self.cells.iter().flat_map(|(path, cell)| {
            let kept = cell.stands(seen);
            let lost = cell.records(seen).into_iter();
            lost.filter_map(move |(lost, state)| Some(Conflict { path, lost, state, kept: kept? }))
        });
        let mut conflicts: Vec<_> = cells.collect();
        conflicts.sort_by_key(|conflict| conflict.lost.change);
        conflicts
    }

    /// Does what is asked, where it is not refused.
    pub(super) fn apply(&mut self, author: Author<'_>, operation: &Operation) -> Answer {
        let is_shown = !self.shown(author.seen).is_empty();
        let rule = self.cells.get("").map(|cell| cell.rule);
        match operation {
            Operation::Put(_) if rule == Some(Rule::First) && is_shown => {
                return Answer::Refused(409, "already_written");
            }
            Operation::Delete if rule == Some(Rule::First) => {
                return Answer::Refused(422, "immutable");
            }
            Operation::Delete if !is_shown => return Answer::Refused(404, "no_such_item"),
            Operation::Put(value) => self.write(author, "", Some(value.clone())),
            Operation::PutSet(listed) => {
                let listed = |nth: &usize| listed.contains(nth);
                let all = 0..ELEMENTS.len();
                let unlisted = all.clone().filter(|nth| !listed(nth));
                let removed = unlisted.filter(|nth| self.has(ELEMENTS[*nth].1, author.seen));
                let (added, removed) = (all.filter(listed).collect(), removed.collect());
                self.change(author, added, removed);
            }
            Operation::Change { added, removed } => {
                self.change(author, added.clone(), removed.clone());
                return Answer::Done(200);
            }
            Operation::Increment(by) => {
                self.increments.push((author.change, *by));
                self.exists.writes.push(author.write(&self.exists, None));
                return Answer::Done(200);
            }
            Operation::Delete => {
                self.delete(author);
                return Answer::Done(204);
            }
            Operation::Settle(settlement) => return self.settle(author, settlement),
        }
        Answer::Done(if is_shown { 200 } else { 201 })
    }

    fn write(&mut self, author: Author<'_>, path: &str, value: Option<String>) {
        let cell = self.cells.get_mut(path).unwrap();
        cell.writes.push(author.write(cell, value));
    }

    fn change(&mut self, author: Author<'_>, added: Vec<usize>, removed: Vec<usize>) {
        for (nth, is_added) in
            added.into_iter().map(|n| (n, true)).chain(removed.into_iter().map(|n| (n, false)))
        {
            let (element, path) = ELEMENTS[nth];
            self.write(author, path, is_added.then(|| element.to_owned()));
        }
        self.exists.writes.push(author.write(&self.exists, None));
    }

    fn delete(&mut self, author: Author<'_>) {
        match self.data_type {
            Type::Register => self.write(author, "", None),
            // Nothing is left of it, what has lost or was settled included.
            Type::Flag => {
                let live = self.cells[""].unreplaced(author.seen);
                let live = live.into_iter().map(|write| write.change).collect();
                self.cells.get_mut("").unwrap().writes.push(author.ending(live));
            }
            Type::Counter => self.resets.push((author.change, author.seen.clone())),
            Type::Set => {
                let shown = ELEMENTS.iter().filter(|(_, path)| self.has(path, author.seen));
                let shown: Vec<_> = shown.map(|(_, path)| *path).collect();
                for path in shown {
                    self.write(author, path, None);
                }
            }
        }
        let ending = author.ending(self.exists.replaced_by_next(author.seen));
        self.exists.writes.push(ending);
    }
}
