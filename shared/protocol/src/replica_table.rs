//! The replicas that one encoding names, each written once and then called by its index.

use tombolo_causality::{Dot, ReplicaId, VersionVector};

use crate::DecodeError;

/// Index and sequence: a dot, or an entry of a vector.
pub(crate) type WireDot = (u32, u64);

/// Gathers replicas while encoding.
#[derive(Debug, Default)]
pub(crate) struct ReplicaTable(Vec<ReplicaId>);

impl ReplicaTable {
    /// The index of `replica`, added where it is new. Tables are a few entries long.
    pub(crate) fn index(&mut self, replica: ReplicaId) -> u32 {
        let at = self.0.iter().position(|known| *known == replica).unwrap_or_else(|| {
            self.0.push(replica);
            self.0.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    pub(crate) fn dot(&mut self, dot: Dot) -> WireDot {
        (self.index(dot.replica), dot.seq)
    }

    pub(crate) fn vector(&mut self, vector: &VersionVector) -> Vec<WireDot> {
        vector.iter().map(|(replica, seq)| (self.index(replica), seq)).collect()
    }

    pub(crate) fn into_replicas(self) -> Vec<ReplicaId> {
        self.0
    }
}

/// Looks replicas up while decoding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replicas<'a>(pub(crate) &'a [ReplicaId]);

impl Replicas<'_> {
    pub(crate) fn get(&self, index: u32) -> Result<ReplicaId, DecodeError> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        self.0.get(at).copied().ok_or(DecodeError::Malformed { what: "replica index" })
    }

    pub(crate) fn dot(&self, (index, seq): WireDot) -> Result<Dot, DecodeError> {
        Ok(Dot::new(self.get(index)?, seq))
    }

    pub(crate) fn dots(&self, dots: &[WireDot]) -> Result<Vec<Dot>, DecodeError> {
        dots.iter().map(|dot| self.dot(*dot)).collect()
    }

    pub(crate) fn vector(&self, entries: &[WireDot]) -> Result<VersionVector, DecodeError> {
        entries.iter().map(|(index, seq)| Ok((self.get(*index)?, *seq))).collect()
    }
}
