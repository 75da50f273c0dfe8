//! What is decided about members, and applied where it stands in the log.

use super::*;
use crate::{MemberAddress, MemberCommand, Membership};

fn region(name: &str) -> RegionId {
    RegionId::new(name).unwrap()
}

fn address(name: &str) -> MemberAddress {
    MemberAddress::new(&format!("{name}:1")).unwrap()
}

fn founding() -> Membership {
    Membership::founding(["a", "b"].map(|name| (region(name), address(name))))
}

fn add(name: &str) -> MemberCommand {
    MemberCommand::Add { region: region(name), address: address(name) }
}

fn decide(leader: &mut Leader, command: MemberCommand) -> Change {
    match leader.decide_members(1_000, &founding(), command) {
        Ok(MemberDecision::Change(change)) => *change,
        other => panic!("{other:?} is no change"),
    }
}

#[test]
fn a_member_is_added_by_one_change_which_carries_the_list() {
    let mut a = leader("a");
    let change = decide(&mut a, add("c"));
    let since = Dot::new(replica("a"), 1);
    let list = founding().after(add("c"), since);
    assert_eq!((change.dot, &change.body), (since, &Body::Members(Box::new(list.clone()))));
    assert_eq!(a.catalog().members().map(|members| &**members), Some(&list));
    // The same wish again is no change.
    let again = a.decide_members(1_000, &founding(), add("c"));
    assert_eq!(again, Ok(MemberDecision::AsIs(Some(since))));
    assert_eq!(a.applied().get(&replica("a")), 1);

    let mut b = leader("b");
    assert!(b.apply(&change, no_state).unwrap().is_new);
    assert_eq!(b.catalog(), a.catalog());
}

#[test]
fn a_region_that_has_applied_its_removal_writes_nothing_any_more() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let defined = define(&mut a, "users", DataType::Register);
    b.apply(&defined, no_state).unwrap();
    let table = TableId(defined.dot);
    assert!(b.decide(1_000, command(table, "alice", put("1")), None).is_ok());
    let removal = decide(&mut a, MemberCommand::Remove { region: region("b") });
    b.apply(&removal, no_state).unwrap();
    assert!(a.is_member() && !b.is_member());
    let refused = b.decide(1_000, command(table, "alice", put("2")), None);
    assert_eq!(refused, Err(Refusal::NotAMember));
    let refused = b.decide_members(1_000, &founding(), add("c"));
    assert_eq!(refused, Err(Refusal::NotAMember));
}

#[test]
fn the_region_that_orders_removes_itself_last_and_the_next_goes_on_from_there() {
    let (mut a, mut b) = (leader("a"), leader("b"));
    let removal = decide(&mut a, MemberCommand::Remove { region: region("a") });
    assert!(!a.is_member());
    b.apply(&removal, no_state).unwrap();
    let added = decide(&mut b, add("c"));
    // Whoever applies what the next orders has applied the removal.
    assert!(added.deps.contains(&removal.dot));
    let members = b.catalog().members().unwrap();
    assert_eq!((members.epoch(), members.orderer()), (2, Some(region("b"))));
}
