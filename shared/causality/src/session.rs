//! A session: what one client has written and read, as far as later reads must not fall behind it.
//!
//! "Session Guarantees for Weakly Consistent Replicated Data", Terry et al., 1994. Of an item that
//! was read its context is enough: a region shows a change only together with everything that its
//! author had applied, so one that shows the item's latest writes shows all that they rest on.

use crate::{Dot, VersionVector};

/// What a client has written and read, in whichever region.
///
/// Only grows. A session that knows nothing demands nothing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Session {
    written: VersionVector,
    read: VersionVector,
}

impl Session {
    /// Has neither written nor read.
    pub const fn new() -> Self {
        Self { written: VersionVector::new(), read: VersionVector::new() }
    }

    /// A session that has written and read so much.
    pub fn of(written: VersionVector, read: VersionVector) -> Self {
        Self { written, read }
    }

    /// What it has written.
    pub fn written(&self) -> &VersionVector {
        &self.written
    }

    /// What it has read.
    pub fn read(&self) -> &VersionVector {
        &self.read
    }

    /// Whether nothing was written or read.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.read.is_empty()
    }

    /// It has written `dot`.
    pub fn wrote(&mut self, dot: Dot) {
        self.written.learn(dot);
    }

    /// It was shown `context`: that of an item, or a whole view.
    pub fn saw(&mut self, context: &VersionVector) {
        if self.read.is_empty() {
            self.read.clone_from(context);
        } else {
            self.read.join(context);
        }
    }

    /// Counts what was written as read: demands the same of every read, in half the room.
    pub fn merge(&mut self) {
        self.read.join(&self.written);
        self.written = VersionVector::new();
    }

    /// Forgets what `everywhere` contains, since no region can fall behind it.
    pub fn forget(&mut self, everywhere: &VersionVector) {
        for vector in [&mut self.written, &mut self.read] {
            let left = vector.iter().filter(|(replica, seq)| *seq > everywhere.get(replica));
            *vector = left.collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Incarnation, RegionId, ReplicaId};

    fn replica(region: &str) -> ReplicaId {
        ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(1))
    }

    fn vector(entries: &[(&str, u64)]) -> VersionVector {
        entries.iter().map(|(region, seq)| (replica(region), *seq)).collect()
    }

    #[test]
    fn a_write_is_written_and_what_it_met_is_read() {
        let mut session = Session::new();
        assert!(session.is_empty());
        session.wrote(Dot::new(replica("a"), 7));
        session.saw(&vector(&[("a", 7), ("b", 3)]));
        session.saw(&vector(&[("a", 2), ("c", 1)]));
        assert_eq!(*session.written(), vector(&[("a", 7)]));
        assert_eq!(*session.read(), vector(&[("a", 7), ("b", 3), ("c", 1)]));
    }

    #[test]
    fn merged_it_demands_the_same_of_a_read() {
        let mut session = Session::of(vector(&[("a", 7), ("b", 1)]), vector(&[("b", 3)]));
        session.merge();
        assert_eq!(session, Session::of(VersionVector::new(), vector(&[("a", 7), ("b", 3)])));
    }

    #[test]
    fn what_every_region_holds_is_forgotten_and_nothing_else() {
        let mut session = Session::of(vector(&[("a", 7)]), vector(&[("a", 7), ("b", 3)]));
        session.forget(&vector(&[("a", 6), ("b", 3), ("c", 9)]));
        assert_eq!(session, Session::of(vector(&[("a", 7)]), vector(&[("a", 7)])));
        session.forget(&vector(&[("a", 7)]));
        assert!(session.is_empty());
    }
}
