//! Changes that a region has and cannot apply: set aside, named, and counted by nobody.
//!
//! Such a change is journaled as it came, its stream goes on behind it, and what depends on it is
//! applied as far as it can be. All of it is set aside or none: what is atomic for readers stays so.
//! The same changes in the same order set the same aside, so a replay finds what was decided live.
//! Beyond [`Exceptions::CHANGES_MAX`] no more are taken in.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use tombolo_causality::{Dot, VersionVector};

/// Why a change could not be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SetAside {
    /// A delta is of another data type than its table.
    WrongType,
    /// It names a write that its author had not seen: where that has arrived already, and where it
    /// has not, it would come to different things.
    Unseen,
    /// It defines a table where there are as many as there may be.
    TooManyTables,
}

impl SetAside {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::WrongType, Self::Unseen, Self::TooManyTables];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongType => "wrong_type",
            Self::Unseen => "unseen",
            Self::TooManyTables => "too_many_tables",
        }
    }
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The changes that a region has set aside. They only grow in number.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exceptions(BTreeMap<Dot, SetAside>);

impl Exceptions {
    /// How many changes a region sets aside.
    pub const CHANGES_MAX: usize = 1_000;

    /// Whether there is room for no more.
    pub fn is_full(&self) -> bool {
        self.0.len() >= Self::CHANGES_MAX
    }

    /// Adds a change.
    pub fn add(&mut self, dot: Dot, reason: SetAside) {
        self.0.insert(dot, reason);
    }

    /// Whether a change was set aside.
    pub fn contains(&self, dot: &Dot) -> bool {
        self.0.contains_key(dot)
    }

    /// How many of `within` are set aside here or by who has set `theirs` aside, and not by both.
    pub fn differing(&self, theirs: &[Dot], within: &VersionVector) -> usize {
        let theirs: BTreeSet<_> = theirs.iter().filter(|dot| within.contains(dot)).collect();
        let ours: BTreeSet<_> = self.0.keys().filter(|dot| within.contains(dot)).collect();
        ours.symmetric_difference(&theirs).count()
    }

    /// Their names, ascending.
    pub fn dots(&self) -> impl ExactSizeIterator<Item = Dot> + '_ {
        self.0.keys().copied()
    }

    /// All of them, by dot.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Dot, SetAside)> + '_ {
        self.0.iter().map(|(dot, reason)| (*dot, *reason))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Dot, SetAside)> for Exceptions {
    fn from_iter<I: IntoIterator<Item = (Dot, SetAside)>>(exceptions: I) -> Self {
        Self(exceptions.into_iter().collect())
    }
}

/// `vector` as far as it says nothing of `dots`: each stream up to before the first of them.
pub(crate) fn before<'a>(
    vector: &VersionVector,
    dots: impl IntoIterator<Item = &'a Dot>,
) -> VersionVector {
    let mut ends = BTreeMap::new();
    for Dot { replica, seq } in dots {
        let end = ends.entry(*replica).or_insert(*seq);
        *end = (*end).min(*seq);
    }
    let cut = vector.iter().map(|(replica, seq)| {
        let last = ends.get(&replica).map_or(u64::MAX, |first| first.saturating_sub(1));
        (replica, seq.min(last))
    });
    cut.collect()
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    use super::*;

    fn replica(region: &str) -> ReplicaId {
        ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(1))
    }

    #[test]
    fn a_vector_ends_before_the_first_of_each_stream() {
        let [a, b, c] = ["a", "b", "c"].map(replica);
        let vector: VersionVector = [(a, 9), (b, 4), (c, 2)].into_iter().collect();
        let dots = [Dot::new(a, 7), Dot::new(a, 5), Dot::new(b, 1), Dot::new(c, 3)];
        assert_eq!(before(&vector, &dots), [(a, 4), (c, 2)].into_iter().collect());
        assert_eq!(before(&vector, &[]), vector);
    }

    #[test]
    fn what_only_one_has_set_aside_differs_where_both_have_it() {
        let [a, b] = ["a", "b"].map(replica);
        let exceptions = |dots: &[Dot]| -> Exceptions {
            dots.iter().map(|dot| (*dot, SetAside::Unseen)).collect()
        };
        let (one, two, three) = (Dot::new(a, 1), Dot::new(a, 2), Dot::new(b, 7));
        let within: VersionVector = [(a, 2), (b, 6)].into_iter().collect();
        for (ours, theirs, differing) in [
            (&[][..], &[][..], 0),
            (&[one, two], &[one, two], 0),
            (&[one], &[two], 2),
            (&[], &[one], 1),
            (&[one], &[], 1),
            // The other has not come to it yet.
            (&[three], &[], 0),
            (&[], &[three], 0),
        ] {
            assert_eq!(
                exceptions(ours).differing(theirs, &within),
                differing,
                "{ours:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn names_are_told_apart() {
        let names = SetAside::ALL.map(SetAside::name);
        assert_eq!(names, ["wrong_type", "unseen", "too_many_tables"]);
    }
}
