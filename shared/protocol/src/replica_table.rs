//! The replicas that one encoding names, each written once and then called by its index.

use tombolo_causality::{Dot, ReplicaId, VersionVector};

use crate::limits::STREAMS_MAX;
use crate::rules::{at_most, holds};
use crate::vector::decode_vector;
use crate::{DecodeError, EncodeError};

/// Index and sequence: a dot, or an entry of a vector.
pub(crate) type WireDot = (u32, u64);

const TABLE: &str = "replicas of one encoding";

/// Gathers replicas while encoding.
#[derive(Debug, Default)]
pub(crate) struct ReplicaTable(Vec<ReplicaId>);

impl ReplicaTable {
    /// The index of `replica`, added where it is new. Tables are a few entries long.
    pub(crate) fn index(&mut self, replica: ReplicaId) -> Result<u32, EncodeError> {
        let at = self.0.iter().position(|known| *known == replica).unwrap_or_else(|| {
            self.0.push(replica);
            self.0.len() - 1
        });
        at_most(TABLE, self.0.len(), STREAMS_MAX)?;
        let too_large = |_| EncodeError::TooLarge { what: TABLE, actual: at, max: STREAMS_MAX };
        u32::try_from(at).map_err(too_large)
    }

    pub(crate) fn dot(&mut self, dot: Dot) -> Result<WireDot, EncodeError> {
        holds("dot", dot.seq > 0)?;
        Ok((self.index(dot.replica)?, dot.seq))
    }

    pub(crate) fn vector(&mut self, vector: &VersionVector) -> Result<Vec<WireDot>, EncodeError> {
        vector.iter().map(|(replica, seq)| Ok((self.index(replica)?, seq))).collect()
    }

    pub(crate) fn into_replicas(self) -> Vec<ReplicaId> {
        self.0
    }
}

/// Looks replicas up while decoding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replicas<'a>(&'a [ReplicaId]);

impl<'a> Replicas<'a> {
    pub(crate) fn new(replicas: &'a [ReplicaId]) -> Result<Self, DecodeError> {
        at_most(TABLE, replicas.len(), STREAMS_MAX)?;
        Ok(Self(replicas))
    }

    pub(crate) fn get(&self, index: u32) -> Result<ReplicaId, DecodeError> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        self.0.get(at).copied().ok_or(DecodeError::Malformed { what: "replica index" })
    }

    /// Sequences begin at 1.
    pub(crate) fn dot(&self, (index, seq): WireDot) -> Result<Dot, DecodeError> {
        holds("dot", seq > 0)?;
        Ok(Dot::new(self.get(index)?, seq))
    }

    pub(crate) fn dots(&self, dots: &[WireDot]) -> Result<Vec<Dot>, DecodeError> {
        dots.iter().map(|dot| self.dot(*dot)).collect()
    }

    pub(crate) fn vector(&self, entries: &[WireDot]) -> Result<VersionVector, DecodeError> {
        let entries = entries.iter().map(|(index, seq)| Ok((self.get(*index)?, *seq)));
        decode_vector(entries.collect::<Result<_, DecodeError>>()?)
    }
}
