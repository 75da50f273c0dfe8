//! The last change that two histories of one stream have in common, found by asking for hashes.

use crate::RunningHash;

/// A search by halves. Of two histories running hashes are the same up to some sequence, and never
/// again after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommonPoint {
    /// Up to here they are the same.
    same: u64,
    /// Up to here, and after `same`, nobody can tell any more.
    untold: u64,
    /// Here they differ.
    different: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask both sides for their hash up to here.
    Ask(u64),
    /// This is the last change in common; 0 where there is none.
    Found(u64),
    /// It lies in a part of the history that one side no longer has.
    Untold {
        /// Not before this one.
        from: u64,
        /// Not after this one.
        to: u64,
    },
}

impl CommonPoint {
    /// A search between histories that differ at `different`.
    pub fn before(different: u64) -> Self {
        Self { same: 0, untold: 0, different: different.max(1) }
    }

    /// What is to be done now.
    pub fn step(&self) -> Step {
        let from = self.same.max(self.untold);
        if from + 1 < self.different {
            Step::Ask(from + (self.different - from) / 2)
        } else if self.untold > self.same {
            Step::Untold { from: self.same, to: self.different - 1 }
        } else {
            Step::Found(self.same)
        }
    }

    /// Takes in what both sides say of the sequence that was asked for; nothing where one no longer
    /// tells.
    pub fn told(&mut self, seq: u64, ours: Option<RunningHash>, theirs: Option<RunningHash>) {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) if ours == theirs => self.same = self.same.max(seq),
            (Some(_), Some(_)) => self.different = self.different.min(seq),
            _ => self.untold = self.untold.max(seq),
        }
    }
}
