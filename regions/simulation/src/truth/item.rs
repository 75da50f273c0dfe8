//! An item of any type, as the promises tell of it: what operations write, what is shown, and what
//! has lost.

use std::collections::{BTreeMap, BTreeSet};

use tombolo_causality::{Dot, VersionVector};
use tombolo_datatypes::{DataType, Element, JsonText, Operation, Outcome, Settlement, Verdict};
use tombolo_resolvers::ResolverKind;

use super::cell::{Cell, Rule, Time, Write, Wrote};

/// Who wrote, when, and what it had seen.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) dot: Dot,
    pub(crate) time: Time,
    pub(crate) seen: VersionVector,
    /// What a conditional write names: of a register, what it replaces.
    pub(crate) named: Option<VersionVector>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    data_type: DataType,
    rule: Rule,
    /// A register's or a flag's.
    whole: Cell,
    /// A set's.
    elements: BTreeMap<Element, Cell>,
    /// By what a counter or a set exists.
    exists: Cell,
    increments: Vec<(Dot, i64)>,
    /// The deletions of a counter, and what each had seen.
    resets: Vec<(Dot, VersionVector)>,
}

impl Item {
    pub(crate) fn new(data_type: DataType, resolver: ResolverKind) -> Self {
        let rule = match resolver {
            ResolverKind::FirstWriteWins => Rule::First,
            ResolverKind::Siblings => Rule::All,
            ResolverKind::Max => Rule::Largest,
            ResolverKind::Min => Rule::Smallest,
            ResolverKind::AddWins | ResolverKind::EnableWins => Rule::Side(true),
            ResolverKind::RemoveWins | ResolverKind::DisableWins => Rule::Side(false),
            _ => Rule::Last,
        };
        Self {
            data_type,
            rule,
            whole: Cell::new(rule),
            elements: BTreeMap::new(),
            exists: Cell::new(Rule::All),
            increments: Vec::new(),
            resets: Vec::new(),
        }
    }

    /// What is shown, as JSON; of siblings all, earliest first; nothing where there is no item.
    pub(crate) fn shown(&self, seen: &VersionVector) -> Vec<String> {
        let exists = !self.exists.live(seen).is_empty();
        match self.data_type {
            DataType::Counter if exists => vec![self.sum(seen).to_string()],
            DataType::Set if exists => {
                let present = self.elements.iter().filter(|(_, cell)| is_on(cell, seen));
                let texts: Vec<_> = present.map(|(element, _)| element.text().as_str()).collect();
                vec![format!("[{}]", texts.join(","))]
            }
            DataType::Flag => {
                let stands = self.whole.stands(seen);
                stands
                    .map(|write| (write.wrote != Wrote::Nothing).to_string())
                    .into_iter()
                    .collect()
            }
            DataType::Register => {
                let mut stands = match self.rule {
                    Rule::All => self.whole.live(seen),
                    _ => self.whole.stands(seen).into_iter().collect(),
                };
                stands.sort_by_key(|write| write.time);
                stands.into_iter().filter_map(|write| text(&write.wrote)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The increments that no deletion has seen.
    fn sum(&self, seen: &VersionVector) -> i128 {
        let resets = || self.resets.iter().filter(|(dot, _)| seen.contains(dot));
        let counts = |(dot, _): &&(Dot, i64)| {
            seen.contains(dot) && !resets().any(|(_, had_seen)| had_seen.contains(dot))
        };
        self.increments.iter().filter(counts).map(|(_, by)| i128::from(*by)).sum()
    }

    /// The dots of everything that has lost, each with its element and what was decided about it.
    pub(crate) fn records(
        &self,
        seen: &VersionVector,
    ) -> BTreeSet<(Option<Element>, Dot, Outcome)> {
        let elements = self.elements.iter().map(|(element, cell)| (Some(element), cell));
        let cells = elements.chain([(None, &self.whole)]);
        let records = cells.flat_map(|(element, cell)| {
            let records = cell.records(seen).into_iter();
            records.map(move |(write, outcome)| (element.cloned(), write.dot, outcome))
        });
        records.collect()
    }

    /// A change that was made: it was not refused.
    pub(crate) fn apply(&mut self, author: &Author, operation: &Operation) {
        let named = author.named.clone().filter(|_| self.data_type == DataType::Register);
        let author = &Author { named, ..author.clone() };
        for cell in self.elements.values_mut().chain([&mut self.whole]) {
            let buried = cell.buried(&author.seen);
            if !buried.is_empty() {
                cell.writes.push(ending(author, buried));
            }
        }
        match operation {
            Operation::Put(value) if self.data_type == DataType::Set => {
                let listed = value.elements().unwrap_or_default();
                let listed: Vec<_> = listed.iter().filter_map(Element::new).collect();
                let shown = self.elements.iter().filter(|(_, cell)| is_on(cell, &author.seen));
                let removed = shown.map(|(element, _)| element.clone());
                let removed = removed.filter(|element| !listed.contains(element)).collect();
                self.touch(author, &listed, removed);
            }
            Operation::Put(value) if self.data_type == DataType::Flag => {
                self.switch(author, value.as_str() == "true");
            }
            Operation::Put(value) => write(&mut self.whole, author, Some(value.clone())),
            Operation::Switch(on) => self.switch(author, *on),
            Operation::Increment(by) => {
                self.increments.push((author.dot, *by));
                write(&mut self.exists, author, None);
            }
            Operation::Elements { added, removed } => self.touch(author, added, removed.clone()),
            Operation::Delete => self.delete(author),
            Operation::Settle(settlement) => self.settle(author, settlement),
        }
    }

    fn switch(&mut self, author: &Author, on: bool) {
        if on {
            write(&mut self.whole, author, None);
        } else {
            remove(&mut self.whole, author);
        }
    }

    fn touch(&mut self, author: &Author, added: &[Element], removed: Vec<Element>) {
        let rule = self.rule;
        for element in added {
            let cell = self.elements.entry(element.clone()).or_insert_with(|| Cell::new(rule));
            write(cell, author, None);
        }
        for element in removed.into_iter().filter(|element| !added.contains(element)) {
            let cell = self.elements.entry(element).or_insert_with(|| Cell::new(rule));
            remove(cell, author);
        }
        write(&mut self.exists, author, None);
    }

    fn delete(&mut self, author: &Author) {
        match self.data_type {
            DataType::Register => remove(&mut self.whole, author),
            // Nothing is left of it, what has lost or was settled included.
            DataType::Flag => {
                let left = self.whole.unreplaced(&author.seen);
                let left = left.iter().map(|write| write.dot).collect();
                self.whole.writes.push(ending(author, left));
            }
            DataType::Counter => self.resets.push((author.dot, author.seen.clone())),
            DataType::Set => {
                for cell in self.elements.values_mut().filter(|cell| is_on(cell, &author.seen)) {
                    remove(cell, author);
                }
            }
        }
        let replaced = self.exists.replaced_by_next(&author.seen);
        self.exists.writes.push(ending(author, replaced));
    }

    fn settle(&mut self, author: &Author, Settlement { element, dot, verdict }: &Settlement) {
        let cell = match element {
            None => Some(&mut self.whole),
            Some(element) => self.elements.get_mut(element),
        };
        let Some(cell) = cell else { return };
        let Some(lost) = cell.unreplaced(&author.seen).into_iter().find(|write| write.dot == *dot)
        else {
            return;
        };
        let lost = lost.wrote.clone();
        let removes_nothing = lost == Wrote::Nothing
            && self.data_type == DataType::Register
            && cell.stands(&author.seen).is_none_or(|write| write.wrote == Wrote::Nothing);
        let settling = match verdict {
            Verdict::Restore if removes_nothing => settling(author, *dot, Outcome::Restored),
            Verdict::Restore => restoring(cell, author, *dot, lost),
            Verdict::Dismiss => settling(author, *dot, Outcome::Dismissed),
            Verdict::Undo => undoing(cell, author, *dot),
        };
        let writes = !settling.only_replaces;
        cell.writes.push(settling);
        if self.data_type == DataType::Set && writes {
            write(&mut self.exists, author, None);
        }
    }

    /// It never was: every trace of it was lost.
    pub(crate) fn forget(&mut self, dot: Dot) {
        let cells = self.elements.values_mut().chain([&mut self.whole, &mut self.exists]);
        cells.for_each(|cell| cell.writes.retain(|write| write.dot != dot));
        self.increments.retain(|(other, _)| *other != dot);
        self.resets.retain(|(other, _)| *other != dot);
    }
}

fn text(wrote: &Wrote) -> Option<String> {
    match wrote {
        Wrote::Value(Some(value)) => Some(value.as_str().to_owned()),
        _ => None,
    }
}

fn is_on(cell: &Cell, seen: &VersionVector) -> bool {
    cell.stands(seen).is_some_and(|write| write.wrote != Wrote::Nothing)
}

fn write(cell: &mut Cell, author: &Author, value: Option<JsonText>) {
    cell.writes.push(written(cell, author, Wrote::Value(value)));
}

fn remove(cell: &mut Cell, author: &Author) {
    cell.writes.push(written(cell, author, Wrote::Nothing));
}

fn written(cell: &Cell, author: &Author, wrote: Wrote) -> Write {
    let mut replaces = cell.replaced_by_next(&author.seen);
    if let Some(named) = &author.named {
        let live = cell.live(&author.seen).into_iter().map(|write| write.dot);
        replaces = live.filter(|dot| named.contains(dot)).collect();
    }
    let replaces = cell.with_covered(replaces, &author.seen);
    let generation = cell.stands(&author.seen).and_then(Write::generation);
    Write { wrote, generation, only_replaces: false, ..ending(author, replaces) }
}

/// Writes nothing.
fn ending(author: &Author, replaces: BTreeSet<Dot>) -> Write {
    Write {
        dot: author.dot,
        time: author.time,
        wrote: Wrote::Nothing,
        replaces,
        only_replaces: true,
        settles: BTreeMap::new(),
        generation: None,
    }
}

/// Only decides about `lost`.
fn settling(author: &Author, lost: Dot, outcome: Outcome) -> Write {
    Write { settles: [(lost, outcome)].into(), ..ending(author, BTreeSet::new()) }
}

/// Writes `lost` anew. What was in effect is covered, and comes forth when this is undone.
fn restoring(cell: &Cell, author: &Author, lost: Dot, wrote: Wrote) -> Write {
    let replaced = cell.replaced_by_next(&author.seen);
    let live = cell.live(&author.seen).iter().map(|write| write.dot).collect();
    let covered = (&replaced & &live).into_iter().map(|dot| (dot, Outcome::Covered));
    let settles = covered.chain([(lost, Outcome::Restored)]).collect();
    Write { settles, replaces: &replaced - &live, ..written(cell, author, wrote) }
}

/// Takes back what was decided about `lost`: what was written anew, where it is in effect, and with
/// it what it covers.
fn undoing(cell: &Cell, author: &Author, lost: Dot) -> Write {
    let mut undoing = settling(author, lost, Outcome::Open);
    let by = cell.settled(&author.seen).get(&lost).map(|settled| settled.by);
    let live = cell.live(&author.seen);
    if let Some(by) = by.filter(|by| live.iter().any(|write| write.dot == *by)) {
        undoing.replaces.insert(by);
        let covered = cell.covered(&author.seen).into_iter().filter(|(_, other)| *other == by);
        undoing.settles.extend(covered.map(|(dot, _)| (dot, Outcome::Open)));
    }
    undoing
}
