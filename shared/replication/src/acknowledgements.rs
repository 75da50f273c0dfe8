//! Who is known to hold what, and whether that is enough.
//!
//! A peer says itself what it has durably and shows; where the way to it is cut, others pass on
//! what it has told them. Both only ever grow while the peer is the same incarnation; one that
//! begins anew is believed anew.
//!
//! A change that a peer has set aside it has and does not show, so nobody counts it as a holder. It
//! names them before it acknowledges them, and a greeting, which comes before both, counts only
//! towards what the peer has. Others pass on what it shows up to before the first of them: of a
//! peer that cannot be heard rather too little is known than too much.

use std::collections::BTreeSet;

use tombolo_causality::{Dot, ReplicaId, VersionVector};

use crate::Exceptions;
use crate::exceptions::before;

/// What one peer is known to have, durably, and to show.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Who it was when it was last connected.
    replica: Option<ReplicaId>,
    /// What it has said itself that it has.
    direct: VersionVector,
    /// What it has acknowledged after it had named what it does not show of it.
    acknowledged: VersionVector,
    /// What it has set aside, and who it was when it said so.
    set_aside: (Option<ReplicaId>, BTreeSet<Dot>),
    /// Who it is to others, and what it has said to them.
    relayed: Option<(ReplicaId, VersionVector)>,
}

/// Whether the peer itself can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// It speaks for itself.
    Direct,
    /// The way to it is cut.
    Cut,
}

impl Known {
    /// A connection begins: the peer is `replica` and has `vector`, which is less than before where
    /// it has lost its directory.
    pub fn begins(&mut self, replica: ReplicaId, vector: &VersionVector) {
        if self.relayed.as_ref().is_some_and(|(holder, _)| *holder != replica) {
            self.relayed = None;
        }
        if self.replica.is_some_and(|before| before != replica) {
            self.acknowledged = VersionVector::new();
        }
        self.replica = Some(replica);
        self.direct.clone_from(vector);
        self.acknowledged.meet(vector);
    }

    /// The peer calls, and has `vector`; what of it is shown there, it has yet to say.
    pub fn greets(&mut self, vector: &VersionVector) {
        self.direct.join(vector);
    }

    /// The peer, as `replica`, has set `dots` aside, which is all that it has. In one life that only
    /// grows, whichever of its connections says so first; another life has a list of its own. As many
    /// are remembered as a region sets aside.
    pub fn sets_aside(&mut self, replica: ReplicaId, dots: &[Dot]) {
        let (who, known) = &mut self.set_aside;
        if *who != Some(replica) {
            *who = Some(replica);
            known.clear();
        }
        for dot in dots {
            if known.len() < Exceptions::CHANGES_MAX {
                known.insert(*dot);
            }
        }
    }

    /// The peer acknowledges `vector`: it has all of it, and shows what it has not set aside;
    /// answers whether that is news.
    pub fn says(&mut self, vector: &VersionVector) -> bool {
        let is_news = !self.acknowledged.descends(vector);
        self.direct.join(vector);
        self.acknowledged.join(vector);
        is_news
    }

    /// Somebody says that the peer is `replica` and has `vector`; answers whether that is news.
    pub fn is_said(
        &mut self,
        contact: Contact,
        replica: ReplicaId,
        vector: &VersionVector,
    ) -> bool {
        if contact == Contact::Direct && self.replica != Some(replica) {
            // Of an earlier life, which the peer itself knows better.
            return false;
        }
        match &mut self.relayed {
            Some((holder, known)) if *holder == replica => {
                let is_news = !known.descends(vector);
                known.join(vector);
                is_news
            }
            relayed => {
                *relayed = Some((replica, vector.clone()));
                true
            }
        }
    }

    /// What the peer has said itself.
    pub fn direct(&self) -> &VersionVector {
        &self.direct
    }

    /// Whether the peer has `dot` and shows it, whoever said so.
    pub fn contains(&self, dot: &Dot) -> bool {
        let relayed = self.relayed.as_ref();
        !self.set_aside.1.contains(dot)
            && (self.acknowledged.contains(dot)
                || relayed.is_some_and(|(_, vector)| vector.contains(dot)))
    }

    /// All that the peer is known to have.
    pub fn vector(&self) -> VersionVector {
        let mut vector = self.direct.clone();
        if let Some((_, relayed)) = &self.relayed {
            vector.join(relayed);
        }
        vector
    }

    /// What others may be told of the peer: who it is, and what it has and shows.
    pub fn to_pass_on(&self) -> Option<(ReplicaId, VersionVector)> {
        match &self.relayed {
            Some((holder, vector)) if Some(*holder) != self.replica => {
                Some((*holder, vector.clone()))
            }
            relayed => {
                let mut vector = before(&self.acknowledged, &self.set_aside.1);
                if let Some((_, relayed)) = relayed {
                    vector.join(relayed);
                }
                Some((self.replica?, vector))
            }
        }
    }
}

/// A write that is to be held by several regions before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteConcern {
    /// How many regions must have it durably and show it, this one included.
    pub regions_min: usize,
    /// Until when that is waited for, in monotonic ms.
    pub until_ms: u64,
}

/// How far a write concern has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Enough regions hold the write.
    Met,
    /// Not yet: look again when a region has acknowledged something, or at this time.
    Wait {
        /// When the wait ends, in monotonic ms.
        until_ms: u64,
    },
    /// Not in time. The write stays.
    Unmet,
}

impl WriteConcern {
    /// How far it has come, where `holders` regions are known to hold the write.
    pub fn progress(&self, now_ms: u64, holders: usize) -> Progress {
        if holders >= self.regions_min {
            Progress::Met
        } else if now_ms < self.until_ms {
            Progress::Wait { until_ms: self.until_ms }
        } else {
            Progress::Unmet
        }
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId};

    use super::*;

    fn replica(region: &str, incarnation: u64) -> ReplicaId {
        ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(incarnation))
    }

    fn vector(seq: u64) -> VersionVector {
        [(replica("a", 1), seq)].into_iter().collect()
    }

    fn dot(seq: u64) -> Dot {
        Dot::new(replica("a", 1), seq)
    }

    #[test]
    fn what_a_peer_says_and_what_is_said_of_it_count_alike() {
        let mut known = Known::default();
        known.begins(replica("c", 1), &vector(3));
        assert!(known.says(&vector(4)) && !known.says(&vector(4)));
        assert!(known.contains(&dot(4)) && !known.contains(&dot(5)));
        assert!(known.is_said(Contact::Cut, replica("c", 1), &vector(7)));
        assert!(!known.is_said(Contact::Direct, replica("c", 1), &vector(6)));
        assert!(known.contains(&dot(7)) && !known.contains(&dot(8)));
        assert_eq!((known.direct(), known.vector()), (&vector(4), vector(7)));
        assert_eq!(known.to_pass_on(), Some((replica("c", 1), vector(7))));
    }

    #[test]
    fn a_greeting_counts_once_it_is_acknowledged() {
        let mut known = Known::default();
        known.begins(replica("c", 1), &vector(3));
        known.greets(&vector(5));
        assert!(!known.contains(&dot(1)));
        assert_eq!(known.to_pass_on(), Some((replica("c", 1), VersionVector::new())));
        assert_eq!(known.direct(), &vector(5));
        assert!(known.says(&vector(5)) && known.contains(&dot(5)));
        // The same life on another connection: what it acknowledged stands.
        known.begins(replica("c", 1), &vector(6));
        assert!(known.contains(&dot(5)) && !known.contains(&dot(6)));
        // Less than before, in the same life, is believed.
        known.begins(replica("c", 1), &vector(2));
        assert!(known.contains(&dot(2)) && !known.contains(&dot(3)));
    }

    #[test]
    fn nobody_counts_a_holder_of_what_it_has_set_aside() {
        let mut known = Known::default();
        known.begins(replica("c", 1), &vector(3));
        known.sets_aside(replica("c", 1), &[dot(4)]);
        known.sets_aside(replica("c", 1), &[]);
        known.says(&vector(6));
        assert!([3, 5, 6].iter().all(|seq| known.contains(&dot(*seq))));
        assert!(!known.contains(&dot(4)));
        // It has it all the same, and need not be sent it again.
        assert_eq!((known.direct(), known.vector()), (&vector(6), vector(6)));
        assert_eq!(known.to_pass_on(), Some((replica("c", 1), vector(3))));
        // Whoever has been told less, or more, does not count it either.
        known.is_said(Contact::Cut, replica("c", 1), &vector(9));
        assert!(!known.contains(&dot(4)) && known.contains(&dot(9)));
        // Another life speaks for itself, also before this region has dialled it.
        known.sets_aside(replica("c", 2), &[dot(2)]);
        known.begins(replica("c", 2), &vector(4));
        known.says(&vector(4));
        assert!(known.contains(&dot(4)) && !known.contains(&dot(2)));
    }

    #[test]
    fn no_more_is_remembered_as_set_aside_than_a_region_sets_aside() {
        let mut known = Known::default();
        let dots: Vec<_> = (1..=2_000).map(dot).collect();
        known.sets_aside(replica("c", 1), &dots);
        known.sets_aside(replica("c", 1), &dots[1_500..]);
        assert_eq!(known.set_aside.1.len(), Exceptions::CHANGES_MAX);
    }

    #[test]
    fn of_a_peer_that_never_spoke_what_others_say_is_known() {
        let mut known = Known::default();
        assert_eq!(known.to_pass_on(), None);
        assert!(known.is_said(Contact::Cut, replica("c", 1), &vector(2)));
        assert!(known.contains(&dot(2)) && known.direct().is_empty());
        assert_eq!(known.to_pass_on(), Some((replica("c", 1), vector(2))));
    }

    #[test]
    fn a_peer_that_has_lost_its_directory_is_believed_anew() {
        let mut known = Known::default();
        known.begins(replica("c", 1), &vector(9));
        known.is_said(Contact::Cut, replica("c", 1), &vector(9));
        known.begins(replica("c", 2), &vector(1));
        assert!(known.says(&vector(1)));
        assert!(known.contains(&dot(1)) && !known.contains(&dot(2)));
        // Somebody has not heard of it yet.
        assert!(!known.is_said(Contact::Direct, replica("c", 1), &vector(9)));
        assert!(!known.contains(&dot(2)));
        assert_eq!(known.to_pass_on(), Some((replica("c", 2), vector(1))));
    }

    #[test]
    fn while_it_cannot_be_heard_others_say_that_it_began_anew() {
        let mut known = Known::default();
        known.begins(replica("c", 1), &vector(9));
        assert!(known.is_said(Contact::Cut, replica("c", 2), &vector(10)));
        assert_eq!(known.to_pass_on(), Some((replica("c", 2), vector(10))));
    }

    #[test]
    fn a_concern_is_met_waited_for_or_given_up() {
        let concern = WriteConcern { regions_min: 2, until_ms: 100 };
        assert_eq!(concern.progress(0, 1), Progress::Wait { until_ms: 100 });
        assert_eq!(concern.progress(99, 2), Progress::Met);
        assert_eq!(concern.progress(100, 1), Progress::Unmet);
        assert_eq!(concern.progress(100, 3), Progress::Met);
    }
}
