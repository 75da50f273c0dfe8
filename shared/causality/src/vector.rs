//! A version vector: what is known, per replica.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Dot, ReplicaId};

/// The highest sequence known, per replica; a replica that is absent is known up to 0.
///
/// Kept sorted and without zeros, so equal knowledge has equal bytes. Vectors are a few entries
/// long: a sorted slice beats a tree.
///
/// "Detection of Mutual Inconsistency in Distributed Systems", Parker et al., 1983.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(ReplicaId, u64)>")]
pub struct VersionVector(Vec<(ReplicaId, u64)>);

impl VersionVector {
    /// Knows nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The highest sequence known of `replica`.
    pub fn get(&self, replica: &ReplicaId) -> u64 {
        self.position(replica).map_or(0, |at| self.0[at].1)
    }

    /// Whether `dot` is known.
    pub fn contains(&self, dot: &Dot) -> bool {
        dot.seq <= self.get(&dot.replica)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many replicas are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Raises what is known of `replica` to `seq`; never lowers it.
    pub fn raise(&mut self, replica: ReplicaId, seq: u64) {
        if seq == 0 {
            return;
        }
        match self.position(&replica) {
            Ok(at) => self.0[at].1 = self.0[at].1.max(seq),
            Err(at) => self.0.insert(at, (replica, seq)),
        }
    }

    /// Learns `dot`. That nothing before it is missing is the caller's to know.
    pub fn learn(&mut self, dot: Dot) {
        self.raise(dot.replica, dot.seq);
    }

    /// Learns all that `other` knows: the least upper bound.
    pub fn join(&mut self, other: &Self) {
        // Both are in order, and mostly of the same replicas: one pass, and a search where not.
        let mut at = 0;
        for (replica, seq) in other.iter() {
            while self.0.get(at).is_some_and(|(here, _)| *here < replica) {
                at += 1;
            }
            match self.0.get_mut(at) {
                Some((here, known)) if *here == replica => *known = seq.max(*known),
                _ => self.0.insert(at, (replica, seq)),
            }
        }
    }

    /// Whether all that `other` knows is known here too (equal vectors descend each other).
    pub fn descends(&self, other: &Self) -> bool {
        let mut here = self.0.iter();
        other.iter().all(|(replica, seq)| {
            let known = here.find(|(here, _)| *here >= replica);
            known.is_some_and(|(here, known)| *here == replica && seq <= *known)
        })
    }

    /// What both know: the greatest lower bound.
    pub fn meet(&mut self, other: &Self) {
        self.0.retain_mut(|(replica, seq)| {
            *seq = other.get(replica).min(*seq);
            *seq > 0
        });
    }

    /// Whether this one knows all that `other` does, and more.
    pub fn strictly_descends(&self, other: &Self) -> bool {
        self.descends(other) && self != other
    }

    /// Whether each knows what the other does not.
    pub fn is_concurrent_with(&self, other: &Self) -> bool {
        !self.descends(other) && !other.descends(self)
    }

    /// The entries, by replica.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ReplicaId, u64)> + '_ {
        self.0.iter().copied()
    }

    fn position(&self, replica: &ReplicaId) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(replica))
    }
}

impl FromIterator<(ReplicaId, u64)> for VersionVector {
    fn from_iter<I: IntoIterator<Item = (ReplicaId, u64)>>(entries: I) -> Self {
        let mut vector = Self::new();
        for (replica, seq) in entries {
            vector.raise(replica, seq);
        }
        vector
    }
}

/// Entries from outside may come in any order, twice or with zeros; what the type promises is
/// restored.
impl From<Vec<(ReplicaId, u64)>> for VersionVector {
    fn from(entries: Vec<(ReplicaId, u64)>) -> Self {
        let in_order = entries.is_sorted_by(|(before, _), (after, _)| before < after);
        if in_order && entries.iter().all(|(_, seq)| *seq > 0) {
            return Self(entries);
        }
        entries.into_iter().collect()
    }
}

impl fmt::Debug for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Incarnation, RegionId};

    fn replica(n: u64) -> ReplicaId {
        ReplicaId::new(RegionId::new("r").unwrap(), Incarnation(n))
    }

    fn vectors() -> impl Strategy<Value = VersionVector> {
        prop::collection::vec((0..4_u64, 0..4_u64), 0..5)
            .prop_map(|entries| entries.into_iter().map(|(r, s)| (replica(r), s)).collect())
    }

    fn joined(a: &VersionVector, b: &VersionVector) -> VersionVector {
        let mut out = a.clone();
        out.join(b);
        out
    }

    proptest! {
        #[test]
        fn join_is_the_least_upper_bound(a in vectors(), b in vectors(), c in vectors()) {
            let ab = joined(&a, &b);
            prop_assert!(ab.descends(&a) && ab.descends(&b));
            prop_assert_eq!(&ab, &joined(&b, &a));
            prop_assert_eq!(joined(&ab, &c), joined(&a, &joined(&b, &c)));
            prop_assert_eq!(&joined(&ab, &ab), &ab);
            if c.descends(&a) && c.descends(&b) {
                prop_assert!(c.descends(&ab));
            }
        }

        #[test]
        fn meet_is_the_greatest_lower_bound(a in vectors(), b in vectors(), c in vectors()) {
            let mut met = a.clone();
            met.meet(&b);
            prop_assert!(a.descends(&met) && b.descends(&met));
            if a.descends(&c) && b.descends(&c) {
                prop_assert!(met.descends(&c));
            }
            prop_assert!(met.iter().all(|(_, seq)| seq > 0));
        }

        #[test]
        fn exactly_one_relation_holds(a in vectors(), b in vectors()) {
            let relations = [
                a == b,
                a.strictly_descends(&b),
                b.strictly_descends(&a),
                a.is_concurrent_with(&b),
            ];
            prop_assert_eq!(relations.iter().filter(|holds| **holds).count(), 1);
        }

        #[test]
        fn equal_knowledge_is_equal_whatever_the_order(mut entries in
            prop::collection::vec((0..4_u64, 0..4_u64), 0..6)) {
            let build = |entries: &[(u64, u64)]| -> VersionVector {
                entries.iter().map(|(r, s)| (replica(*r), *s)).collect()
            };
            let forwards = build(&entries);
            entries.reverse();
            prop_assert_eq!(forwards, build(&entries));
        }
    }

    #[test]
    fn zero_is_never_an_entry() {
        let mut vector = VersionVector::new();
        vector.raise(replica(1), 0);
        assert!(vector.is_empty());
    }
}
