//! The running hash of a stream: what its changes were, in 16 bytes.
//!
//! `h(n) = BLAKE3(h(n-1) ‖ bytes(n))`, cut to 128 bits, over the bytes in which the author encoded
//! the change. Two regions that agree on it at one sequence agree on everything up to there; where
//! they differ, the history has forked.

use core::fmt;
use std::collections::BTreeMap;

use tombolo_causality::{ReplicaId, VersionVector};

/// The hash of a stream up to some sequence; zero before the first change.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct RunningHash(pub [u8; 16]);

impl RunningHash {
    /// The hash after one more change, encoded as `bytes`.
    #[must_use]
    pub fn after(self, bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(bytes);
        let mut out = [0; 16];
        out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(out)
    }
}

impl fmt::Debug for RunningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How far a stream has come, and what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StreamPosition {
    /// The last sequence.
    pub seq: u64,
    /// The running hash up to and including it.
    pub hash: RunningHash,
}

impl StreamPosition {
    /// One change further.
    #[must_use]
    pub fn after(self, bytes: &[u8]) -> Self {
        Self { seq: self.seq + 1, hash: self.hash.after(bytes) }
    }
}

/// How far a region has come in every stream.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Streams(BTreeMap<ReplicaId, StreamPosition>);

impl Streams {
    /// Where the stream of `replica` stands; the beginning where nothing is known.
    pub fn get(&self, replica: &ReplicaId) -> StreamPosition {
        self.0.get(replica).copied().unwrap_or_default()
    }

    /// Sets where a stream stands.
    pub fn set(&mut self, replica: ReplicaId, position: StreamPosition) {
        self.0.insert(replica, position);
    }

    /// One change, encoded as `bytes`, further in the stream of `replica`.
    pub fn advance(&mut self, replica: ReplicaId, bytes: &[u8]) -> StreamPosition {
        let position = self.get(&replica).after(bytes);
        self.set(replica, position);
        position
    }

    /// All streams, by replica.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ReplicaId, StreamPosition)> + '_ {
        self.0.iter().map(|(replica, position)| (*replica, *position))
    }

    /// The sequences alone.
    pub fn vector(&self) -> VersionVector {
        self.iter().map(|(replica, position)| (replica, position.seq)).collect()
    }
}

impl FromIterator<(ReplicaId, StreamPosition)> for Streams {
    fn from_iter<I: IntoIterator<Item = (ReplicaId, StreamPosition)>>(streams: I) -> Self {
        Self(streams.into_iter().collect())
    }
}
