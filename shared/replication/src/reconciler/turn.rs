//! Items that differ, or may: loaded, offered to the peer and joined, as many at a time as fit.

use std::collections::VecDeque;
use std::sync::Arc;

use tombolo_causality::{Dot, RegionId, VersionVector};

use super::{Findings, Held, Misfit, Offer, Offered, Output, Verdict, verdict};
use crate::{Key, TableId};

/// Items of one table.
#[derive(Debug)]
pub(super) struct Doubtful {
    pub(super) table: TableId,
    pub(super) keys: VecDeque<Key>,
    /// What the peer showed.
    pub(super) vector: VersionVector,
    /// How often they were looked at.
    pub(super) rounds: u32,
}

/// Those that have their turn.
#[derive(Debug)]
pub(super) struct Turn {
    doubtful: Doubtful,
    stage: Stage,
    /// Those that have to be looked at again, and why.
    later: Vec<(Key, Verdict)>,
}

#[derive(Debug)]
enum Stage {
    /// The next are to be loaded.
    Next,
    Loading,
    Offered(Offer),
    /// So many are being joined.
    Joining(u64),
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    Load(Output),
    Wait,
    Over,
}

impl Turn {
    pub(super) fn new(doubtful: Doubtful) -> Self {
        Self { doubtful, stage: Stage::Next, later: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Step {
        match self.stage {
            Stage::Next if self.doubtful.keys.is_empty() => Step::Over,
            Stage::Next => {
                self.stage = Stage::Loading;
                let Doubtful { table, keys, vector, .. } = &self.doubtful;
                let keys = keys.iter().cloned().collect();
                Step::Load(Output::Load { table: *table, keys, vector: vector.clone() })
            }
            _ => Step::Wait,
        }
    }

    pub(super) fn loaded(
        &mut self,
        (request, speaks_for): (u64, Vec<RegionId>),
        vector: VersionVector,
        items: Vec<Held>,
    ) -> Result<Output, Misfit> {
        let fit = matches!(self.stage, Stage::Loading)
            && (1..=self.doubtful.keys.len()).contains(&items.len());
        if !fit {
            return Err(Misfit { what: "what was loaded" });
        }
        let keys = self.doubtful.keys.drain(..items.len());
        let items = keys.zip(items).collect();
        let offer = Offer { request, vector, table: self.doubtful.table, speaks_for, items };
        self.stage = Stage::Offered(offer.clone());
        Ok(Output::Offer(offer))
    }

    /// Takes in what the peer has; of what may have seen one of `unwelcome` it has joined nothing.
    pub(super) fn offered(
        &mut self,
        offered: Offered,
        unwelcome: &[Dot],
        findings: &mut Findings,
    ) -> Result<Option<Output>, Misfit> {
        let misfit = Misfit { what: "an answer to an offer" };
        let Stage::Offered(offer) = core::mem::replace(&mut self.stage, Stage::Next) else {
            return Err(misfit);
        };
        let Offered { request, vector, items } = offered;
        if request != offer.request || !(1..=offer.items.len()).contains(&items.len()) {
            return Err(misfit);
        }
        // What the peer had no room to answer comes first next time.
        for (key, _) in offer.items[items.len()..].iter().rev() {
            self.doubtful.keys.push_front(key.clone());
        }
        let is_unwelcome = |held: &Held| {
            let state = held.state();
            state.is_some_and(|state| unwelcome.iter().any(|dot| state.context().contains(dot)))
        };
        let (mut joined, mut joins) = (0, Vec::new());
        for ((key, ours), theirs) in offer.items.into_iter().zip(items) {
            match verdict((&ours, &offer.vector), (&theirs, &vector)) {
                Verdict::Same => {}
                // It stays different, whatever is done here.
                Verdict::Different if is_unwelcome(&ours) => findings.differing_items += 1,
                Verdict::Different => {
                    joined += 1;
                    // What the peer has never heard of it has joined, and there is nothing to join.
                    joins.extend(theirs.state().map(|state| (key, Arc::clone(state))));
                }
                later => self.later.push((key, later)),
            }
        }
        findings.differing_items += joined;
        self.doubtful.vector.join(&vector);
        if joins.is_empty() {
            findings.repaired_items += joined;
            return Ok(None);
        }
        self.stage = Stage::Joining(joined);
        Ok(Some(Output::Join { table: offer.table, items: joins, vector }))
    }

    pub(super) fn joined(&mut self, left_over: u64, findings: &mut Findings) {
        if let Stage::Joining(differing) = self.stage {
            findings.repaired_items += differing.saturating_sub(left_over);
            self.stage = Stage::Next;
        }
    }

    /// What of it is to have another turn; after the last one it is counted.
    pub(super) fn over(self, rounds_max: u32, findings: &mut Findings) -> Option<Doubtful> {
        let Self { doubtful, later, .. } = self;
        let rounds = doubtful.rounds + 1;
        if rounds < rounds_max && !later.is_empty() {
            let keys = later.into_iter().map(|(key, _)| key).collect();
            return Some(Doubtful { keys, rounds, ..doubtful });
        }
        for (_, verdict) in later {
            match verdict {
                Verdict::InFlight => findings.in_flight_items += 1,
                _ => findings.differing_items += 1,
            }
        }
        None
    }
}
