//! Where in the journal a frame begins.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place between two frames, ordered as the journal is. Stays valid, and names the same frame,
/// for as long as its segment is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The segment's number; segments count from 1 and are never numbered twice.
    pub segment: u64,
    /// Bytes from the start of the segment.
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.offset)
    }
}
