//! When a write came how far.

use std::time::Instant;

/// The moments of one write, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteTimes {
    /// It was offered to the leader.
    pub offered: Instant,
    /// The leader looked at it.
    pub taken: Instant,
    /// It was decided and staged.
    pub staged: Instant,
    /// It was durable and shown.
    pub durable: Instant,
}
