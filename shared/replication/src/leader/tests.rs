//! Exact outputs of the leader.

mod tables;

use core::convert::Infallible;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId};
use tombolo_datatypes::{DataType, DeltaBody, JsonText, OperationError, RegisterDelta};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

use super::*;
use crate::{Consistency, Key, Strategy, TableId, TableName, TableShape};

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

#[test]
fn a_delta_of_another_type_than_its_table_is_not_applied() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    b.apply(&defined, no_state).unwrap();
    let mut forged = a.decide(1, command(TableId(defined.dot), "k", put("1")), None).unwrap();
    let Body::Items(deltas) = &mut forged.change.body else { unreachable!() };
    deltas[0].delta.body = DeltaBody::Counter(tombolo_datatypes::CounterDelta::Adjusted(
        tombolo_datatypes::Tally::default(),
    ));
    let dot = forged.change.dot;
    assert_eq!(b.apply(&forged.change, no_state), Err(NotApplied::WrongType { dot }));
    assert_eq!(b.applied().get(&replica("a")), 1);
}
