//! Version vectors, written as entries in ascending order of replica.
//!
//! [`VersionVector`]'s own deserializer takes entries in any order and mends them, in quadratic
//! time; here whatever is not in order was written by nobody and is refused.

use tombolo_causality::{ReplicaId, VersionVector};

use crate::limits::STREAMS_MAX;
use crate::rules::{ascending, at_most, holds};
use crate::{DecodeError, EncodeError};

/// A vector that no table of replicas precedes.
pub(crate) type VectorV1 = Vec<(ReplicaId, u64)>;

const WHAT: &str = "version vector";

pub(crate) fn encode_vector(vector: &VersionVector) -> Result<VectorV1, EncodeError> {
    at_most("entries of a version vector", vector.len(), STREAMS_MAX)?;
    Ok(vector.iter().collect())
}

pub(crate) fn decode_vector(entries: VectorV1) -> Result<VersionVector, DecodeError> {
    at_most("entries of a version vector", entries.len(), STREAMS_MAX)?;
    ascending(WHAT, entries.iter().map(|(replica, _)| replica))?;
    holds(WHAT, entries.iter().all(|(_, seq)| *seq > 0))?;
    Ok(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId};

    use super::*;

    fn replica(n: u64) -> ReplicaId {
        ReplicaId::new(RegionId::new("r").unwrap(), Incarnation(n))
    }

    #[test]
    fn entries_out_of_order_twice_or_zero_are_refused() {
        let malformed = Err(DecodeError::Malformed { what: WHAT });
        assert!(decode_vector(vec![(replica(1), 5), (replica(2), 1)]).is_ok());
        assert_eq!(decode_vector(vec![(replica(2), 1), (replica(1), 5)]), malformed);
        assert_eq!(decode_vector(vec![(replica(1), 1), (replica(1), 5)]), malformed);
        assert_eq!(decode_vector(vec![(replica(1), 0)]), malformed);
    }

    #[test]
    fn both_sides_draw_the_line_at_the_same_entry() {
        let entries = |n: u64| (1..=n).map(|n| (replica(n), 1)).collect::<Vec<_>>();
        let full: VersionVector = entries(1024).into_iter().collect();
        assert_eq!(decode_vector(encode_vector(&full).unwrap()), Ok(full));
        let over: VersionVector = entries(1025).into_iter().collect();
        let (what, actual, max) = ("entries of a version vector", 1025, 1024);
        assert_eq!(encode_vector(&over), Err(EncodeError::TooLarge { what, actual, max }));
        let refused = Err(DecodeError::TooLarge { what, actual, max });
        assert_eq!(decode_vector(entries(1025)), refused);
    }
}
