//! How far the streams of a region that was removed have come, once nobody takes them from it.

use std::collections::BTreeMap;

use tombolo_causality::{RegionId, ReplicaId, VersionVector};

/// What the members that stay have of a region that was removed.
///
/// Each has let nothing more of it in since it applied the removal, so the end of a stream is the
/// highest that any of them has; the others get what they lack from those, as from anybody who has
/// what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Levelling {
    /// Where its streams end.
    pub ends: BTreeMap<ReplicaId, u64>,
    /// Who has less.
    pub behind: Vec<RegionId>,
}

impl Levelling {
    /// How the members, who have `vectors`, stand with what `removed` has left.
    pub fn of(removed: RegionId, vectors: &[(RegionId, VersionVector)]) -> Self {
        let mut ends = BTreeMap::new();
        let left = vectors.iter().flat_map(|(_, vector)| vector.iter());
        for (replica, seq) in left.filter(|(replica, _)| replica.region == removed) {
            let end = ends.entry(replica).or_insert(seq);
            *end = seq.max(*end);
        }
        let lacks = |vector: &VersionVector| ends.iter().any(|(r, seq)| vector.get(r) < *seq);
        let behind = vectors.iter().filter(|(_, vector)| lacks(vector));
        Self { behind: behind.map(|(region, _)| *region).collect(), ends }
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::Incarnation;

    use super::*;

    fn region(name: &str) -> RegionId {
        RegionId::new(name).unwrap()
    }

    fn replica(name: &str, life: u64) -> ReplicaId {
        ReplicaId::new(region(name), Incarnation(life))
    }

    #[test]
    fn a_stream_ends_where_the_furthest_member_has_it_and_the_others_are_behind() {
        let a = [(replica("x", 1), 7), (replica("a", 1), 99)].into_iter().collect();
        let b = [(replica("x", 1), 9), (replica("x", 2), 1)].into_iter().collect();
        let c = [(replica("x", 1), 9), (replica("x", 2), 1)].into_iter().collect();
        let vectors = [(region("a"), a), (region("b"), b), (region("c"), c)];
        let levelling = Levelling::of(region("x"), &vectors);
        let ends = [(replica("x", 1), 9), (replica("x", 2), 1)].into();
        assert_eq!(levelling, Levelling { ends, behind: vec![region("a")] });
        let level = Levelling::of(region("x"), &vectors[1..]);
        assert!(level.behind.is_empty() && level.ends.len() == 2);
        assert_eq!(Levelling::of(region("y"), &vectors), Levelling::default());
    }
}
