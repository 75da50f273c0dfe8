//! Lists, what comes of them, and who is let in.

use tombolo_causality::{Incarnation, ReplicaId};

use super::*;
use crate::leader::Refusal;

fn region(name: &str) -> RegionId {
    RegionId::new(name).unwrap()
}

fn address(host: &str) -> MemberAddress {
    MemberAddress::new(&format!("{host}:1")).unwrap()
}

fn dot(orderer: &str, seq: u64) -> Dot {
    Dot::new(ReplicaId::new(region(orderer), Incarnation(1)), seq)
}

fn founding(names: &[&str]) -> Membership {
    Membership::founding(names.iter().map(|name| (region(name), address(name))))
}

fn add(name: &str) -> MemberCommand {
    MemberCommand::Add { region: region(name), address: address(name) }
}

fn remove(name: &str) -> MemberCommand {
    MemberCommand::Remove { region: region(name) }
}

fn names(membership: &Membership) -> Vec<&str> {
    membership.members().iter().map(|member| member.region.as_str()).collect()
}

fn has(dots: &[Dot]) -> VersionVector {
    dots.iter().map(|dot| (dot.replica, dot.seq)).collect()
}

#[test]
fn each_change_raises_the_epoch_by_one_and_keeps_the_order() {
    let first = founding(&["a", "b", "c"]);
    assert_eq!((first.epoch(), names(&first)), (0, vec!["a", "b", "c"]));
    assert_eq!(first.plan(&add("d")), Ok(Plan::Change));
    let second = first.after(add("d"), dot("a", 7));
    assert_eq!((second.epoch(), names(&second)), (1, vec!["a", "b", "c", "d"]));
    assert_eq!(second.member(region("d")).unwrap().since, Some(dot("a", 7)));
    let third = second.after(remove("b"), dot("a", 9));
    assert_eq!((third.epoch(), names(&third)), (2, vec!["a", "c", "d"]));
    assert_eq!(third.removed(), [Removed { region: region("b"), by: dot("a", 9) }]);
}

#[test]
fn what_is_so_already_is_named_by_the_change_that_made_it_so() {
    let list = founding(&["a", "b"]).after(add("c"), dot("a", 3)).after(remove("b"), dot("a", 5));
    assert_eq!(list.plan(&add("c")), Ok(Plan::AsIs(Some(dot("a", 3)))));
    assert_eq!(list.plan(&add("a")), Ok(Plan::AsIs(None)));
    assert_eq!(list.plan(&remove("b")), Ok(Plan::AsIs(Some(dot("a", 5)))));
    assert_eq!(list.plan(&remove("x")), Err(Refusal::NoSuchMember));
    let elsewhere = MemberCommand::Add { region: region("c"), address: address("other") };
    assert_eq!(list.plan(&elsewhere), Err(Refusal::MemberExists));
}

#[test]
fn the_last_member_stays_and_there_are_not_too_many() {
    assert_eq!(founding(&["a"]).plan(&remove("a")), Err(Refusal::LastMember));
    let many: Vec<_> = (0..Membership::MEMBERS_MAX).map(|n| format!("r{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(founding(&many).plan(&add("x")), Err(Refusal::TooManyMembers));
    assert_eq!(founding(&many[1..]).plan(&add("x")), Ok(Plan::Change));
}

#[test]
fn who_orders_is_the_first_that_is_left_and_who_did_is_remembered() {
    let list = founding(&["b", "c", "a"]);
    assert_eq!(list.orderer(), Some(region("b")));
    let list = list.after(remove("b"), dot("b", 4));
    assert_eq!(list.orderer(), Some(region("c")));
    let list = list.after(remove("c"), dot("c", 2));
    assert_eq!(list.orderers().collect::<Vec<_>>(), ["a", "b", "c"].map(region));
    // A removal of somebody else changes nothing of it.
    let list = founding(&["a", "b"]).after(remove("b"), dot("a", 1));
    assert_eq!(list.orderers().collect::<Vec<_>>(), [region("a")]);
}

#[test]
fn the_earliest_of_too_many_removed_regions_is_forgotten() {
    let mut list = founding(&["a"]);
    for n in 0..=Membership::REMOVED_MAX {
        let (name, seq) = (format!("r{n}"), n as u64);
        list = list.after(add(&name), dot("a", 2 * seq + 1));
        list = list.after(remove(&name), dot("a", 2 * seq + 2));
    }
    assert_eq!(list.removed().len(), Membership::REMOVED_MAX);
    assert_eq!(list.plan(&remove("r0")), Err(Refusal::NoSuchMember));
    assert_eq!(list.plan(&remove("r1")), Ok(Plan::AsIs(Some(dot("a", 4)))));
}

#[test]
fn a_founder_is_let_in_whatever_it_has_and_a_stranger_is_not() {
    let list = founding(&["a", "b"]).after(add("c"), dot("a", 1));
    for vector in [has(&[]), has(&[dot("b", 9)])] {
        assert_eq!(list.admission(region("b"), &vector), Admission::Member);
        assert_eq!(list.admission(region("x"), &vector), Admission::Unknown);
    }
}

#[test]
fn who_was_added_begins_with_nothing_and_takes_part_once_it_knows_of_it() {
    let list = founding(&["a", "b"]).after(add("c"), dot("a", 5));
    assert_eq!(list.admission(region("c"), &has(&[])), Admission::Newcomer);
    assert_eq!(list.admission(region("c"), &has(&[dot("a", 4)])), Admission::Removed);
    assert_eq!(list.admission(region("c"), &has(&[dot("a", 5)])), Admission::Member);
    assert_eq!(list.admission(region("c"), &has(&[dot("c", 1)])), Admission::Removed);
}

#[test]
fn who_was_removed_is_told_so_unless_it_knows_or_has_begun_anew() {
    let list = founding(&["a", "b"]).after(remove("b"), dot("a", 5));
    let stranded = has(&[dot("a", 4), dot("b", 9)]);
    assert_eq!(list.admission(region("b"), &stranded), Admission::Removed);
    assert_eq!(list.admission(region("b"), &has(&[dot("a", 5)])), Admission::Unknown);
    assert_eq!(list.admission(region("b"), &has(&[])), Admission::Unknown);
    // Added again, with a new directory or with the old one.
    let list = list.after(add("b"), dot("a", 8));
    assert!(list.removed().is_empty());
    assert_eq!(list.admission(region("b"), &has(&[])), Admission::Newcomer);
    for old in [stranded, has(&[dot("a", 7)])] {
        assert_eq!(list.admission(region("b"), &old), Admission::Removed);
    }
    assert_eq!(list.admission(region("b"), &has(&[dot("a", 8)])), Admission::Member);
}

#[test]
fn a_list_that_breaks_a_rule_is_none() {
    let list = founding(&["a", "b"]).after(remove("b"), dot("a", 5));
    let parts = || (list.members.clone(), list.removed.clone(), list.ordered_before.clone());
    let (members, removed, before) = parts();
    assert_eq!(Membership::from_parts(1, members, removed, before), Ok(list.clone()));
    let refused = |epoch, members, removed, before| {
        Membership::from_parts(epoch, members, removed, before).unwrap_err().rule
    };
    let (members, removed, before) = parts();
    assert_eq!(refused(0, members, removed, before), "its epoch is not that of the settings");
    let (_, removed, before) = parts();
    assert_eq!(refused(1, vec![], removed, before), "it has a member and not too many");
    let many = |n: usize| {
        let names: Vec<_> = (0..n).map(|n| format!("r{n}")).collect();
        founding(&names.iter().map(String::as_str).collect::<Vec<_>>()).members
    };
    assert!(Membership::from_parts(1, many(64), vec![], vec![]).is_ok());
    assert_eq!(refused(1, many(65), vec![], vec![]), "it has a member and not too many");
    let (members, _, before) = parts();
    let twice = vec![Removed { region: region("a"), by: dot("a", 1) }];
    assert_eq!(refused(1, members, twice, before), "it names a region once");
    let (members, removed, _) = parts();
    let disorder = vec![region("b"), region("a")];
    let rule = "who ordered before is named once, in order";
    assert_eq!(refused(1, members, removed, disorder), rule);
}

#[test]
fn an_address_is_kept_as_it_was_given_and_nothing_else_is_one() {
    for text in ["eu.example.com:7403", "[::1]:65535", "10.0.0.1:1", "own:0"] {
        assert_eq!(MemberAddress::new(text).unwrap().as_str(), text);
    }
    let (longest, longer) = (format!("{}:1", "a".repeat(259)), format!("{}:1", "a".repeat(260)));
    assert_eq!(longest.len(), MemberAddress::ADDRESS_BYTES_MAX);
    assert!(MemberAddress::new(&longest).is_ok());
    for text in ["", "host", ":1", "host:", "host:65536", "ho st:1", "é:1", &longer] {
        assert_eq!(MemberAddress::new(text), Err(MemberAddressError), "{text:?}");
    }
}
