//! What must be seen to before another region's whole state of an item is joined.
//!
//! Joining takes for granted that a change says the same wherever it is told of. Damage can make
//! that untrue; of two states that tell differently of one write each would keep its own for ever.
//! So they are first made to tell the same: what the write's author says, where one of the sides
//! can speak for it. Nobody else can know.
//!
//! What only one side tells of needs nothing: there the join decides by the contexts.

use tombolo_causality::{HybridTimestamp, ReplicaId};

use crate::{Entry, ItemState, Live, TypeState};

/// One of two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This region's.
    Ours,
    /// The other region's.
    Theirs,
}

/// Two states still tell differently of some write, and neither side speaks for its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disputed;

impl ItemState {
    /// Makes both states tell the same of what both tell of. `speaks` says which side is right about
    /// the writes of a replica; nothing where neither can know.
    ///
    /// Where it answers an error, some of it may have been done all the same.
    pub fn settle(
        &mut self,
        other: &mut Self,
        speaks: impl Fn(&ReplicaId) -> Option<Side>,
    ) -> Result<(), Disputed> {
        self.learn_own_dots();
        other.learn_own_dots();
        let (context, other_context) = (self.context.clone(), other.context.clone());
        match (&mut self.value, &mut other.value) {
            (TypeState::Register(ours), TypeState::Register(theirs)) => {
                // What lives on one side may be kept on the other.
                let all =
                    |state: &crate::RegisterState| -> Vec<_> { state.writes().cloned().collect() };
                let (mut of_ours, mut of_theirs) = (all(ours), all(theirs));
                settle_entries(&mut of_ours, &mut of_theirs, &speaks)?;
                let told = |entries: Vec<Entry<_>>, state: &mut crate::RegisterState| {
                    let (kept, live) = entries.into_iter().partition::<Vec<_>, _>(|entry| {
                        state.kept.as_ref().is_some_and(|kept| kept.dot == entry.dot)
                    });
                    state.live = Live::from_entries(live);
                    state.kept = kept.into_iter().next().map(Box::new);
                };
                told(of_ours, ours);
                told(of_theirs, theirs);
            }
            (TypeState::Counter(ours), TypeState::Counter(theirs)) => {
                settle_live(&mut ours.live, &mut theirs.live, &speaks)?;
                for (replica, total) in &mut ours.totals {
                    // What a replica added is a function of how much of it was seen. Where one side
                    // has nothing of it, the join takes the other's.
                    let alike = context.get(replica) == other_context.get(replica);
                    let Some(of_theirs) = theirs.totals.get_mut(replica).filter(|_| alike) else {
                        continue;
                    };
                    settle_one(total, of_theirs, || speaks(replica))?;
                }
            }
            (TypeState::Set(ours), TypeState::Set(theirs)) => {
                settle_live(&mut ours.live, &mut theirs.live, &speaks)?;
                for (element, live) in &mut ours.elements {
                    if let Some(of_theirs) = theirs.elements.get_mut(element) {
                        settle_live(live, of_theirs, &speaks)?;
                    }
                }
            }
            (TypeState::Flag(ours), TypeState::Flag(theirs)) => {
                settle_live(&mut ours.live, &mut theirs.live, &speaks)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The largest stamp that it tells of.
    pub fn latest_stamp(&self) -> Option<HybridTimestamp> {
        fn latest<T>(live: &Live<T>) -> Option<HybridTimestamp> {
            live.latest().map(|entry| entry.stamp)
        }
        match &self.value {
            TypeState::Register(register) => register.writes().map(|write| write.stamp).max(),
            TypeState::Counter(counter) => latest(&counter.live),
            TypeState::Set(set) => {
                set.elements.values().filter_map(latest).chain(latest(&set.live)).max()
            }
            TypeState::Flag(flag) => latest(&flag.live),
        }
    }

    /// A state has seen what it tells of. Where one has lost that, a join would tell of it twice.
    fn learn_own_dots(&mut self) {
        fn learn<T>(live: &Live<T>, into: &mut tombolo_causality::VersionVector) {
            live.iter().for_each(|entry| into.learn(entry.dot));
        }
        let context = &mut self.context;
        match &self.value {
            TypeState::Register(register) => {
                register.writes().for_each(|write| context.learn(write.dot));
            }
            TypeState::Counter(counter) => learn(&counter.live, context),
            TypeState::Set(set) => {
                learn(&set.live, context);
                set.elements.values().for_each(|live| learn(live, context));
            }
            TypeState::Flag(flag) => learn(&flag.live, context),
        }
    }
}

fn settle_live<T: Clone + PartialEq>(
    ours: &mut Live<T>,
    theirs: &mut Live<T>,
    speaks: &impl Fn(&ReplicaId) -> Option<Side>,
) -> Result<(), Disputed> {
    if ours == theirs {
        return Ok(());
    }
    let all = |live: &Live<T>| -> Vec<Entry<T>> { live.iter().cloned().collect() };
    let (mut of_ours, mut of_theirs) = (all(ours), all(theirs));
    settle_entries(&mut of_ours, &mut of_theirs, speaks)?;
    *ours = Live::from_entries(of_ours);
    *theirs = Live::from_entries(of_theirs);
    Ok(())
}

fn settle_entries<T: Clone + PartialEq>(
    ours: &mut [Entry<T>],
    theirs: &mut [Entry<T>],
    speaks: &impl Fn(&ReplicaId) -> Option<Side>,
) -> Result<(), Disputed> {
    ours.sort_by_key(|entry| entry.dot);
    theirs.sort_by_key(|entry| entry.dot);
    for entry in ours {
        let Ok(at) = theirs.binary_search_by_key(&entry.dot, |theirs| theirs.dot) else { continue };
        let replica = entry.dot.replica;
        settle_one(entry, &mut theirs[at], || speaks(&replica))?;
    }
    Ok(())
}

fn settle_one<T: Clone + PartialEq>(
    ours: &mut T,
    theirs: &mut T,
    speaks: impl FnOnce() -> Option<Side>,
) -> Result<(), Disputed> {
    if ours == theirs {
        return Ok(());
    }
    match speaks().ok_or(Disputed)? {
        Side::Ours => *theirs = ours.clone(),
        Side::Theirs => *ours = theirs.clone(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Dot, Incarnation, RegionId, VersionVector};

    use super::*;
    use crate::{
        CounterDelta, DataType, Delta, DeltaBody, Element, FlagDelta, JsonText, Presence,
        RegisterDelta, SetDelta, Tally, Touch,
    };

    fn replica(name: &str) -> ReplicaId {
        ReplicaId::new(RegionId::new(name).unwrap(), Incarnation(1))
    }

    /// An item that `a` has written as its change 1 and `b` as its change 2.
    fn state(data_type: DataType, of_a: i64, of_b: i64) -> ItemState {
        let mut state = ItemState::new(data_type);
        for (name, seq, value) in [("a", 1, of_a), ("b", 2, of_b)] {
            let value = JsonText::from(value);
            let body = match data_type {
                DataType::Register => DeltaBody::Register(RegisterDelta(Some(Some(value).into()))),
                DataType::Counter => {
                    let up = value.as_str().parse().unwrap();
                    DeltaBody::Counter(CounterDelta::Adjusted(Tally { up, down: 0 }))
                }
                DataType::Flag => DeltaBody::Flag(FlagDelta(Some(value.as_str() == "1"))),
                DataType::Set => {
                    let is_added = value.as_str() == "1";
                    let presence = if is_added { Presence::Added } else { Presence::Removed };
                    let touch = Touch { replaced: vec![], presence: Some(presence) };
                    let element = Element::new(&JsonText::from(7)).unwrap();
                    DeltaBody::Set(SetDelta { touched: [(element, touch)].into(), exists: true })
                }
            };
            let stamp = HybridTimestamp::new(seq, 0);
            state.apply(Dot::new(replica(name), seq), stamp, &Delta { ctx: vec![], body });
        }
        state
    }

    /// `a` holds `ours` and `b` holds `theirs`: each is right about what it wrote.
    fn by_author(replica: &ReplicaId) -> Option<Side> {
        Some(if replica.region.as_str() == "a" { Side::Ours } else { Side::Theirs })
    }

    #[test]
    fn of_two_contents_of_one_write_its_authors_stands_in_both() {
        for data_type in DataType::ALL {
            // Each is damaged in what the other has written.
            let (mut ours, mut theirs) = (state(data_type, 1, 3), state(data_type, 3, 1));
            ours.settle(&mut theirs, by_author).unwrap();
            assert_eq!(ours, state(data_type, 1, 1), "{data_type}");
            assert_eq!(theirs, ours, "{data_type}");
        }
    }

    #[test]
    fn where_nobody_speaks_for_the_author_nothing_is_settled() {
        for data_type in DataType::ALL {
            let (mut ours, mut theirs) = (state(data_type, 1, 3), state(data_type, 3, 3));
            assert_eq!(ours.settle(&mut theirs, |_| None), Err(Disputed), "{data_type}");
            let (mut ours, mut theirs) = (state(data_type, 1, 3), state(data_type, 1, 3));
            assert_eq!(ours.settle(&mut theirs, |_| None), Ok(()), "{data_type}");
        }
    }

    #[test]
    fn totals_of_different_moments_are_no_dispute() {
        let mut ours = state(DataType::Counter, 5, 0);
        let mut theirs = ours.clone();
        let body = DeltaBody::Counter(CounterDelta::Adjusted(Tally { up: 9, down: 0 }));
        let later = Dot::new(replica("a"), 3);
        theirs.apply(later, HybridTimestamp::new(3, 0), &Delta { ctx: vec![], body });
        assert_eq!(ours.settle(&mut theirs, |_| None), Ok(()));
        ours.join(&theirs);
        assert_eq!(ours, theirs);
    }

    /// Without that a join would take the write in twice.
    #[test]
    fn a_state_that_has_forgotten_what_it_tells_of_learns_it_again() {
        for data_type in DataType::ALL {
            let whole = state(data_type, 1, 1);
            let only_a: VersionVector = [(replica("a"), 1)].into_iter().collect();
            let mut damaged = ItemState::from_parts(only_a, whole.value().clone());
            damaged.settle(&mut whole.clone(), |_| None).unwrap();
            damaged.join(&whole);
            assert_eq!(damaged, whole, "{data_type}");
        }
    }

    #[test]
    fn the_latest_stamp_is_that_of_the_latest_write() {
        for data_type in DataType::ALL {
            assert_eq!(ItemState::new(data_type).latest_stamp(), None);
            let latest = Some(HybridTimestamp::new(2, 0));
            assert_eq!(state(data_type, 1, 1).latest_stamp(), latest, "{data_type}");
        }
    }
}
