//! Joining changes of other regions.

use actix::prelude::*;
use tombolo_datatypes::ItemState;
use tombolo_replication::leader::{AppliedChange, NotApplied};
use tombolo_replication::{Change, ItemKey, SealedChange};
use tombolo_storage::StorageError;

use super::{Leader, NotTaken, Waiter};
use crate::clock::instant;
use crate::observer::Applied;

impl Leader {
    /// Joins changes of other regions, in the order in which the intake hands them over, up to one
    /// that is not taken.
    pub(super) fn apply(
        &mut self,
        changes: Vec<SealedChange>,
        ctx: &mut Context<Self>,
    ) -> Result<(), NotTaken> {
        for sealed in changes {
            if self.is_failed || self.stopping.is_some() {
                return Ok(());
            }
            let overlay = &self.overlay;
            let applied = self.machine.apply(&sealed.change, |item| overlay.latest(item));
            let joined = match applied {
                Ok(applied) => self.take_in(&sealed, applied),
                Err(NotApplied::State(error)) => Err(error),
                Err(error @ NotApplied::TooManyExceptions { dot, .. }) => {
                    tracing::error!(%dot, %error, "a change was not taken");
                    self.schedule_flush(ctx);
                    let streams = self.overlay.position().streams.clone();
                    return Err(NotTaken { dot, detail: error.to_string(), streams });
                }
                Err(error) => {
                    self.fail(&error);
                    return Ok(());
                }
            };
            if let Err(error) = joined {
                self.fail(&error);
                return Ok(());
            }
        }
        self.schedule_flush(ctx);
        Ok(())
    }

    /// Counts and stages what joining a change came to.
    fn take_in(
        &mut self,
        sealed: &SealedChange,
        applied: AppliedChange,
    ) -> Result<(), StorageError> {
        let dot = sealed.change.dot;
        if applied.of_dropped_tables > 0 {
            tracing::debug!(%dot, "deltas of a dropped table discarded");
        }
        if !applied.is_new {
            return Ok(());
        }
        if let Some(reason) = applied.set_aside {
            tracing::error!(%dot, %reason, "a change cannot be applied and is set aside");
        }
        self.meters.changes_remote.increment();
        self.count_conflicts(&applied.states)?;
        let shows = applied.set_aside.is_none();
        self.overlay.stage_applied(sealed, applied)?;
        if shows {
            self.observe(&sealed.change);
        }
        Ok(())
    }

    /// Has the observer told, once it is durable, of a change that was just staged; if it is traced.
    fn observe(&mut self, change: &Change) {
        let Some(written_in) = change.span else { return };
        let Some(observer) = self.observed.observer() else { return };
        let (change, taken) = (change.dot, instant());
        self.gathering.push(Waiter::Other(Box::new(move |result| {
            if result.is_ok() {
                observer.applied(Applied { change, written_in, taken, durable: instant() });
            }
        })));
    }

    /// Counts the writes that have lost by a change which is about to be staged.
    fn count_conflicts(&self, states: &[(ItemKey, ItemState)]) -> Result<(), StorageError> {
        for (item, state) in states {
            let Some(table) = self.machine.catalog().by_id(&item.table) else { continue };
            if !state.is_contested() {
                continue;
            }
            let resolver = table.shape.resolver.resolver();
            let before = self.overlay.latest(item)?;
            let before = before.as_deref().map_or(0, |state| resolver.lost(state).len());
            let new = resolver.lost(state).len().saturating_sub(before);
            self.meters.conflicts.add(new as u64);
        }
        Ok(())
    }
}
