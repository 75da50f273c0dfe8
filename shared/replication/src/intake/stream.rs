//! One origin's stream at the intake: where it stands, and what of it is held back.

use std::collections::VecDeque;

use tombolo_causality::{HybridTimestamp, RegionId};

use crate::{SealedChange, StreamPosition};

#[derive(Debug)]
struct Held {
    sender: RegionId,
    sealed: SealedChange,
    /// The stream's position with this change in it.
    position: StreamPosition,
}

/// A contiguous stream: handed over up to some point, held back after it.
#[derive(Debug, Default)]
pub(super) struct Stream {
    handed: StreamPosition,
    held: VecDeque<Held>,
}

impl Stream {
    pub(super) fn new(handed: StreamPosition) -> Self {
        Self { handed, held: VecDeque::new() }
    }

    /// Where the stream stands with what is held back.
    pub(super) fn accepted(&self) -> StreamPosition {
        self.held.back().map_or(self.handed, |held| held.position)
    }

    /// The stamp of the last that is held back.
    pub(super) fn furthest(&self) -> Option<HybridTimestamp> {
        self.held.back().map(|held| held.sealed.change.stamp)
    }

    /// Takes in the next change, which the caller has checked to be the next.
    pub(super) fn push(&mut self, sender: RegionId, sealed: SealedChange) {
        let position = self.accepted().after(&sealed.bytes);
        debug_assert_eq!(position.seq, sealed.change.dot.seq, "a stream has no gaps");
        self.held.push_back(Held { sender, sealed, position });
    }

    pub(super) fn head(&self) -> Option<&SealedChange> {
        self.held.front().map(|held| &held.sealed)
    }

    pub(super) fn head_with_sender(&self) -> Option<(RegionId, &SealedChange)> {
        self.held.front().map(|held| (held.sender, &held.sealed))
    }

    /// Hands over the head.
    pub(super) fn pop(&mut self) -> Option<SealedChange> {
        let held = self.held.pop_front()?;
        self.handed = held.position;
        Some(held.sealed)
    }

    /// Takes in that everything up to `at` is here by other ways; answers how many bytes are no
    /// longer held back.
    pub(super) fn adopt(&mut self, at: StreamPosition) -> usize {
        if at.seq <= self.handed.seq {
            return 0;
        }
        self.handed = at;
        let known = self.held.iter().take_while(|held| held.position.seq <= at.seq).count();
        // What follows is of this history only where what was held back led to the same place.
        let follows = known > 0 && self.held[known - 1].position == at;
        let dropped = if follows { known } else { self.held.len() };
        self.held.drain(..dropped).map(|held| held.sealed.bytes.len()).sum()
    }

    /// Drops the last that is held back; answers who had sent it.
    pub(super) fn drop_furthest(&mut self) -> Option<(RegionId, SealedChange)> {
        self.held.pop_back().map(|held| (held.sender, held.sealed))
    }
}
