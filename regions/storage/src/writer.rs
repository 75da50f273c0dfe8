//! The region's one writer, between deciding and showing: group commit without a timer.
//!
//! ```text
//!  submit, define, apply ─▶ staged ─ close ─▶ Append ─▶ (journal: append, sync) ─▶ durable
//!                             ▲                                                       │
//!                             └── what comes meanwhile gathers for the next group ◀───┘
//! ```
//!
//! Whoever waits for an answer is a `W`, and is handed back when what it is told rests on is
//! durable: refusals too, since they may rest on what is staged. Nothing here does I/O but reading
//! items; appending, syncing and telling are the caller's, in whatever world it lives.

use std::sync::Arc;

use tombolo_datatypes::ItemState;
use tombolo_protocol::{RegionPosition, seal};
use tombolo_replication::idempotency::KeptRecord;
use tombolo_replication::leader::{Command, Decided, Leader, NotApplied, Refusal};
use tombolo_replication::{Change, ItemKey, SealedChange};

use crate::journal::Position;
use crate::{Group, Installed, Overlay, Retired, SealedLayer, StorageError};

/// What became of a command.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// It was done.
    Done(&'a Decided),
    /// It had been done before, and this was the answer.
    Repeated(Arc<KeptRecord>),
    /// It was not done, and will not be.
    Refused(Refusal),
}

/// A group for the journal: to be appended and synced, and nothing else before it.
#[derive(Debug)]
pub struct Append {
    /// The payload of its frame.
    pub payload: Vec<u8>,
    /// Where the region stands before it: the head of a segment that begins with it.
    pub before: Arc<RegionPosition>,
    /// How many changes it holds.
    pub changes: usize,
}

/// What a durable group sets free.
#[derive(Debug)]
pub struct Published<W> {
    /// Who is to be told now.
    pub waiting: Vec<W>,
    /// A layer for the materializer, where one is full.
    pub sealed: Option<SealedLayer>,
}

/// What joining changes of other replicas came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Changes that were new here.
    pub new: usize,
    /// Deltas of tables that no longer exist.
    pub of_dropped_tables: usize,
}

#[derive(Debug)]
struct InFlight<W> {
    group: Group,
    waiting: Vec<W>,
}

/// See the module.
#[derive(Debug)]
pub struct Writer<W> {
    machine: Leader,
    overlay: Overlay,
    in_flight: Option<InFlight<W>>,
    gathering: Vec<W>,
}

impl<W> Writer<W> {
    /// A writer with nothing staged.
    pub fn new(machine: Leader, overlay: Overlay) -> Self {
        Self { machine, overlay, in_flight: None, gathering: Vec::new() }
    }

    /// Who decides.
    pub fn machine(&self) -> &Leader {
        &self.machine
    }

    /// What is staged and shown.
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Decides a command at `now_ms` by the wall clock. `waiter` makes of its outcome who is to be
    /// told, who is answered at once where nothing has to become durable first.
    ///
    /// An error is one of reading or encoding: nothing was done.
    pub fn submit(
        &mut self,
        now_ms: u64,
        command: Command,
        waiter: impl FnOnce(Outcome<'_>) -> W,
    ) -> Result<Option<W>, StorageError> {
        if let Some(request) = &command.request {
            match self.machine.repeated(now_ms, request) {
                Ok(None) => {}
                Ok(Some(kept)) => return Ok(self.wait(waiter(Outcome::Repeated(kept)))),
                Err(refusal) => return Ok(self.wait(waiter(Outcome::Refused(refusal)))),
            }
        }
        let state = self.overlay.latest(&command.item)?;
        match self.machine.decide(now_ms, command, state.as_deref()) {
            Err(refusal) => Ok(self.wait(waiter(Outcome::Refused(refusal)))),
            Ok(decided) => {
                let told = waiter(Outcome::Done(&decided));
                let Decided { change, item, state, .. } = decided;
                self.stage(change, Some((item, Arc::new(state))), told)?;
                Ok(None)
            }
        }
    }

    /// Decides by `decide` what is no command on an item: a table's definition, or its end.
    pub fn decide(
        &mut self,
        decide: impl FnOnce(&mut Leader) -> Result<Option<Change>, Refusal>,
        waiter: impl FnOnce(Result<Option<&Change>, Refusal>) -> W,
    ) -> Result<Option<W>, StorageError> {
        match decide(&mut self.machine) {
            Err(refusal) => Ok(self.wait(waiter(Err(refusal)))),
            Ok(None) => Ok(self.wait(waiter(Ok(None)))),
            Ok(Some(change)) => {
                let told = waiter(Ok(Some(&change)));
                self.stage(change, None, told)?;
                Ok(None)
            }
        }
    }

    fn stage(
        &mut self,
        change: Change,
        state: Option<(ItemKey, Arc<ItemState>)>,
        waiter: W,
    ) -> Result<(), StorageError> {
        let sealed = seal(change)?;
        self.overlay.stage(&sealed, state)?;
        self.gathering.push(waiter);
        Ok(())
    }

    /// Joins changes of other replicas, in the order in which the intake hands them over.
    pub fn apply(&mut self, changes: &[SealedChange]) -> Result<Applied, NotApplied<StorageError>> {
        let mut count = Applied::default();
        for sealed in changes {
            let overlay = &self.overlay;
            let applied = self.machine.apply(&sealed.change, |item| overlay.latest(item))?;
            count.of_dropped_tables += applied.of_dropped_tables;
            if applied.is_new {
                count.new += 1;
                let states = applied.states.into_iter().map(|(item, state)| (item, state.into()));
                self.overlay.stage(sealed, states).map_err(NotApplied::State)?;
            }
        }
        Ok(count)
    }

    /// Waits until everything decided so far is durable; handed back where it is.
    pub fn wait(&mut self, waiter: W) -> Option<W> {
        if self.overlay.staged_records() > 0 {
            self.gathering.push(waiter);
        } else if let Some(in_flight) = &mut self.in_flight {
            in_flight.waiting.push(waiter);
        } else {
            return Some(waiter);
        }
        None
    }

    /// Whether a group is on its way to the disk.
    pub fn is_appending(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Closes the gathered group; nothing where nothing is gathered, or one is under way.
    pub fn close(&mut self) -> Result<Option<Append>, StorageError> {
        if self.in_flight.is_some() {
            return Ok(None);
        }
        let Some(mut group) = self.overlay.close_group(self.machine.catalog())? else {
            return Ok(None);
        };
        let payload = core::mem::take(&mut group.payload);
        let append = Append { payload, before: Arc::clone(group.before()), changes: group.changes };
        let waiting = core::mem::take(&mut self.gathering);
        self.in_flight = Some(InFlight { group, waiting });
        Ok(Some(append))
    }

    /// Shows the group under way, which is durable up to `end`.
    pub fn durable(&mut self, end: Position) -> Published<W> {
        let Some(InFlight { group, waiting }) = self.in_flight.take() else {
            return Published { waiting: Vec::new(), sealed: None };
        };
        let sealed = self.overlay.publish(&group, end);
        Published { waiting, sealed }
    }

    /// Takes in that a layer is in the state.
    pub fn installed(&mut self, installed: Installed) -> Retired {
        self.overlay.installed(installed)
    }

    /// At a stop, with nothing under way: the rest, to be materialized.
    pub fn seal_rest(&mut self) -> Option<SealedLayer> {
        self.overlay.seal_rest()
    }

    /// The end: whoever waits, to be told that the outcome is not known.
    pub fn abandon(&mut self) -> Vec<W> {
        let in_flight = self.in_flight.take().map(|in_flight| in_flight.waiting);
        in_flight.into_iter().flatten().chain(self.gathering.drain(..)).collect()
    }
}
