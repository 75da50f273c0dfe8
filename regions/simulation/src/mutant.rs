//! Known bugs, planted one at a time where the world performs what the machines decide, to see that
//! the promises alone find them. The code of production is not touched: what is planted is what its
//! shell, its disk or its network could get wrong.

use std::sync::Arc;

use tombolo_protocol::{JournalFrame, Record, change_dot};
use tombolo_replication::leader::Command;
use tombolo_replication::SealedChange;
use tombolo_storage::{Store, View, Writer};

use crate::around::Around;
use crate::invariant::Violation;
use crate::network::RegionIndex;
use crate::region::Waiter;

impl Around {
    /// Changes as the leader joins them.
    pub(crate) fn as_applied(
        &mut self,
        changes: &[SealedChange],
        writer: &Writer<Waiter>,
    ) -> Vec<SealedChange> {
        let _ = writer;
        changes.to_vec()
    }

    /// A command as the leader decides it.
    pub(crate) fn as_submitted(&mut self, command: Command) -> Command {
        command
    }

    /// Clients are told before the sync.
    pub(crate) fn acknowledge_early(&mut self, writer: &mut Writer<Waiter>) {
        let _ = writer;
    }

    /// Whether the incarnation lives on.
    pub(crate) fn keeps_incarnation(&mut self, lives_on: bool) -> bool {
        lives_on
    }

    /// Holds what a region has after a start against what it has promised.
    pub(crate) fn check_recovered(
        &mut self,
        region: RegionIndex,
        store: &Store,
        view: &Arc<View>,
        excused: bool,
    ) {
        let before = self.truth.promised(region).clone();
        let result = self.truth.recovered(region, view.vector(), excused);
        self.check(result);
        for frame in store.reader.frames(store.reader.first()) {
            let Ok(frame) = frame else { break };
            let result = self.learn_frame(region, &frame.payload, &before);
            self.check(result);
        }
    }

    /// What became durable without the region having been able to say so.
    fn learn_frame(
        &mut self,
        region: RegionIndex,
        payload: &[u8],
        before: &tombolo_causality::VersionVector,
    ) -> Result<(), Violation> {
        let Ok(frame) = JournalFrame::decode(payload) else { return Ok(()) };
        for record in frame.records() {
            if let Ok(Record::Change(bytes)) = record
                && let Ok(dot) = change_dot(bytes)
                && !before.contains(&dot)
            {
                self.truth.recovered_change(region, bytes)?;
            }
        }
        Ok(())
    }
}
