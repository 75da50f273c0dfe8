//! What the store must hold: every change in its order, and how far each promise reaches.

use std::{collections::BTreeMap, sync::Arc};

use tombolo_causality::{Dot, ReplicaId};
use tombolo_datatypes::ItemState;
use tombolo_replication::{ItemKey, SealedChange};

use crate::{check::are_same, failure::Failure, reference::Reference};

/// A change, and what it adds to an item that is only ever added to.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) sealed: SealedChange,
    pub(crate) added: Option<(ItemKey, i64)>,
}

/// A closed group.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// How many changes there are with it.
    end: usize,
    /// The journal segment it went to, where its append has answered.
    segment: Option<u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Everything staged and not known to be lost.
    changes: Vec<Written>,
    groups: Vec<Group>,
    /// So many changes must be there: acknowledged, or once shown by a recovery.
    acknowledged: usize,
    /// Journal segments before this one may be gone.
    released_before: u64,
    /// What all of `changes` come to.
    newest: Reference,
}

impl Model {
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// What everything staged comes to.
    pub(crate) fn newest(&self) -> &Reference {
        &self.newest
    }

    /// The first `count` changes.
    pub(crate) fn first(&self, count: usize) -> &[Written] {
        &self.changes[..count]
    }

    /// What the first `count` changes come to.
    pub(crate) fn at(&self, count: usize) -> Result<Reference, Failure> {
        let mut reference = Reference::default();
        self.first(count).iter().try_for_each(|written| reference.join(&written.sealed))?;
        Ok(reference)
    }

    /// The first `count` changes, by the stream they belong to.
    pub(crate) fn streams(&self, count: usize) -> BTreeMap<ReplicaId, Vec<&SealedChange>> {
        let mut streams: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for Written { sealed, .. } in self.first(count) {
            streams.entry(sealed.change.dot.replica).or_default().push(sealed);
        }
        streams
    }

    /// Whether the first `count` changes end with a group.
    pub(crate) fn is_between_groups(&self, count: usize) -> bool {
        count == 0 || self.groups.iter().any(|group| group.end == count)
    }

    /// Whether the journal may hold this change no longer.
    pub(crate) fn may_be_released(&self, dot: Dot) -> bool {
        let at = self.changes.iter().position(|written| written.sealed.change.dot == dot);
        let group = at.and_then(|at| self.groups.iter().find(|group| group.end > at));
        group.and_then(|group| group.segment).is_some_and(|segment| segment < self.released_before)
    }

    /// A change was decided and staged, and left its item in `state`.
    pub(crate) fn staged(
        &mut self,
        written: Written,
        states: &[(ItemKey, Arc<ItemState>)],
    ) -> Result<(), Failure> {
        self.newest.join(&written.sealed)?;
        self.changes.push(written);
        for (item, state) in states {
            let newest = self.newest.states.get(item);
            Failure::unless(newest.is_some_and(|newest| are_same(newest, state)), || {
                format!("{item:?} was decided upon another state than its newest")
            })?;
        }
        Ok(())
    }

    /// Everything staged was closed as a group.
    pub(crate) fn closed(&mut self) {
        self.groups.push(Group { end: self.changes.len(), segment: None });
    }

    /// The last group closed is in the journal, in this segment, and not yet synced.
    pub(crate) fn appended(&mut self, segment: u64) {
        if let Some(group) = self.groups.iter_mut().find(|group| group.segment.is_none()) {
            group.segment = Some(segment);
        }
    }

    /// The group that was appended is durable, and whoever waited for it was told.
    pub(crate) fn acknowledge(&mut self) {
        let appended = self.groups.iter().rev().find(|group| group.segment.is_some());
        self.acknowledged = appended.map_or(0, |group| group.end);
    }

    /// The journal has let go of the segments before this one.
    pub(crate) fn released(&mut self, before: u64) {
        self.released_before = self.released_before.max(before);
    }

    /// A recovery has shown the first `count` changes, with the journal ending in `segment`: from
    /// now on they are the truth.
    pub(crate) fn recovered(&mut self, count: usize, segment: u64) -> Result<(), Failure> {
        self.changes.truncate(count);
        self.groups.retain(|group| group.end <= count);
        for group in &mut self.groups {
            group.segment.get_or_insert(segment);
        }
        self.acknowledged = count;
        self.newest = self.at(count)?;
        Ok(())
    }
}
