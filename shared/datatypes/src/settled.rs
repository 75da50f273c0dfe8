//! What settling a conflict leaves in an item's state, so that it can be told of and taken back.
//!
//! A write that is settled is set aside and not ended: it lives on, out of effect, with the last
//! that was decided about it. Of two decisions the one with the larger (stamp, dot) stands, a
//! maximum, so joining them is commutative, associative and idempotent. Causal delivery brings a
//! decision after the write that it is about; what has been replaced is no longer there to be
//! settled, in whatever order the two arrive.
//!
//! Deliberately absent: copies of values. Restoring sets what stood aside as well, and taking that
//! back brings it forth again.

use std::collections::BTreeMap;

use tombolo_causality::Dot;

use crate::{Element, Written};

/// What was decided about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is in effect, as one is about which nothing was decided.
    Open,
    /// It had lost, and was written anew by the change that decided so.
    Restored,
    /// It had lost, and was let go.
    Dismissed,
    /// It stood, and is covered by what the change that decided so has restored.
    Covered,
}

impl Outcome {
    /// Its name, in a conflict record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restored => "restored",
            Self::Dismissed => "dismissed",
            Self::Covered => "covered",
        }
    }
}

/// The last that was decided about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The change that decided it, and when.
    pub by: Written,
    /// What it decided.
    pub outcome: Outcome,
}

/// A write about which something was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'a> {
    /// The set's element that it wrote; nothing where it wrote the item itself.
    pub element: Option<&'a Element>,
    /// The write.
    pub written: Written,
    /// How long the JSON is that it wrote to a register.
    pub value_bytes: usize,
    /// What was decided.
    pub settled: Settled,
}

/// The same as it is stored: the element, the change that wrote, and what was decided.
pub type Noted = (Option<Element>, Dot, Settled);

/// What one change decides about the writes in one place of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settling {
    /// The set's element that they wrote; nothing where they wrote the item itself.
    pub element: Option<Element>,
    /// By the change that wrote.
    pub outcomes: BTreeMap<Dot, Outcome>,
}
