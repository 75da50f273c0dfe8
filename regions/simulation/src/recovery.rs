//! What a region has after a start, held against what it has promised.

use tombolo_causality::VersionVector;
use tombolo_protocol::{JournalFrame, Record, change_dot};
use tombolo_storage::{Store, View};

use crate::around::Around;
use crate::invariant::{Invariant, Violation};
use crate::network::RegionIndex;

impl Around {
    /// Where its disk is `excused`, what is missing may be gone.
    pub(crate) fn check_recovered(
        &mut self,
        region: RegionIndex,
        store: &Store,
        view: &View,
        excused: bool,
    ) {
        let before = self.truth.promised(region).clone();
        let result = self.truth.recovered(region, view.vector(), excused);
        self.check(result);
        for frame in store.reader.frames(store.reader.first()) {
            let Ok(frame) = frame else { break };
            let result = self.learn(region, &frame.payload, &before);
            self.check(result);
        }
        let learned = self.truth.promised(region);
        if **view.vector() != *learned {
            let detail = format!("{:?} are shown, {learned:?} are in the log", view.vector());
            self.check(Err(Invariant::I6.broken(detail)));
        }
    }

    /// What became durable without the region having been able to say so.
    fn learn(
        &mut self,
        region: RegionIndex,
        payload: &[u8],
        before: &VersionVector,
    ) -> Result<(), Violation> {
        let unreadable = |error| Invariant::I5.broken(format!("a journal frame: {error}"));
        let frame = JournalFrame::decode(payload).map_err(unreadable)?;
        for record in frame.records() {
            if let Record::Change(bytes) = record.map_err(unreadable)?
                && !before.contains(&change_dot(bytes).map_err(unreadable)?)
            {
                self.truth.recovered_change(region, bytes)?;
            }
        }
        Ok(())
    }
}
