//! Joining another region's whole state of an item: how differences between regions are repaired.
//!
//! What is joined has no name of its own and takes no sequence number: it brings nothing that the
//! log has not brought, or should have. So only what this region has applied is joined; were it
//! more, it would be shown before its causes.

use tombolo_causality::{HybridTimestamp, RegionId, ReplicaId};
use tombolo_datatypes::{Disputed, ItemState, Side};

use super::{Applier, Leader};
use crate::ItemKey;

/// For whose writes each of two regions speaks, where they tell differently of one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Voices {
    /// This region's.
    pub ours: Vec<RegionId>,
    /// The other region's.
    pub theirs: Vec<RegionId>,
}

/// What a state may have seen that is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What is applied here.
    Applied,
    /// More, since nothing is shown or decided before that is applied as well; stamped no later
    /// than this.
    Ahead(HybridTimestamp),
}

/// Why a state was not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotJoined {
    /// The table does not exist, or no longer.
    #[error("there is no such table")]
    NoSuchTable,
    /// It is of another data type than the table.
    #[error("the state is of another data type than its table's")]
    WrongType,
    /// It has seen changes that are not applied here yet.
    #[error("the state has seen what is not here yet")]
    Ahead,
    /// It tells of a write stamped later than everything applied here, so of none that is.
    #[error("the state tells of a write that nobody has stamped so")]
    UnknownStamp,
    /// Both tell differently of a write of which neither can know.
    #[error("two regions tell differently of a write of a third")]
    Disputed,
}

impl NotJoined {
    /// Whether no region could have sent it.
    pub fn is_refused(self) -> bool {
        matches!(self, Self::WrongType | Self::UnknownStamp)
    }
}

impl Voices {
    fn side(&self, replica: &ReplicaId) -> Option<Side> {
        let speaks = |voices: &[RegionId]| voices.contains(&replica.region);
        match (speaks(&self.ours), speaks(&self.theirs)) {
            (true, false) => Some(Side::Ours),
            (false, true) => Some(Side::Theirs),
            _ => None,
        }
    }
}

impl Leader {
    /// Joins `theirs` into the item, whose present state is `ours`. Answers the state that follows;
    /// nothing where it is the present one.
    pub fn join(
        &self,
        item: &ItemKey,
        ours: Option<&ItemState>,
        theirs: &ItemState,
        voices: &Voices,
        reach: Reach,
    ) -> Result<Option<ItemState>, NotJoined> {
        self.applier.join_states(item, ours, theirs, voices, reach)
    }
}

impl Applier {
    pub(super) fn join_states(
        &self,
        item: &ItemKey,
        ours: Option<&ItemState>,
        theirs: &ItemState,
        voices: &Voices,
        reach: Reach,
    ) -> Result<Option<ItemState>, NotJoined> {
        let definition = self.catalog().by_id(&item.table).ok_or(NotJoined::NoSuchTable)?;
        let shape = &definition.shape;
        if shape.data_type != theirs.data_type() {
            return Err(NotJoined::WrongType);
        }
        let mut theirs = theirs.clone();
        let mut next = match ours {
            Some(ours) => ours.clone(),
            None => ItemState::new(shape.data_type),
        };
        let latest_stamp = match reach {
            Reach::Applied => self.latest_stamp(),
            Reach::Ahead(stamp) => stamp,
        };
        // Where nothing may be left out, a dispute is left for a comparison to find.
        let otherwise = (reach != Reach::Applied).then_some(Side::Ours);
        let agreed = next.agree(&mut theirs, |replica| voices.side(replica).or(otherwise));
        agreed.map_err(|Disputed| NotJoined::Disputed)?;
        if reach == Reach::Applied && !self.applied().descends(theirs.context()) {
            return Err(NotJoined::Ahead);
        }
        if theirs.latest_stamp().is_some_and(|stamp| stamp > latest_stamp) {
            return Err(NotJoined::UnknownStamp);
        }
        shape.resolver.resolver().join_states(&mut next, &theirs);
        Ok((ours != Some(&next)).then_some(next))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tombolo_causality::{Dot, Incarnation, VersionVector};
    use tombolo_datatypes::{DataType, JsonText, Operation};
    use tombolo_resolvers::ResolverKind;

    use super::*;
    use crate::leader::Command;
    use crate::{Catalog, Change, Consistency, Key, Strategy, TableId, TableName, TableShape};

    fn region(name: &str) -> RegionId {
        RegionId::new(name).unwrap()
    }

    /// Region `a` with a table, and region `b` that has applied all that `a` has.
    fn two_regions() -> (Leader, Leader, ItemKey) {
        let [mut a, mut b] = ["a", "b"].map(|name| {
            let nothing =
                Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
            Leader::resume(ReplicaId::new(region(name), Incarnation(1)), nothing)
        });
        let data_type = DataType::Register;
        let resolver = ResolverKind::of(data_type)[0];
        let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
        let shape = TableShape { data_type, resolver, strategy, consistency };
        let change = a.define(1_000, &TableName::new("notes").unwrap(), &shape).unwrap().unwrap();
        apply(&mut b, &change);
        let item = ItemKey { table: TableId(change.dot), key: Key::new("k").unwrap() };
        (a, b, item)
    }

    fn apply(leader: &mut Leader, change: &Change) {
        let state = |_: &ItemKey| Ok::<_, core::convert::Infallible>(None::<Arc<ItemState>>);
        leader.apply(change, state).unwrap();
    }

    fn put(leader: &mut Leader, item: &ItemKey, value: i64) -> (Change, ItemState) {
        let command = Command::new(item.clone(), Operation::Put(JsonText::from(value)));
        let decided = leader.decide(2_000, command, None).unwrap();
        (decided.change, decided.state)
    }

    fn voices(ours: &str, theirs: &str) -> Voices {
        Voices { ours: vec![region(ours)], theirs: vec![region(theirs)] }
    }

    #[test]
    fn what_was_applied_and_lost_is_joined_again() {
        let (mut a, mut b, item) = two_regions();
        let (change, state) = put(&mut a, &item, 1);
        let voices = voices("b", "a");
        // Before the log has brought it, it would be shown before its causes.
        assert_eq!(b.join(&item, None, &state, &voices, Reach::Applied), Err(NotJoined::Ahead));
        apply(&mut b, &change);
        assert_eq!(b.join(&item, None, &state, &voices, Reach::Applied), Ok(Some(state.clone())));
        assert_eq!(b.join(&item, Some(&state), &state, &voices, Reach::Applied), Ok(None));
    }

    #[test]
    fn what_no_region_could_have_sent_is_refused() {
        let (mut a, mut b, item) = two_regions();
        let (change, state) = put(&mut a, &item, 1);
        apply(&mut b, &change);
        let refused = |item: &ItemKey, state: &ItemState| {
            b.join(item, None, state, &voices("b", "a"), Reach::Applied).unwrap_err()
        };
        let error = refused(&item, &ItemState::new(DataType::Flag));
        assert_eq!((error, error.is_refused()), (NotJoined::WrongType, true));
        let table = TableId(Dot::new(a.replica(), 9));
        let error = refused(&ItemKey { table, ..item.clone() }, &state);
        assert_eq!((error, error.is_refused()), (NotJoined::NoSuchTable, false));

        // The same change, stamped later than anybody has.
        let mut late = ItemState::new(DataType::Register);
        let crate::Body::Items(items) = &change.body else { unreachable!("a put writes items") };
        late.apply(change.dot, HybridTimestamp::new(9_000, 0), &items[0].delta);
        let error = refused(&item, &late);
        assert_eq!((error, error.is_refused()), (NotJoined::UnknownStamp, true));
    }

    #[test]
    fn of_one_write_told_of_in_two_ways_its_author_is_right() {
        let (mut a, mut b, item) = two_regions();
        let (change, right) = put(&mut a, &item, 1);
        apply(&mut b, &change);
        let mut wrong = ItemState::new(DataType::Register);
        let crate::Body::Items(items) = &change.body else { unreachable!("a put writes items") };
        let mut delta = items[0].delta.clone();
        delta.body = tombolo_datatypes::DeltaBody::Register(tombolo_datatypes::RegisterDelta(
            Some(Some(JsonText::from(2)).into()),
        ));
        wrong.apply(change.dot, change.stamp, &delta);
        let joined = b.join(&item, Some(&wrong), &right, &voices("b", "a"), Reach::Applied);
        assert_eq!(joined, Ok(Some(right.clone())));
        assert_eq!(
            a.join(&item, Some(&right), &wrong, &voices("a", "b"), Reach::Applied),
            Ok(None)
        );
        // Of a third region's neither knows, and whoever says that both speak for it is not heard.
        for voices in [voices("b", "c"), voices("a", "a"), Voices::default()] {
            let joined = a.join(&item, Some(&right), &wrong, &voices, Reach::Applied);
            assert_eq!(joined, Err(NotJoined::Disputed), "{voices:?}");
        }
    }

    /// A region that catches up joins before it has applied; what is not to be decided stays.
    #[test]
    fn ahead_of_what_is_applied_everything_is_joined_but_stamps_are_bounded() {
        let (mut a, b, item) = two_regions();
        let (_, state) = put(&mut a, &item, 1);
        let join = |stamp_ms| {
            let reach = Reach::Ahead(HybridTimestamp::new(stamp_ms, 0));
            b.join(&item, None, &state, &voices("b", "c"), reach)
        };
        assert_eq!(join(2_000), Ok(Some(state.clone())));
        assert_eq!(join(1_999), Err(NotJoined::UnknownStamp));
    }
}
