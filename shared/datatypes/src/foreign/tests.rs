//! What both tell of, made the same: of writes, of what was decided about them, and of totals.

use tombolo_causality::{Dot, Incarnation, RegionId, VersionVector};

use super::*;
use crate::{
    CounterDelta, DataType, Delta, DeltaBody, Element, FlagDelta, JsonText, Outcome, Presence,
    RegisterDelta, SetDelta, Settled, Tally, Touch,
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
        state.apply(Dot::new(replica(name), seq), stamp, &Delta::new(vec![], body));
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
        ours.agree(&mut theirs, by_author).unwrap();
        assert_eq!(ours, state(data_type, 1, 1), "{data_type}");
        assert_eq!(theirs, ours, "{data_type}");
    }
}

#[test]
fn where_nobody_speaks_for_the_author_they_do_not_agree() {
    for data_type in DataType::ALL {
        let (mut ours, mut theirs) = (state(data_type, 1, 3), state(data_type, 3, 3));
        assert_eq!(ours.agree(&mut theirs, |_| None), Err(Disputed), "{data_type}");
        let (mut ours, mut theirs) = (state(data_type, 1, 3), state(data_type, 1, 3));
        assert_eq!(ours.agree(&mut theirs, |_| None), Ok(()), "{data_type}");
    }
}

#[test]
fn totals_of_different_moments_are_no_dispute() {
    let mut ours = state(DataType::Counter, 5, 0);
    let mut theirs = ours.clone();
    let body = DeltaBody::Counter(CounterDelta::Adjusted(Tally { up: 9, down: 0 }));
    let later = Dot::new(replica("a"), 3);
    theirs.apply(later, HybridTimestamp::new(3, 0), &Delta::new(vec![], body));
    assert_eq!(ours.agree(&mut theirs, |_| None), Ok(()));
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
        damaged.agree(&mut whole.clone(), |_| None).unwrap();
        damaged.join(&whole);
        assert_eq!(damaged, whole, "{data_type}");
    }
}

/// The same item, and what `by` decided about what `b` wrote.
fn decided(data_type: DataType, by: Written, outcome: Outcome) -> ItemState {
    let mut state = state(data_type, 1, 3);
    let element = (data_type == DataType::Set).then(|| Element::new(&JsonText::from(7)).unwrap());
    let mut delta = Delta::ending(data_type).unwrap();
    delta.settle(element.as_ref(), Dot::new(replica("b"), 2), outcome);
    assert!(state.apply(by.dot, by.stamp, &delta));
    state
}

const SETTLED: [DataType; 3] = [DataType::Register, DataType::Set, DataType::Flag];

fn by(name: &str, seq: u64) -> Written {
    Written { stamp: HybridTimestamp::new(seq, 0), dot: Dot::new(replica(name), seq) }
}

#[test]
fn what_one_change_decided_is_as_its_author_says() {
    for data_type in SETTLED {
        let right = decided(data_type, by("a", 5), Outcome::Dismissed);
        let (mut ours, mut theirs) = (right.clone(), decided(data_type, by("a", 5), Outcome::Open));
        assert_eq!(ours.clone().agree(&mut theirs, |_| None), Err(Disputed), "{data_type}");
        ours.agree(&mut theirs, by_author).unwrap();
        assert_eq!((&ours, &theirs), (&right, &right), "{data_type}");
    }
}

#[test]
fn a_decision_that_one_side_has_lost_or_never_heard_of_is_no_dispute() {
    for data_type in SETTLED {
        let later = decided(data_type, by("a", 5), Outcome::Dismissed);
        let lost =
            ItemState::from_parts(later.context().clone(), state(data_type, 1, 3).value().clone());
        let mut earlier = decided(data_type, by("b", 4), Outcome::Restored);
        for known in [lost, earlier.clone(), state(data_type, 1, 3)] {
            let mut ours = known;
            let mut theirs = later.clone();
            assert_eq!(ours.agree(&mut theirs, |_| None), Ok(()), "{data_type}");
            ours.join(&theirs);
            assert_eq!(ours.value(), later.value(), "{data_type}");
        }
        earlier.join(&later);
        assert_eq!(earlier.value(), later.value(), "{data_type}");
    }
}

/// What was written and then set aside is as much a write as what is in effect.
#[test]
fn of_what_was_set_aside_the_author_is_right_too() {
    for data_type in SETTLED {
        let right = decided(data_type, by("a", 5), Outcome::Covered);
        let mut ours = state(data_type, 1, 1);
        let by = by("a", 5);
        ours.join(&ItemState::from_parts(right.context().clone(), ours.value().clone()));
        let element =
            (data_type == DataType::Set).then(|| Element::new(&JsonText::from(7)).unwrap());
        let settled = Settled { by, outcome: Outcome::Covered };
        assert!(ours.settle(element.as_ref(), &Dot::new(replica("b"), 2), settled));
        let mut theirs = right.clone();
        ours.agree(&mut theirs, by_author).unwrap();
        assert_eq!((&ours, &theirs), (&right, &right), "{data_type}");
    }
}

#[test]
fn the_latest_stamp_may_be_that_of_a_decision() {
    for data_type in SETTLED {
        let decided = decided(data_type, by("a", 5), Outcome::Dismissed);
        assert_eq!(decided.latest_stamp(), Some(HybridTimestamp::new(5, 0)), "{data_type}");
        let forgotten = ItemState::from_parts(VersionVector::new(), decided.value().clone());
        let mut learned = forgotten.clone();
        learned.agree(&mut forgotten.clone(), |_| None).unwrap();
        assert_eq!(learned.context(), decided.context(), "{data_type}");
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
