//! Changes that cannot be applied.

use tombolo_causality::{Incarnation, ReplicaId};
use tombolo_datatypes::{CounterDelta, DataType, DeltaBody, JsonText, Operation, Tally};
use tombolo_replication::leader::{Command, Leader};
use tombolo_replication::{Body, Change, SetAside, TableId};

use super::*;
use crate::Found;

/// A write of `other` to a register of `table`, with the delta of a counter in it.
pub(super) fn forged(other: &mut Leader, key: &str, table: TableId) -> Change {
    let put = Operation::Put(JsonText::from(1));
    let mut change = other.decide(1, Command::new(item(table, key), put), None).unwrap().change;
    let Body::Items(items) = &mut change.body else { unreachable!("a write is of items") };
    items[0].delta.body = DeltaBody::Counter(CounterDelta::Adjusted(Tally { up: 1, down: 0 }));
    change
}

/// From the journal, from the state, and from the state when the journal has let go of it.
#[test]
fn what_was_set_aside_is_found_again_wherever_it_lies_and_its_stream_goes_on() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("notes", DataType::Register);
    let mut other = region.other_region("there");
    let set_aside = region.take_in(forged(&mut other, "k", table)).change.dot;
    assert!(region.view().exceptions().is_empty(), "nothing is shown before it is durable");
    region.commit();
    let expected: Exceptions = [(set_aside, SetAside::WrongType)].into_iter().collect();
    assert_eq!(**region.view().exceptions(), expected);
    assert!(region.view().vector().contains(&set_aside));
    assert_eq!(shown(&region.view(), &item(table, "k")), None);

    let mut region = region.reopen(NEVER_SEALS);
    assert_eq!(**region.view().exceptions(), expected);
    let rest = region.overlay.seal_rest().unwrap();
    region.install(&rest);
    region.relay_blind(&mut other, &item(table, "l"), Operation::Put(JsonText::from(2)));
    region.commit();

    let mut region = region.reopen(NEVER_SEALS);
    assert_eq!(**region.view().exceptions(), expected);
    assert_eq!(shown(&region.view(), &item(table, "l")), Some(2));
    // The leader goes on from them as well: there is no room for one less than there may be.
    for _ in 1..Exceptions::CHANGES_MAX {
        region.take_in(forged(&mut other, "k", table));
    }
    region.commit();
    assert!(region.view().exceptions().is_full());
    let one_more = forged(&mut other, "k", table);
    let refused = region.leader.apply::<StorageError>(&one_more, |_| Ok(None));
    assert!(matches!(refused, Err(NotApplied::TooManyExceptions { .. })), "{refused:?}");
}

/// A change that is set aside lies in the journal as it came, and is shipped on from there.
#[test]
fn what_was_set_aside_is_journaled_as_it_came() {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let table = region.define("notes", DataType::Register);
    region.commit();
    let mut other = region.other_region("there");
    let sealed = region.take_in(forged(&mut other, "k", table));
    region.commit();
    let dot = sealed.change.dot;
    let found = region.reader.log().read(dot.replica, dot.seq - 1, dot.seq, 1 << 20).unwrap();
    let Found::Run(run) = found else { unreachable!("{found:?}") };
    assert_eq!(run.changes, [sealed.bytes.to_vec()]);
}

/// Regression: tallies of replicas that nobody knows made a row that no writer could write, and the
/// region stopped at it for ever.
#[test]
fn what_names_writes_that_its_author_has_not_seen_is_set_aside_and_the_state_goes_on() {
    let mut region = HandDriven::begin(SEALS_EACH_GROUP);
    let k = item(region.define("hits", DataType::Counter), "k");
    let mut other = region.other_region("there");
    region.relay_blind(&mut other, &k, Operation::Increment(5));
    let mut set_aside = Exceptions::default();
    for first in [1, 1_000] {
        let increment = Command::new(k.clone(), Operation::Increment(1));
        let mut change = other.decide(1, increment, None).unwrap().change;
        let Body::Items(items) = &mut change.body else { unreachable!("a write is of items") };
        let replica = |n| ReplicaId::new(change.dot.replica.region, Incarnation(n));
        let tallies = (first..first + 900).map(|n| (replica(n), Tally { up: 1, down: 0 }));
        items[0].delta.body = DeltaBody::Counter(CounterDelta::Reset(tallies.collect()));
        set_aside.add(change.dot, SetAside::Unseen);
        region.take_in(change);
    }
    let sealed = region.commit().unwrap();
    region.install(&sealed);
    let region = region.reopen(NEVER_SEALS);
    assert_eq!(shown(&region.view(), &k), Some(5));
    assert_eq!(**region.view().exceptions(), set_aside);
}
