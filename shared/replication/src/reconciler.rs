//! The reconciler: finds where a peer holds something else, and has both join what the other holds.
//!
//! ```text
//!  Read ─▶ storage ─▶ Compare ─▶ peer: the same │ its list ─▶ Load ─▶ storage ─▶ Offer ─▶ peer joins
//!                                                                                  Join ◀─ its states
//! ```
//!
//! It is the asking end; the peer only answers ([`to_join`]). Nothing is kept between two runs: a
//! tree of digests could be wrong by itself. What is still on its way by the log is no difference
//! ([`verdict()`]): it is looked at again, a few times, and then counted. What differs is repaired by
//! joining states in both regions, never by copying one over the other.
//!
//! Bounded are the spans under way, the items of each, and the rounds; nothing here knows how long
//! anything takes.

mod findings;
mod messages;
mod span;
mod steps;
#[cfg(test)]
mod tests;
mod turn;
mod verdict;

use std::collections::{BTreeMap, VecDeque};

use tombolo_causality::{Dot, RegionId, VersionVector};

pub use self::findings::Findings;
pub use self::messages::{Compare, Compared, Comparison, Held, Offer, Offered};
use self::span::differing;
pub use self::span::{Listed, Span};
pub use self::steps::{Input, Limits, Listing, Output};
use self::turn::{Doubtful, Step, Turn};
pub use self::verdict::{Seen, Verdict, to_join, verdict};
use crate::{Digest, TableId};

/// The peer has answered what does not fit what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} does not fit what was asked")]
pub struct Misfit {
    /// What it answered.
    pub what: &'static str,
}

/// How a table stands that the peer has said it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    /// Its end may be on the way here: what the peer shows is waited for.
    Awaited,
    /// It has been waited for, and the table is asked for again.
    AskedAgain,
    /// It is missing there.
    Certain,
}

/// See the module.
#[derive(Debug)]
pub struct Reconciler {
    limits: Limits,
    speaks_for: Vec<RegionId>,
    /// What the peer has set aside and this region has not: it joins no state that may show it.
    unwelcome: Vec<Dot>,
    spans: VecDeque<Span>,
    is_reading: bool,
    asked: VecDeque<(u64, Listing)>,
    doubtful: VecDeque<Doubtful>,
    turn: Option<Turn>,
    absent: BTreeMap<TableId, Absence>,
    requests: u64,
    findings: Findings,
}

impl Reconciler {
    /// One that compares all of `tables`, and speaks for the writes of `speaks_for` where the peer
    /// tells otherwise of them.
    pub fn new(
        limits: Limits,
        tables: impl IntoIterator<Item = TableId>,
        speaks_for: Vec<RegionId>,
    ) -> Self {
        Self {
            limits,
            speaks_for,
            unwelcome: Vec::new(),
            spans: tables.into_iter().map(Span::of).collect(),
            is_reading: false,
            asked: VecDeque::new(),
            doubtful: VecDeque::new(),
            turn: None,
            absent: BTreeMap::new(),
            requests: 0,
            findings: Findings::default(),
        }
    }

    /// The same where the peer has set these changes aside, and this region has not.
    #[must_use]
    pub fn with_unwelcome(self, unwelcome: Vec<Dot>) -> Self {
        Self { unwelcome, ..self }
    }

    /// What it wants done first.
    pub fn begin(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.go_on(&mut outputs);
        outputs
    }

    /// Takes in one event.
    pub fn handle(&mut self, input: Input) -> Result<Vec<Output>, Misfit> {
        let mut outputs = Vec::new();
        let out_of_turn = Misfit { what: "an answer" };
        match input {
            Input::Read { listing, rest } => outputs.extend(self.read(listing, rest)),
            Input::Compared(compared) => outputs.extend(self.compared(compared)?),
            Input::Awaited { table } => {
                self.absent.insert(table, Absence::AskedAgain);
                self.spans.push_back(Span::of(table));
            }
            Input::Loaded { vector, items } => {
                let offer = (self.next_request(), self.speaks_for.clone());
                let turn = self.turn.as_mut().ok_or(out_of_turn)?;
                outputs.push(turn.loaded(offer, vector, items)?);
            }
            Input::Offered(offered) => {
                let turn = self.turn.as_mut().ok_or(out_of_turn)?;
                outputs.extend(turn.offered(offered, &self.unwelcome, &mut self.findings)?);
            }
            Input::Joined { left_over } => {
                if let Some(turn) = &mut self.turn {
                    turn.joined(left_over, &mut self.findings);
                }
            }
        }
        self.go_on(&mut outputs);
        Ok(outputs)
    }

    fn go_on(&mut self, out: &mut Vec<Output>) {
        let under_way = self.asked.len() + self.doubtful.len();
        if !self.is_reading
            && under_way < self.limits.spans_max
            && let Some(span) = self.spans.pop_front()
        {
            self.is_reading = true;
            out.push(Output::Read(span));
        }
        while let Some(mut turn) = self.turn.take().or_else(|| self.next_turn()) {
            match turn.next() {
                Step::Over => {
                    let again = turn.over(self.limits.rounds_max, &mut self.findings);
                    self.doubtful.extend(again);
                }
                step => {
                    self.turn = Some(turn);
                    if let Step::Load(load) = step {
                        out.push(load);
                    }
                    break;
                }
            }
        }
        let awaits = self.absent.values().any(|absence| *absence == Absence::Awaited);
        let is_idle = !self.is_reading && self.spans.is_empty() && self.asked.is_empty();
        if is_idle && self.turn.is_none() && !awaits {
            out.push(Output::Done(self.findings));
        }
    }

    fn next_turn(&mut self) -> Option<Turn> {
        self.doubtful.pop_front().map(Turn::new)
    }

    fn read(&mut self, listing: Option<Listing>, rest: Option<Span>) -> Option<Output> {
        self.is_reading = false;
        if let Some(rest) = rest {
            self.spans.push_front(rest);
        }
        let listing = listing?;
        let compare = Compare {
            request: self.next_request(),
            vector: listing.vector.clone(),
            span: listing.span.clone(),
            digest: Digest::of_items(&listing.items),
        };
        self.asked.push_back((compare.request, listing));
        Some(Output::Compare(compare))
    }

    fn compared(&mut self, compared: Compared) -> Result<Option<Output>, Misfit> {
        let Compared { request, vector, answer } = compared;
        let misfit = Misfit { what: "a comparison" };
        let (_, mut listing) =
            self.asked.pop_front().filter(|(asked, _)| *asked == request).ok_or(misfit)?;
        self.findings.spans += 1;
        let table = listing.span.table;
        match answer {
            Comparison::Same => self.findings.compared_items += listing.items.len() as u64,
            Comparison::NoSuchTable => return Ok(self.without_table(table, vector)),
            Comparison::Differs { items, up_to } => {
                let last = items.last().map(|(key, _)| key);
                let are_within = items.iter().all(|(key, _)| listing.span.contains(key));
                let reaches = up_to.as_ref().is_none_or(|up_to| {
                    listing.span.contains(up_to) && last.is_some_and(|last| last <= up_to)
                });
                if !are_within || !reaches {
                    return Err(misfit);
                }
                if let Some(up_to) = &up_to {
                    self.spans.extend(listing.span.cut(up_to));
                }
                let ours = listing.items.partition_point(|(key, _)| listing.span.contains(key));
                let (keys, compared) = differing(&listing.items[..ours], &items);
                self.findings.compared_items += compared;
                let keys = keys.into();
                self.doubtful.push_back(Doubtful { table, keys, vector, rounds: 0 });
            }
        }
        Ok(None)
    }

    fn without_table(&mut self, table: TableId, vector: VersionVector) -> Option<Output> {
        // One of its spans is enough.
        self.spans.retain(|span| span.table != table);
        if !vector.contains(&table.0) {
            // It has not heard of the definition either.
            return None;
        }
        match self.absent.get(&table) {
            None => {
                self.absent.insert(table, Absence::Awaited);
                Some(Output::Await { table, vector })
            }
            Some(Absence::AskedAgain) => {
                self.absent.insert(table, Absence::Certain);
                self.findings.missing_tables += 1;
                None
            }
            Some(Absence::Awaited | Absence::Certain) => None,
        }
    }

    fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }
}
