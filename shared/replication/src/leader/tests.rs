//! Exact outputs of the leader.

mod members;
mod tables;

use core::convert::Infallible;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId};
use tombolo_datatypes::{DataType, DeltaBody, JsonText, OperationError, RegisterDelta};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

use super::*;
use crate::{
    Consistency, Exceptions, Key, SetAside, Strategy, TableDefinition, TableId, TableName,
    TableShape,
};

fn replica(region: &str) -> ReplicaId {
    ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(1))
}

fn leader(region: &str) -> Leader {
    let nothing = Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
    Leader::resume(replica(region), nothing)
}

fn shape(data_type: DataType) -> TableShape {
    TableShape {
        data_type,
        resolver: ResolverKind::of(data_type)[0],
        strategy: Strategy::MultiLeader,
        consistency: Consistency::Eventual,
    }
}

fn define(leader: &mut Leader, name: &str, data_type: DataType) -> Change {
    let name = TableName::new(name).unwrap();
    leader.define(1_000, &name, &shape(data_type)).unwrap().unwrap()
}

fn definition(seq: u64, name: &str) -> TableDefinition {
    let (id, name) = (TableId(Dot::new(replica("a"), seq)), TableName::new(name).unwrap());
    TableDefinition { id, name, shape: shape(DataType::Flag), altered: None }
}

fn command(table: TableId, key: &str, operation: Operation) -> Command {
    Command::new(ItemKey { table, key: Key::new(key).unwrap() }, operation)
}

fn put(text: &str) -> Operation {
    Operation::Put(JsonText::parse(text.as_bytes()).unwrap())
}

fn no_state(_: &ItemKey) -> Result<Option<Arc<ItemState>>, Infallible> {
    Ok(None)
}

#[test]
fn a_put_becomes_one_change_on_top_of_what_is_shown() {
    let mut a = leader("a");
    let table = TableId(define(&mut a, "users", DataType::Register).dot);
    let first = a.decide(1_000, command(table, "alice", put("1")), None).unwrap();
    let second = a.decide(1_000, command(table, "alice", put("2")), Some(&first.state)).unwrap();
    let value = JsonText::parse(b"2").unwrap();
    assert_eq!(
        second.change,
        Change {
            dot: Dot::new(replica("a"), 3),
            stamp: HybridTimestamp::new(1_000, 2),
            deps: Arc::default(),
            cut: Arc::default(),
            body: Body::Items(vec![ItemDelta {
                table,
                key: Key::new("alice").unwrap(),
                delta: Delta::new(
                    vec![first.change.dot],
                    DeltaBody::Register(RegisterDelta(Some(Some(value.clone()).into()))),
                ),
            }]),
            idempotency: None,
            span: None,
        }
    );
    assert!(!first.existed && second.existed);
    assert!(matches!(second.shown(), Shown::Value(ShownValue::Json(v), _) if *v == value));
}

#[test]
fn a_refused_command_takes_no_name() {
    let mut a = leader("a");
    let table = TableId(define(&mut a, "hits", DataType::Counter).dot);
    let before = a.applied().clone();
    let refused = a.decide(1_000, command(table, "k", put("1")), None);
    assert!(matches!(refused, Err(Refusal::Operation(OperationError::NotOfThisType { .. }))));
    let refused = a.decide(1_000, command(table, "k", Operation::Delete), None);
    assert_eq!(refused, Err(Refusal::Operation(OperationError::NoSuchItem)));
    let unknown = TableId(Dot::new(replica("z"), 1));
    assert_eq!(a.decide(1_000, command(unknown, "k", put("1")), None), Err(Refusal::NoSuchTable));
    assert_eq!(*a.applied(), before);
}

#[test]
fn a_counter_refuses_what_leaves_its_range_and_only_that() {
    let mut a = leader("a");
    let table = TableId(define(&mut a, "hits", DataType::Counter).dot);
    let max = tombolo_datatypes::CounterState::VALUE_MAX;
    let full = a.decide(1, command(table, "k", Operation::Increment(max)), None).unwrap();
    let over = a.decide(1, command(table, "k", Operation::Increment(1)), Some(&full.state));
    let overflow = OperationError::CounterOverflow { value: max, by: 1 };
    assert_eq!(over, Err(Refusal::Operation(overflow)));
    let less = command(table, "k", Operation::Increment(-1));
    assert!(a.decide(1, less, Some(&full.state)).is_ok());
}

#[test]
fn a_change_is_applied_once_in_order_and_moves_the_clock() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    let table = TableId(defined.dot);
    let write = a.decide(9_000, command(table, "alice", put("1")), None).unwrap();

    let early = b.apply(&write.change, no_state);
    assert_eq!(early, Err(NotApplied::OutOfOrder { dot: write.change.dot }));
    assert!(b.apply(&defined, no_state).unwrap().is_new);
    let applied = b.apply(&write.change, no_state).unwrap();
    assert_eq!(applied.states, vec![(write.item.clone(), write.state.clone())]);
    assert_eq!(b.apply(&write.change, no_state).unwrap(), AppliedChange::default());

    let next = b.decide(10, command(table, "bob", put("2")), None).unwrap();
    assert!(next.change.stamp > write.change.stamp);
    assert_eq!(*next.change.deps, [(replica("a"), 2)].into_iter().collect());
}

#[test]
fn deltas_of_a_dropped_table_are_counted_and_without_effect() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    b.apply(&defined, no_state).unwrap();
    let table = TableId(defined.dot);
    let late = b.decide(1, command(table, "alice", put("1")), None).unwrap();
    a.drop_table(1, "users").unwrap();
    let applied = a.apply(&late.change, no_state).unwrap();
    assert_eq!((applied.is_new, applied.states.len(), applied.of_dropped_tables), (true, 0, 1));
}

/// A counter's delta for `key` of a table of registers, put into a write of `a`.
fn forged(a: &mut Leader, table: TableId, keys: [&str; 2]) -> Change {
    let mut change = a.decide(1, command(table, keys[0], put("1")), None).unwrap().change;
    let Body::Items(deltas) = &mut change.body else { unreachable!() };
    let mut second = deltas[0].clone();
    second.key = Key::new(keys[1]).unwrap();
    second.delta.body = DeltaBody::Counter(tombolo_datatypes::CounterDelta::Adjusted(
        tombolo_datatypes::Tally::default(),
    ));
    deltas.push(second);
    change
}

#[test]
fn a_change_with_a_delta_of_another_type_than_its_table_is_set_aside_whole() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    b.apply(&defined, no_state).unwrap();
    let forged = forged(&mut a, TableId(defined.dot), ["k", "l"]);
    let applied = b.apply(&forged, no_state).unwrap();
    let expected = AppliedChange {
        is_new: true,
        set_aside: Some(SetAside::WrongType),
        ..AppliedChange::default()
    };
    assert_eq!(applied, expected);
    assert_eq!(b.apply(&forged, no_state).unwrap(), AppliedChange::default());

    // The stream goes on, and so does what builds upon it.
    let next = a.decide(2, command(TableId(defined.dot), "k", put("2")), None).unwrap();
    let applied = b.apply(&next.change, no_state).unwrap();
    assert_eq!((applied.states.len(), applied.set_aside), (1, None));
    let later = b.decide(3, command(TableId(defined.dot), "m", put("3")), None).unwrap();
    assert_eq!(*later.change.deps, [(replica("a"), 3)].into_iter().collect());
}

#[test]
fn a_definition_beyond_what_there_may_be_is_set_aside() {
    let mut full = Catalog::default();
    for seq in 1..=10_000 {
        full.define(definition(seq, &format!("t{seq}")));
    }
    let applied = [(replica("a"), 10_000)].into_iter().collect();
    let mut b = Applier::resume(applied, HybridTimestamp::ZERO, full);
    let mut defined = |seq, name: &str| {
        let dot = Dot::new(replica("a"), seq);
        let change = Change {
            dot,
            stamp: HybridTimestamp::ZERO,
            deps: Arc::default(),
            cut: Arc::default(),
            body: Body::Define(definition(seq, name)),
            idempotency: None,
            span: None,
        };
        b.apply(&change, no_state).unwrap().set_aside
    };
    assert_eq!(defined(10_001, "one-more"), Some(SetAside::TooManyTables));
    assert_eq!(defined(10_002, "t7"), None);
}

#[test]
fn as_many_are_set_aside_as_may_be_and_the_next_is_not_taken() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    b.apply(&defined, no_state).unwrap();
    let table = TableId(defined.dot);
    for _ in 0..Exceptions::CHANGES_MAX {
        let applied = b.apply(&forged(&mut a, table, ["k", "l"]), no_state).unwrap();
        assert!(applied.set_aside.is_some());
    }
    let before = b.applied().clone();
    let one_more = forged(&mut a, table, ["k", "l"]);
    let refused = NotApplied::TooManyExceptions {
        dot: one_more.dot,
        reason: SetAside::WrongType,
        max: Exceptions::CHANGES_MAX,
    };
    assert_eq!(b.apply(&one_more, no_state), Err(refused));
    assert_eq!(b.applied(), &before);
}

/// What it does depends on whether the other write is here already: regions would come to differ.
#[test]
fn a_change_that_replaces_what_its_author_has_not_seen_is_set_aside() {
    let (mut a, mut b, mut c) = (leader("a"), leader("b"), leader("c"));
    let defined = define(&mut a, "users", DataType::Register);
    let table = TableId(defined.dot);
    b.apply(&defined, no_state).unwrap();
    c.apply(&defined, no_state).unwrap();
    let unseen = b.decide(1, command(table, "k", put("1")), None).unwrap().change;
    let mut forge = |ctx: Vec<Dot>, deps: &[(ReplicaId, u64)]| {
        let mut change = a.decide(1, command(table, "k", put("2")), None).unwrap().change;
        let Body::Items(items) = &mut change.body else { unreachable!() };
        items[0].delta.ctx = ctx;
        change.deps = Arc::new(deps.iter().copied().collect());
        c.apply(&unseen, no_state).unwrap();
        c.apply(&change, no_state).unwrap().set_aside
    };
    assert_eq!(forge(vec![unseen.dot], &[]), Some(SetAside::Unseen));
    assert_eq!(forge(vec![unseen.dot], &[(unseen.dot.replica, 1)]), None);
    // Of its own it has seen those before it: this is its fourth.
    assert_eq!(forge(vec![Dot::new(replica("a"), 4)], &[]), Some(SetAside::Unseen));
    assert_eq!(forge(vec![Dot::new(replica("a"), 4)], &[]), None);
}
