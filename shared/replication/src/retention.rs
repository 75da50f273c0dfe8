//! Retention: how much of the journal is kept, and for whom.
//!
//! A segment is kept until its changes are in redb and every peer has acknowledged them. Past the
//! limit of the journal's size the log moves on all the same, so that nothing local ever blocks
//! because a peer is away; that peer then needs a snapshot.

use tombolo_causality::VersionVector;

/// A closed segment of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// Its size on disk.
    pub bytes: u64,
    /// What the region had applied at its end.
    pub end: VersionVector,
}

/// The number before which segments may go.
///
/// `segments` are the closed ones, oldest first; `open` is the number of the one being written and
/// `open_bytes` its size. Everything before `materialized` is in redb. `acknowledged` is what each
/// peer has durably.
pub fn release_before(
    segments: &[Segment],
    open: u64,
    open_bytes: u64,
    materialized: u64,
    acknowledged: &[VersionVector],
    journal_bytes_max: u64,
) -> u64 {
    let mut kept_bytes: u64 = open_bytes + segments.iter().map(|s| s.bytes).sum::<u64>();
    for segment in segments {
        if segment.number >= materialized {
            return segment.number;
        }
        let everyone_has_it = acknowledged.iter().all(|vector| vector.descends(&segment.end));
        if !everyone_has_it && kept_bytes <= journal_bytes_max {
            return segment.number;
        }
        kept_bytes -= segment.bytes;
    }
    open.min(materialized)
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    use super::*;

    fn upto(seq: u64) -> VersionVector {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        [(replica, seq)].into_iter().collect()
    }

    fn segments() -> Vec<Segment> {
        (1..=3).map(|n| Segment { number: n, bytes: 10, end: upto(n * 100) }).collect()
    }

    #[test]
    fn what_every_peer_has_acknowledged_may_go() {
        let peers = [upto(250), upto(300)];
        assert_eq!(release_before(&segments(), 4, 10, 4, &peers, 1_000), 3);
        assert_eq!(release_before(&segments(), 4, 10, 4, &[], 1_000), 4);
    }

    #[test]
    fn past_the_limit_the_log_moves_on_without_the_slowest() {
        let peers = [upto(0), upto(300)];
        assert_eq!(release_before(&segments(), 4, 10, 4, &peers, 40), 1);
        assert_eq!(release_before(&segments(), 4, 10, 4, &peers, 39), 2);
        assert_eq!(release_before(&segments(), 4, 10, 4, &peers, 0), 4);
    }

    #[test]
    fn what_is_not_in_redb_never_goes() {
        let peers = [upto(300)];
        assert_eq!(release_before(&segments(), 4, 10, 2, &peers, 0), 2);
        assert_eq!(release_before(&segments(), 4, 10, 1, &peers, 0), 1);
    }
}
