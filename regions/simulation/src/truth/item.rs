//! An item of any type, as the promises tell of it: what operations write, what is shown, and what
//! has lost.

use std::collections::{BTreeMap, BTreeSet};

use tombolo_causality::{Dot, VersionVector};
use tombolo_datatypes::{DataType, Element, JsonText, Operation, Settlement, Verdict};
use tombolo_resolvers::ResolverKind;

use super::cell::{Cell, Rule, Time, Write, Wrote};

/// Who wrote, when, and what it had seen.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) dot: Dot,
    pub(crate) time: Time,
    pub(crate) seen: VersionVector,
    /// What a conditional write names, which is what it replaces.
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

    /// The dots of everything that has lost, each with its element.
    pub(crate) fn lost(&self, seen: &VersionVector) -> BTreeSet<(Option<Element>, Dot)> {
        let whole = self.whole.lost(seen).into_iter().map(|write| (None, write.dot));
        let elements = self.elements.iter().flat_map(|(element, cell)| {
            let lost = cell.lost(seen).into_iter();
            lost.map(move |write| (Some(element.clone()), write.dot))
        });
        whole.chain(elements).collect()
    }

    /// A change that was made: it was not refused.
    pub(crate) fn apply(&mut self, author: &Author, operation: &Operation) {
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
            Operation::Put(value) => write(&mut self.whole, author, Some(value.clone()), None),
            Operation::Switch(on) => self.switch(author, *on),
            Operation::Increment(by) => {
                self.increments.push((author.dot, *by));
                write(&mut self.exists, author, None, None);
            }
            Operation::Elements { added, removed } => self.touch(author, added, removed.clone()),
            Operation::Delete => self.delete(author),
            Operation::Settle(settlement) => self.settle(author, settlement),
        }
    }

    fn switch(&mut self, author: &Author, on: bool) {
        if on {
            write(&mut self.whole, author, None, None);
        } else {
            remove(&mut self.whole, author, None);
        }
    }

    fn touch(&mut self, author: &Author, added: &[Element], removed: Vec<Element>) {
        let rule = self.rule;
        for element in added {
            let cell = self.elements.entry(element.clone()).or_insert_with(|| Cell::new(rule));
            write(cell, author, None, None);
        }
        for element in removed.into_iter().filter(|element| !added.contains(element)) {
            let cell = self.elements.entry(element).or_insert_with(|| Cell::new(rule));
            remove(cell, author, None);
        }
        write(&mut self.exists, author, None, None);
    }

    fn delete(&mut self, author: &Author) {
        match self.data_type {
            DataType::Register => remove(&mut self.whole, author, None),
            // Nothing is left of it, what has lost included.
            DataType::Flag => {
                let live = self.whole.live(&author.seen).iter().map(|write| write.dot).collect();
                end(&mut self.whole, author, live);
            }
            DataType::Counter => self.resets.push((author.dot, author.seen.clone())),
            DataType::Set => {
                for cell in self.elements.values_mut().filter(|cell| is_on(cell, &author.seen)) {
                    remove(cell, author, None);
                }
            }
        }
        let replaced = self.exists.replaced_by_next(&author.seen);
        end(&mut self.exists, author, replaced);
    }

    fn settle(&mut self, author: &Author, settlement: &Settlement) {
        let cell = match &settlement.element {
            None => Some(&mut self.whole),
            Some(element) => self.elements.get_mut(element),
        };
        let Some(cell) = cell else { return };
        let lost = cell.lost(&author.seen).into_iter().find(|write| write.dot == settlement.dot);
        let Some(wrote) = lost.map(|write| write.wrote.clone()) else { return };
        let removes_nothing = wrote == Wrote::Nothing
            && self.data_type == DataType::Register
            && cell.stands(&author.seen).is_none_or(|write| write.wrote == Wrote::Nothing);
        if settlement.verdict == Verdict::Dismiss || removes_nothing {
            return end(cell, author, [settlement.dot].into());
        }
        match wrote {
            Wrote::Value(value) => write(cell, author, value, Some(settlement.dot)),
            Wrote::Nothing => remove(cell, author, Some(settlement.dot)),
        }
        if self.data_type == DataType::Set {
            write(&mut self.exists, author, None, None);
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

fn write(cell: &mut Cell, author: &Author, value: Option<JsonText>, also: Option<Dot>) {
    put(cell, author, Wrote::Value(value), also);
}

fn remove(cell: &mut Cell, author: &Author, also: Option<Dot>) {
    put(cell, author, Wrote::Nothing, also);
}

fn put(cell: &mut Cell, author: &Author, wrote: Wrote, also: Option<Dot>) {
    let mut replaces = cell.replaced_by_next(&author.seen);
    if let Some(named) = &author.named {
        let live = cell.live(&author.seen).into_iter().map(|write| write.dot);
        replaces = live.filter(|dot| named.contains(dot)).collect();
    }
    replaces.extend(also);
    let generation = cell.stands(&author.seen).and_then(Write::generation);
    let (dot, time) = (author.dot, author.time);
    cell.writes.push(Write { dot, time, wrote, replaces, only_replaces: false, generation });
}

fn end(cell: &mut Cell, author: &Author, replaces: BTreeSet<Dot>) {
    let (dot, time) = (author.dot, author.time);
    let wrote = Wrote::Nothing;
    cell.writes.push(Write { dot, time, wrote, replaces, only_replaces: true, generation: None });
}
