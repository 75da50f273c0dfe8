//! Catching up by state: what a region does that lacks changes which its peers no longer hold.
//!
//! ```text
//!  Head ─▶ tables ─▶ items, span by span ─▶ answers to requests ─▶ adopt the head's streams ─▶ wait
//! ```
//!
//! It pulls all that a peer shows and joins it with what is here, so nothing that was written here
//! meanwhile is lost. Each part is of a view of its own; the streams that are adopted at the end are
//! those of the first, and what the later parts have beyond it comes by the log. Until then items
//! are here without their causes: the region shows nothing and decides nothing from before the first
//! part is joined until all that the parts have seen is applied. That goal is remembered, durably,
//! before a part is joined that needs it.
//!
//! One part is pulled while the one before it is being joined.

mod messages;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use tombolo_causality::{Dot, RegionId, ReplicaId, VersionVector};

pub use self::messages::{Content, Head, Pull, Pulled, RequestPlace, Wanted};
use crate::reconciler::{Misfit, Span};
use crate::{Exceptions, Streams};

/// What happens to a region that catches up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The peer has answered.
    Pulled(Pulled),
    /// The connection was lost, or there was none: what was pulled on it does not arrive.
    Lost,
    /// The answer to [`Output::Take`], once it is durable.
    Taken,
    /// The answer to [`Output::Adopt`], once it is durable.
    Adopted,
    /// The answer to [`Output::Wait`].
    Shown,
}

/// What it wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The network: ask the peer.
    Pull(Pull),
    /// Storage, before anything that follows: the region is not to be asked before it shows this.
    Remember(Goal),
    /// The leader: join these items, keep these answers, take these tables.
    Take(Content),
    /// The leader: these streams are here.
    Adopt(Head),
    /// Say when this is shown.
    Wait(VersionVector),
    /// The region may be asked again.
    Done,
}

/// From when on a region that catches up may be asked again.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Goal {
    /// What it must show.
    pub vector: VersionVector,
    /// Whether all parts are here and the streams adopted: the rest comes by the log.
    pub is_adopted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Pulling,
    Adopting,
    Waiting,
    Done,
}

/// See the module.
#[derive(Debug)]
pub struct CatchUp {
    goal: Goal,
    remembered: Goal,
    head: Option<Head>,
    wanted: VecDeque<Wanted>,
    pulling: Option<(u64, Wanted)>,
    /// What has arrived and waits to be taken.
    ready: Option<Content>,
    is_taking: bool,
    stage: Stage,
    requests: u64,
}

impl CatchUp {
    /// One that begins, or begins anew with the goal that was remembered.
    pub fn new(remembered: Goal) -> Self {
        let stage = if remembered.is_adopted { Stage::Waiting } else { Stage::Pulling };
        let wanted = if remembered.is_adopted { None } else { Some(Wanted::Head) };
        Self {
            goal: remembered.clone(),
            remembered,
            head: None,
            wanted: wanted.into_iter().collect(),
            pulling: None,
            ready: None,
            is_taking: false,
            stage,
            requests: 0,
        }
    }

    /// What it wants done first.
    pub fn begin(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        if self.stage == Stage::Waiting {
            outputs.push(Output::Wait(self.goal.vector.clone()));
        }
        self.go_on(&mut outputs);
        outputs
    }

    /// Takes in one event.
    pub fn handle(&mut self, input: Input) -> Result<Vec<Output>, Misfit> {
        let mut outputs = Vec::new();
        match (input, self.stage) {
            (Input::Pulled(pulled), Stage::Pulling) => self.pulled(pulled)?,
            (Input::Lost, Stage::Pulling) => {
                if let Some((_, what)) = self.pulling.take() {
                    self.wanted.push_front(what);
                }
            }
            (Input::Taken, Stage::Pulling) => self.is_taking = false,
            (Input::Adopted, Stage::Adopting) => {
                self.goal.is_adopted = true;
                self.stage = Stage::Waiting;
                self.remember(&mut outputs);
                outputs.push(Output::Wait(self.goal.vector.clone()));
            }
            (Input::Shown, Stage::Waiting) => {
                self.stage = Stage::Done;
                outputs.push(Output::Done);
            }
            _ => return Err(Misfit { what: "an answer" }),
        }
        self.go_on(&mut outputs);
        Ok(outputs)
    }

    fn go_on(&mut self, out: &mut Vec<Output>) {
        if self.stage != Stage::Pulling {
            return;
        }
        if !self.is_taking
            && let Some(content) = self.ready.take()
        {
            self.is_taking = true;
            self.remember(out);
            out.push(Output::Take(content));
        }
        if self.pulling.is_none()
            && self.ready.is_none()
            && let Some(what) = self.wanted.pop_front()
        {
            self.requests += 1;
            self.pulling = Some((self.requests, what.clone()));
            out.push(Output::Pull(Pull { request: self.requests, what }));
        }
        let is_over = self.pulling.is_none() && self.ready.is_none() && !self.is_taking;
        if is_over && let Some(head) = self.head.take() {
            self.stage = Stage::Adopting;
            out.push(Output::Adopt(head));
        }
    }

    fn remember(&mut self, out: &mut Vec<Output>) {
        if self.goal != self.remembered {
            self.remembered = self.goal.clone();
            out.push(Output::Remember(self.goal.clone()));
        }
    }

    fn pulled(&mut self, pulled: Pulled) -> Result<(), Misfit> {
        let misfit = Misfit { what: "a part" };
        let Pulled { request, until, content, is_last } = pulled;
        let (asked, what) = self.pulling.take().ok_or(misfit)?;
        if asked != request {
            return Err(misfit);
        }
        let rest = match (what, &content) {
            (Wanted::Head, Content::Head(head)) => {
                let tables = head.catalog.iter().map(|table| Wanted::Items(Span::of(table.id)));
                self.wanted.extend(tables);
                self.wanted.push_back(Wanted::Requests { after: None });
                self.head = Some(head.clone());
                None
            }
            (Wanted::Items(mut span), Content::Items { table, items }) => {
                let are_within = items.iter().all(|(key, _)| span.contains(key));
                if *table != span.table || !are_within {
                    return Err(misfit);
                }
                let last = items.last().map(|(key, _)| key);
                let rest = last.and_then(|last| span.cut(last)).map(Wanted::Items);
                if is_last { None } else { Some(rest.ok_or(misfit)?) }
            }
            // It was dropped meanwhile; its end comes by the log.
            (Wanted::Items(_), Content::NoSuchTable) => None,
            (Wanted::Requests { after }, Content::Requests(records)) => {
                let mut places = records.iter().map(RequestPlace::of);
                if !places.clone().is_sorted() || places.clone().any(|at| Some(at) <= after) {
                    return Err(misfit);
                }
                let rest = places.next_back().map(|after| Wanted::Requests { after: Some(after) });
                if is_last { None } else { Some(rest.ok_or(misfit)?) }
            }
            _ => return Err(misfit),
        };
        if let Some(rest) = rest {
            self.wanted.push_front(rest);
        }
        self.goal.vector.join(&until);
        self.ready = Some(content);
        Ok(())
    }
}

/// Why a peer's streams are not adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdopted {
    /// The peer knows another history of a stream, or a longer one of this very replica.
    #[error("the peer knows another history of {origin}")]
    Forked {
        /// The stream.
        origin: ReplicaId,
    },
    /// The peer shows what is set aside here: its states cannot be told from that.
    #[error("the peer shows {dot}, which is set aside here")]
    SetAside {
        /// The change.
        dot: Dot,
    },
    /// With what the peer has set aside there would be more than there may be.
    #[error("with those of the peer more than {max} changes would be set aside")]
    TooManyExceptions {
        /// How many may be set aside.
        max: usize,
    },
    /// Of the streams that define the tables each side has some that the other lacks, so neither
    /// knows all tables.
    #[error("the peer knows other tables, and not all of those that are known here")]
    OtherTables,
}

/// What a region takes over of where a peer stands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Adopted {
    /// The streams of which the peer has more.
    pub streams: Streams,
    /// What of that the peer has set aside.
    pub exceptions: Exceptions,
}

impl Head {
    /// Of these streams, those of which the region `own`, where they stand at `ours`, has less, with
    /// what of them is set aside. `set_aside` is what the region has set aside itself; `orderers`
    /// are the regions that define the tables, or did.
    pub fn adoptable(
        &self,
        own: ReplicaId,
        (ours, set_aside): (&Streams, &Exceptions),
        orderers: &BTreeSet<RegionId>,
    ) -> Result<Adopted, NotAdopted> {
        let knows_all_of_ours = knows_all(&self.streams, ours, orderers);
        if !knows_all_of_ours && !knows_all(ours, &self.streams, orderers) {
            return Err(NotAdopted::OtherTables);
        }
        let is_shown = |dot: &Dot| {
            dot.seq <= self.streams.get(&dot.replica).seq && !self.exceptions.contains(dot)
        };
        if let Some(dot) = set_aside.dots().find(is_shown) {
            return Err(NotAdopted::SetAside { dot });
        }
        let mut adopted = Adopted::default();
        for (origin, theirs) in self.streams.iter() {
            let here = ours.get(&origin);
            let is_other = theirs.seq == here.seq && theirs.hash != here.hash;
            if is_other || (origin == own && theirs.seq > here.seq) {
                return Err(NotAdopted::Forked { origin });
            }
            if theirs.seq > here.seq {
                adopted.streams.set(origin, theirs);
            }
        }
        let is_new = |(dot, _): &(Dot, _)| {
            let origin = &dot.replica;
            ours.get(origin).seq < dot.seq && dot.seq <= adopted.streams.get(origin).seq
        };
        adopted.exceptions = self.exceptions.iter().filter(is_new).collect();
        let max = Exceptions::CHANGES_MAX;
        if set_aside.len() + adopted.exceptions.len() > max {
            return Err(NotAdopted::TooManyExceptions { max });
        }
        Ok(adopted)
    }

    /// Whether the tables are as new as those of a region whose streams stand at `ours`: then they
    /// take the place of those, since tables are what the streams of `orderers` make of them.
    pub fn has_all_tables(&self, ours: &Streams, orderers: &BTreeSet<RegionId>) -> bool {
        knows_all(&self.streams, ours, orderers)
    }
}

/// Whether whoever stands at `some` has all of the streams of `regions` that one at `others` has.
fn knows_all(some: &Streams, others: &Streams, regions: &BTreeSet<RegionId>) -> bool {
    let mut of_regions = others.iter().filter(|(origin, _)| regions.contains(&origin.region));
    of_regions.all(|(origin, other)| some.get(&origin).seq >= other.seq)
}
