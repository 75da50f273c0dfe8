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
    /// Commands that were found to have been done before, and were answered as then.
    pub repeated: Counter,
    /// Commands refused because the item was not as their condition says.
    pub conditions_unmet: Counter,
    /// Writes that too few regions were known to hold in time.
    pub concerns_unmet: Counter,
    /// How long requests waited for what their session has seen.
    pub freshness_wait: Histogram,
    /// Requests that a peer has answered in this region's place.
    pub forwards_answered: Counter,
    /// Requests that were passed on to a peer, which did not answer.
    pub forwards_unanswered: Counter,
    /// Requests that could not be passed on to the peer that was meant to answer.
    pub forwards_not_sent: Counter,
    /// Requests refused because as many waited for other regions as may.
    pub refused_waiting: Counter,
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
    /// Spans of items that were compared with a peer's because this region asked.
    pub spans_compared: Counter,
    /// Items whose state came to be another one by joining a peer's.
    pub states_joined: Counter,
    /// States of peers that no region could have sent, or that this one does not take.
    pub states_refused: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let durations = || Histogram::new(DURATION_BOUNDS_NS);
        Self {
            mailbox: durations(),
            decide: durations(),
            journal: durations(),
            repeated: Counter::default(),
            conditions_unmet: Counter::default(),
            concerns_unmet: Counter::default(),
            freshness_wait: durations(),
            forwards_answered: Counter::default(),
            forwards_unanswered: Counter::default(),
            forwards_not_sent: Counter::default(),
            refused_waiting: Counter::default(),
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
            spans_compared: Counter::default(),
            states_joined: Counter::default(),
            states_refused: Counter::default(),
        }
    }

    /// Takes in the steps of a write that the leader has seen.
    pub(crate) fn observe(&self, times: &WriteTimes) {
        self.mailbox.observe_span(times.offered, times.taken);
        self.decide.observe_span(times.taken, times.staged);
        self.journal.observe_span(times.staged, times.durable);
    }
}
