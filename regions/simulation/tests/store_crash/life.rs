//! One life of a region: the actors' steps in any order that they could take them, one at a time.

use std::{collections::VecDeque, sync::Arc};

use tombolo_causality::ReplicaId;
use tombolo_datatypes::ItemState;
use tombolo_protocol::{encode_position, seal};
use tombolo_replication::{
    Change, Consistency, ItemKey,
    leader::{Decided, Leader},
};
use tombolo_simulation::Random;
use tombolo_storage::{
    Group, Installed, LogReader, Materializer, Overlay, SealedLayer, Store, View,
    journal::{Journal, JournalReader, Position},
};

use crate::{
    check::{self, Wanted},
    failure::Failure,
    model::{Model, Written},
    peer::Peer,
    workload::{Draft, SCRATCH, draft, missing_table, one_of},
};

/// An open store, its leader, and what is under way between the actors.
pub(crate) struct Life<'a> {
    model: &'a mut Model,
    peer: &'a mut Peer,
    random: &'a mut Random,
    machine: Leader,
    overlay: Overlay,
    journal: Journal,
    materializer: Materializer,
    reader: JournalReader,
    log: LogReader,
    replay_from: Option<Position>,
    /// Closed, and not yet durable.
    in_flight: Option<Group>,
    /// In the materializer's mailbox.
    sealed: VecDeque<SealedLayer>,
    /// On the way back from the materializer.
    installing: VecDeque<Installed>,
    /// Some reader's view, and of how many changes it is.
    held: Option<(Arc<View>, usize)>,
}

impl<'a> Life<'a> {
    pub(crate) fn new(
        store: Store,
        replica: ReplicaId,
        (model, peer, random): (&'a mut Model, &'a mut Peer, &'a mut Random),
    ) -> Self {
        Self {
            model,
            peer,
            random,
            machine: Leader::resume(replica, store.recovered),
            overlay: store.overlay,
            journal: store.journal,
            materializer: store.materializer,
            log: store.reader.log(),
            reader: store.reader,
            replay_from: store.materialized,
            in_flight: None,
            sealed: VecDeque::new(),
            installing: VecDeque::new(),
            held: None,
        }
    }

    /// What the recovery shows is, of all that was decided, everything up to some group, at or
    /// after the last that was acknowledged. From now on it is the truth.
    pub(crate) fn recover(&mut self) -> Result<(), Failure> {
        let view = self.view();
        let count = view.vector().iter().map(|(_, seq)| seq).sum::<u64>();
        let count = usize::try_from(count).unwrap();
        let acknowledged = self.model.acknowledged();
        if count < acknowledged {
            return Err(Failure::Lost { there: count, acknowledged });
        }
        Failure::unless(self.model.is_between_groups(count), || {
            format!("{count} changes are there, which is no end of a group")
        })?;
        check::view(&view, self.model, count, self.random)?;
        Failure::unless(self.machine.applied() == &**view.vector(), || {
            format!("{:?} would be gone on from", self.machine.applied())
        })?;
        Failure::unless(self.machine.catalog() == view.catalog(), || {
            format!("{:?} would be gone on with", self.machine.catalog())
        })?;
        self.model.recovered(count, self.reader.end().segment)?;
        check::log(&mut self.log, self.model, self.random)
    }

    /// Whatever comes next.
    pub(crate) fn step(&mut self) -> Result<(), Failure> {
        match self.random.below(100) {
            0..40 => self.submit(),
            40..43 => self.change_tables(),
            43..52 => self.receive(),
            52..64 => self.flush(),
            64..76 => self.make_durable(),
            76..84 => self.materialize(),
            84..91 => self.install(),
            91..93 => self.release(),
            93..95 => Ok(self.journal.preparer().prepare()?),
            95..98 => self.ship(),
            98 => {
                self.held = Some((self.view(), self.model.acknowledged()));
                Ok(())
            }
            _ => self.look(),
        }
    }

    /// A graceful stop: everything durable, everything in the state.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        while self.in_flight.is_some() || self.overlay.staged_records() > 0 {
            self.flush()?;
            self.make_durable()?;
        }
        while !self.sealed.is_empty() || !self.installing.is_empty() {
            self.materialize()?;
            self.install()?;
        }
        if let Some(rest) = self.overlay.seal_rest() {
            self.overlay.installed(self.materializer.materialize(&rest)?);
        }
        self.look()
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.overlay.views().load_full()
    }

    fn now_ms(&mut self) -> u64 {
        // As often back as forward.
        1_000_000 + self.random.below(10_000)
    }

    /// Nothing is taken in while the overlay is full; what is under way must end that.
    fn is_closed(&self) -> Result<bool, Failure> {
        let full = self.overlay.is_full();
        let idle = self.in_flight.is_none()
            && self.overlay.staged_records() == 0
            && self.sealed.is_empty()
            && self.installing.is_empty();
        Failure::unless(!(full && idle), || "full, and nothing under way to end it".to_owned())?;
        Ok(full)
    }

    fn submit(&mut self) -> Result<(), Failure> {
        if self.is_closed()? {
            return Ok(());
        }
        let Some(Draft { command, added }) = draft(self.random, self.machine.catalog()) else {
            return Ok(());
        };
        let state = self.overlay.latest(&command.item)?;
        let now_ms = self.now_ms();
        let Ok(decided) = self.machine.decide(now_ms, command, state.as_deref()) else {
            return Ok(());
        };
        let Decided { change, item, state, .. } = decided;
        let added = added.map(|by| (item.clone(), by));
        self.author(change, added, &[(item, state.into())])
    }

    fn change_tables(&mut self) -> Result<(), Failure> {
        if self.is_closed()? {
            return Ok(());
        }
        let now_ms = self.now_ms();
        let change = if let Some((name, shape)) = missing_table(self.machine.catalog()) {
            self.machine.define(now_ms, &name, &shape)
        } else if self.random.one_in(2) {
            self.machine.drop_table(now_ms, SCRATCH).map(Some)
        } else {
            let consistency = one_of(self.random, &Consistency::ALL);
            self.machine.alter(now_ms, SCRATCH, consistency)
        };
        match change {
            Ok(Some(change)) => self.author(change, None, &[]),
            // It is so already.
            Ok(None) => Ok(()),
            refused => Err(Failure::Wrong(format!("{refused:?}"))),
        }
    }

    fn author(
        &mut self,
        change: Change,
        added: Option<(ItemKey, i64)>,
        states: &[(ItemKey, Arc<ItemState>)],
    ) -> Result<(), Failure> {
        Failure::unless(change.stamp > self.model.newest().position.stamp_floor, || {
            format!("{} was stamped in the past", change.dot)
        })?;
        self.stage(Written { sealed: seal(change)?, added }, states)
    }

    fn stage(
        &mut self,
        written: Written,
        states: &[(ItemKey, Arc<ItemState>)],
    ) -> Result<(), Failure> {
        self.overlay.stage(&written.sealed, states.iter().cloned())?;
        self.model.staged(written, states)
    }

    /// The next change of the peer arrives.
    fn receive(&mut self) -> Result<(), Failure> {
        if self.is_closed()? {
            return Ok(());
        }
        if self.random.one_in(2) {
            let now_ms = self.now_ms();
            self.peer.write(self.random, now_ms)?;
        }
        let here = self.machine.applied().get(&self.peer.replica());
        let Some(written) = self.peer.after(here).cloned() else { return Ok(()) };
        let overlay = &self.overlay;
        let applied = self.machine.apply(&written.sealed.change, |item| overlay.latest(item))?;
        let states = applied.states.into_iter().map(|(item, state)| (item, state.into()));
        self.stage(written, &states.collect::<Vec<_>>())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.in_flight.is_none() {
            self.in_flight = self.overlay.close_group(self.machine.catalog())?;
            if self.in_flight.is_some() {
                self.model.closed();
            }
        }
        Ok(())
    }

    /// The journal answers, the view moves on, and whoever waits is told.
    fn make_durable(&mut self) -> Result<(), Failure> {
        let Some(group) = self.in_flight.take() else { return Ok(()) };
        let head = encode_position(group.before())?;
        let position = self.journal.append(&[&group.payload], || head)?;
        self.model.appended(position.segment);
        self.journal.sync()?;
        self.sealed.extend(self.overlay.publish(&group, self.journal.end()));
        self.model.acknowledge();
        Ok(())
    }

    fn materialize(&mut self) -> Result<(), Failure> {
        if let Some(sealed) = self.sealed.pop_front() {
            self.installing.push_back(self.materializer.materialize(&sealed)?);
        }
        Ok(())
    }

    fn install(&mut self) -> Result<(), Failure> {
        let Some(installed) = self.installing.pop_front() else { return Ok(()) };
        let from = installed.replay_from;
        Failure::unless(self.replay_from < from && from <= Some(self.reader.end()), || {
            format!("replay would move from {:?} to {from:?}", self.replay_from)
        })?;
        self.replay_from = from;
        self.overlay.installed(installed);
        Ok(())
    }

    /// Retention lets go of what the state holds, or of less.
    fn release(&mut self) -> Result<(), Failure> {
        if let Some(from) = self.replay_from {
            let before = from.segment.saturating_sub(self.random.below(3));
            self.journal.release_before(before);
            self.model.released(before);
        }
        Ok(())
    }

    /// The peer is sent the next run of what it lacks, out of the journal.
    fn ship(&mut self) -> Result<(), Failure> {
        let count = self.model.acknowledged();
        let lacking = self.model.first(count).iter().map(|written| written.sealed.change.dot);
        let Some(next) = lacking.into_iter().find(|dot| !self.peer.applied().contains(dot)) else {
            return Ok(());
        };
        let bytes_max = usize::try_from(self.random.below(4_000)).unwrap();
        let (origin, after) = (next.replica, next.seq - 1);
        let wanted = Wanted { origin, after, up_to: u64::MAX, bytes_max };
        let found = self.log.read(origin, after, u64::MAX, bytes_max)?;
        let changes = self.model.streams(count).remove(&origin).unwrap_or_default();
        // What was released reaches the peer some other way.
        let last = wanted.check(&found, &changes, self.model)?.unwrap_or(next.seq);
        let run = usize::try_from(after).unwrap()..usize::try_from(last).unwrap();
        changes[run].iter().try_for_each(|sealed| self.peer.take(&sealed.bytes))
    }

    /// A reader sees all that was acknowledged and nothing else, and goes on seeing it.
    pub(crate) fn look(&mut self) -> Result<(), Failure> {
        check::view(&self.view(), self.model, self.model.acknowledged(), self.random)?;
        if let Some((view, count)) = self.held.take() {
            check::view(&view, self.model, count, self.random)?;
        }
        check::log(&mut self.log, self.model, self.random)
    }
}
