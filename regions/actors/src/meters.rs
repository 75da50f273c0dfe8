//! What a region counts of its own work.
//!
//! Counting takes a few relaxed additions: no lock, no allocation, nothing that waits. What many
//! threads count at a time is kept in pieces ([`Sharded`]) that are added up when somebody looks,
//! so a look sees every number as it was at about that moment, and not all at one.
//!
//! Deliberately absent: names and units, which whoever shows the numbers gives them; and anything
//! by table or key.

mod counter;
mod histogram;
mod sharded;
mod write_times;

pub use self::counter::Counter;
pub use self::histogram::{DURATION_BOUNDS_NS, Histogram, Reading};
pub use self::sharded::Sharded;
pub use self::write_times::WriteTimes;

/// The group sizes that are told apart, in changes.
const GROUP_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096];

/// Everything that a region counts. Durations are in ns.
#[derive(Debug)]
pub struct Meters {
    /// From being offered to the leader until it looked.
    pub mailbox: Histogram,
    /// Deciding and staging.
    pub decide: Histogram,
    /// From being staged until its group was durable and shown.
    pub journal: Histogram,
    /// Commands refused because the leader's mailbox was full.
    pub refused_mailbox: Counter,
    /// Commands refused because the overlay waited for the materializer.
    pub refused_overlay: Counter,
    /// Changes in one write to the journal.
    pub group_changes: Histogram,
    /// The fdatasync of a group.
    pub sync: Histogram,
    /// Bytes of groups written to the journal.
    pub journal_bytes: Counter,
    /// Moving a layer into the state file.
    pub materialize: Histogram,
    /// Changes of this region.
    pub changes_local: Counter,
    /// Changes of other regions.
    pub changes_remote: Counter,
    /// Live writes that came to be lost: conflicts that opened.
    pub conflicts: Counter,
    /// Bytes of changes that wait for what they depend on. A level, not a sum.
    pub held_back_bytes: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let durations = || Histogram::new(DURATION_BOUNDS_NS);
        Self {
            mailbox: durations(),
            decide: durations(),
            journal: durations(),
            refused_mailbox: Counter::default(),
            refused_overlay: Counter::default(),
            group_changes: Histogram::new(GROUP_BOUNDS),
            sync: durations(),
            journal_bytes: Counter::default(),
            materialize: durations(),
            changes_local: Counter::default(),
            changes_remote: Counter::default(),
            conflicts: Counter::default(),
            held_back_bytes: Counter::default(),
        }
    }

    /// Takes in the steps of a write that the leader has seen.
    pub(crate) fn observe(&self, times: &WriteTimes) {
        self.mailbox.observe_span(times.offered, times.taken);
        self.decide.observe_span(times.taken, times.staged);
        self.journal.observe_span(times.staged, times.durable);
    }
}
