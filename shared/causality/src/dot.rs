//! A dot: the name of one change, for ever.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::ReplicaId;

/// (replica, sequence number). Sequences begin at 1 and have no gaps.
///
/// "Dotted Version Vectors: Logical Clocks for Optimistic Replication", Preguiça et al., 2010.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Who wrote.
    pub replica: ReplicaId,
    /// Its how-manieth change.
    pub seq: u64,
}

impl Dot {
    /// The `seq`th change of `replica`.
    pub fn new(replica: ReplicaId, seq: u64) -> Self {
        Self { replica, seq }
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replica, self.seq)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
