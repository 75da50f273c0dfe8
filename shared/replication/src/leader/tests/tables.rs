//! What is decided about tables, and applied where it stands in the log.

use super::*;
use crate::TableDefinition;
use crate::idempotency::{RequestHash, RequestName};

#[test]
fn an_equal_definition_is_no_change_and_another_one_is_refused() {
    let mut a = leader("a");
    define(&mut a, "users", DataType::Register);
    let name = TableName::new("users").unwrap();
    assert_eq!(a.define(1, &name, &shape(DataType::Register)), Ok(None));
    assert_eq!(a.define(1, &name, &shape(DataType::Counter)), Err(Refusal::TableExists));
}

#[test]
fn a_table_is_altered_by_one_change_and_not_by_an_equal_wish() {
    let mut a = leader("a");
    let table = TableId(define(&mut a, "users", DataType::Register).dot);
    let change = a.alter(1_000, "users", Consistency::Session).unwrap().unwrap();
    assert_eq!(change.dot, Dot::new(replica("a"), 2));
    assert_eq!(change.body, Body::Alter { table, consistency: Consistency::Session });
    let before = a.applied().clone();
    assert_eq!(a.alter(1_000, "users", Consistency::Session), Ok(None));
    assert_eq!(a.alter(1_000, "absent", Consistency::Session), Err(Refusal::NoSuchTable));
    assert_eq!(*a.applied(), before);
    let altered = a.catalog().by_id(&table).unwrap();
    assert_eq!(
        (altered.shape.consistency, altered.settled_by()),
        (Consistency::Session, change.dot)
    );
    // What was defined is now another table than the one that is there.
    let name = TableName::new("users").unwrap();
    let asked = a.define(1_000, &name, &shape(DataType::Register));
    assert_eq!(asked, Err(Refusal::TableExists));
}

#[test]
fn an_alteration_is_applied_where_it_stands_in_the_log() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    let altered = a.alter(1_000, "users", Consistency::Session).unwrap().unwrap();
    let dropped = a.drop_table(1_000, "users").unwrap();
    assert!(b.apply(&altered, no_state).is_err());
    let mut seen = Vec::new();
    for change in [&defined, &altered, &altered, &dropped] {
        b.apply(change, no_state).unwrap();
        seen.push(b.catalog().by_name("users").map(|table| table.shape.consistency));
    }
    let (eventual, session) = (Some(Consistency::Eventual), Some(Consistency::Session));
    assert_eq!(seen, [eventual, session, session, None]);
}

#[test]
fn an_alteration_of_a_table_that_is_gone_has_no_effect() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let table = TableId(Dot::new(replica("c"), 1));
    let written = a.next_name(1_000);
    let alter = a.change(written, Body::Alter { table, consistency: Consistency::Session });
    assert!(b.apply(&alter, no_state).unwrap().is_new);
    assert!(b.catalog().is_empty());
}

fn on_users(operation: TableOperation, condition: Option<Condition>) -> TableCommand {
    let name = TableName::new("users").unwrap();
    TableCommand { name, operation, condition, request: None }
}

fn named(operation: TableOperation, name: u8, hash: u8) -> TableCommand {
    let request = NamedRequest { name: RequestName([name; 16]), hash: RequestHash([hash; 16]) };
    TableCommand { request: Some(request), ..on_users(operation, None) }
}

#[test]
fn the_answer_to_a_named_call_is_in_its_change_and_known_wherever_that_is_applied() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let register = TableOperation::Define(shape(DataType::Register));
    let to_session = TableOperation::Alter(Some(Consistency::Session));
    let calls = [named(register, 1, 1), named(to_session, 2, 1), named(TableOperation::Drop, 3, 1)];
    let mut answers = Vec::new();
    for call in calls {
        let request = call.request.unwrap();
        assert_eq!(a.repeated(1_000, &request), Ok(None));
        let change = a.decide_table(1_000, call).unwrap().unwrap();
        b.apply(&change, no_state).unwrap();
        for region in [&mut a, &mut b] {
            let kept = region.repeated(1_000, &request).unwrap().unwrap();
            assert_eq!((kept.dot, Some(&kept.record)), (change.dot, change.idempotency.as_ref()));
            let other = NamedRequest { hash: RequestHash([2; 16]), ..request };
            assert_eq!(region.repeated(1_000, &other), Err(Refusal::RequestNameReused));
        }
        answers.push(change.idempotency.unwrap().answer);
    }
    let name = TableName::new("users").unwrap();
    let id = TableId(Dot::new(replica("a"), 1));
    let defined = TableDefinition { id, name, shape: shape(DataType::Register), altered: None };
    let mut altered =
        TableDefinition { altered: Some(Dot::new(replica("a"), 2)), ..defined.clone() };
    altered.shape.consistency = Consistency::Session;
    let told: Vec<_> = answers.iter().map(|answer| answer.told.clone()).collect();
    let [defined, altered] = [defined, altered].map(|table| Told::Table(Arc::new(table)));
    assert_eq!(told, [defined, altered, Told::Nothing]);
    let existed: Vec<_> = answers.iter().map(|answer| answer.existed).collect();
    assert_eq!(existed, [false, true, true]);
}

#[test]
fn a_named_call_that_changes_nothing_is_not_remembered() {
    let mut a = leader("a");
    define(&mut a, "users", DataType::Register);
    let before = a.applied().clone();
    let equal = [
        TableOperation::Define(shape(DataType::Register)),
        TableOperation::Alter(Some(Consistency::Eventual)),
        TableOperation::Alter(None),
    ];
    for operation in equal {
        let call = named(operation, 1, 1);
        assert_eq!(a.decide_table(1_000, call.clone()), Ok(None));
        assert_eq!(a.repeated(1_000, &call.request.unwrap()), Ok(None));
    }
    assert_eq!(*a.applied(), before);
}

#[test]
fn a_condition_on_a_table_holds_of_its_present_version_and_of_no_other() {
    let mut a = leader("a");
    let register = || TableOperation::Define(shape(DataType::Register));
    let only = |condition: &Condition| Some(condition.clone());
    let missing = a.decide_table(1_000, on_users(register(), only(&Condition::Present)));
    assert_eq!(missing, Err(Refusal::VersionMismatch));
    let created = a.decide_table(1_000, on_users(register(), only(&Condition::Absent)));
    assert!(created.unwrap().is_some());
    let again = a.decide_table(1_000, on_users(register(), only(&Condition::Absent)));
    assert_eq!(again, Err(Refusal::VersionMismatch));

    let version =
        |a: &Leader| Condition::Versions(vec![a.catalog().by_name("users").unwrap().version()]);
    let first = version(&a);
    let alter = |consistency| TableOperation::Alter(Some(consistency));
    let altered = a.decide_table(1_000, on_users(alter(Consistency::Session), only(&first)));
    assert!(altered.unwrap().is_some());
    let second = version(&a);
    assert_ne!(first, second);
    let before = a.applied().clone();
    // Of a wish that would change nothing as well.
    for operation in
        [alter(Consistency::Eventual), alter(Consistency::Session), TableOperation::Drop]
    {
        let stale = a.decide_table(1_000, on_users(operation, only(&first)));
        assert_eq!(stale, Err(Refusal::VersionMismatch));
    }
    assert_eq!(*a.applied(), before);
    assert!(a.decide_table(1_000, on_users(TableOperation::Drop, only(&second))).is_ok());
    // What is not there is that, whatever was to hold of it.
    let gone = a.decide_table(1_000, on_users(TableOperation::Drop, only(&second)));
    assert_eq!(gone, Err(Refusal::NoSuchTable));
}
