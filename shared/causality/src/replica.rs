//! A replica: one life of one partition of one region's data.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{RegionId, RegionIdError};

/// The random nonce of one life of a region's data directory.
///
/// A new one is minted whenever the directory may have forgotten something that others have seen,
/// so that one (replica, sequence) never names two payloads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Incarnation(pub u64);

/// One of the leaders among which a region's keys are divided; 0 where there is one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Partition(pub u16);

/// A writer in a version vector: (region, incarnation, partition).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaId {
    /// Where it writes.
    pub region: RegionId,
    /// Which life of that region's data.
    pub incarnation: Incarnation,
    /// Which of the region's leaders.
    pub partition: Partition,
}

/// Why a text does not name a replica.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseReplicaError {
    /// Not of the form `region:incarnation:partition`.
    #[error("a replica is written region:incarnation:partition, the incarnation in 16 hex digits")]
    Form,
    /// The region's name is none.
    #[error(transparent)]
    Region(#[from] RegionIdError),
}

impl ReplicaId {
    /// The replica of partition 0.
    pub fn new(region: RegionId, incarnation: Incarnation) -> Self {
        Self { region, incarnation, partition: Partition::default() }
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `us-east:0123456789abcdef:0`
impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.region, self.incarnation, self.partition.0)
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReplicaId {
    type Err = ParseReplicaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':');
        let (Some(region), Some(nonce), Some(partition), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ParseReplicaError::Form);
        };
        if nonce.len() != 16 {
            return Err(ParseReplicaError::Form);
        }
        let nonce = u64::from_str_radix(nonce, 16).map_err(|_| ParseReplicaError::Form)?;
        let partition = partition.parse().map_err(|_| ParseReplicaError::Form)?;
        Ok(Self {
            region: RegionId::new(region)?,
            incarnation: Incarnation(nonce),
            partition: Partition(partition),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_replica_are_each_others_inverse() {
        let replica = ReplicaId::new(RegionId::new("eu-west").unwrap(), Incarnation(0xa1));
        assert_eq!(replica.to_string(), "eu-west:00000000000000a1:0");
        assert_eq!(replica.to_string().parse(), Ok(replica));
        for text in ["", "eu-west", "eu-west:a1:0", "eu-west:00000000000000a1:0:0"] {
            assert_eq!(text.parse::<ReplicaId>(), Err(ParseReplicaError::Form), "{text}");
        }
    }
}
