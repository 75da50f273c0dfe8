//! Exact outputs of a region that catches up.

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation};
use tombolo_datatypes::{DataType, ItemState};
use tombolo_resolvers::ResolverKind;

use super::*;
use crate::idempotency::{
    GivenAnswer, IdempotencyRecord, KeptRecord, NamedRequest, RequestHash, RequestName,
};
use crate::{
    Catalog, Consistency, Exceptions, Key, RunningHash, SetAside, Strategy, StreamPosition,
    TableDefinition, TableId, TableName, TableShape,
};

fn region(name: &str) -> RegionId {
    RegionId::new(name).unwrap()
}

fn replica(name: &str) -> ReplicaId {
    ReplicaId::new(region(name), Incarnation(1))
}

fn vector(entries: &[(&str, u64)]) -> VersionVector {
    entries.iter().map(|(name, seq)| (replica(name), *seq)).collect()
}

/// Streams whose hash is their sequence.
fn streams(entries: &[(&str, u64)]) -> Streams {
    let at = |seq: u64| StreamPosition { seq, hash: RunningHash([u8::try_from(seq).unwrap(); 16]) };
    entries.iter().map(|(name, seq)| (replica(name), at(*seq))).collect()
}

fn table(seq: u64) -> TableId {
    TableId(Dot::new(replica("a"), seq))
}

fn head(tables: &[u64], entries: &[(&str, u64)]) -> Head {
    let mut catalog = Catalog::default();
    for seq in tables {
        let shape = TableShape {
            data_type: DataType::Register,
            resolver: ResolverKind::LastWriteWins,
            strategy: Strategy::MultiLeader,
            consistency: Consistency::Eventual,
        };
        let name = TableName::new(&format!("t{seq}")).unwrap();
        catalog.define(TableDefinition { id: table(*seq), name, shape, altered: None });
    }
    let stamp_floor = HybridTimestamp::new(9, 0);
    let (streams, catalog) = (streams(entries), Arc::new(catalog));
    Head { streams, stamp_floor, catalog, exceptions: Arc::default() }
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn items(keys: &[&str]) -> Content {
    let state = || Arc::new(ItemState::new(DataType::Register));
    let items = keys.iter().map(|text| (key(text), state())).collect();
    Content::Items { table: table(1), items }
}

fn record(name: u8, at_ms: u64) -> KeptRecord {
    let request = NamedRequest { name: RequestName([name; 16]), hash: RequestHash([0; 16]) };
    let record = IdempotencyRecord { request, answer: GivenAnswer::default() };
    KeptRecord { record, dot: Dot::new(replica("a"), 1), stamp: HybridTimestamp::new(at_ms, 0) }
}

fn pull(request: u64, what: Wanted) -> Output {
    Output::Pull(Pull { request, what })
}

fn part(request: u64, until: &VersionVector, content: Content, is_last: bool) -> Input {
    Input::Pulled(Pulled { request, until: until.clone(), content, is_last })
}

fn remember(vector: &VersionVector, is_adopted: bool) -> Output {
    Output::Remember(Goal { vector: vector.clone(), is_adopted })
}

#[test]
fn all_of_a_peer_is_taken_before_its_first_position_is_adopted() {
    let (first, later) = (vector(&[("a", 5)]), vector(&[("a", 6)]));
    let mut catch_up = CatchUp::new(Goal::default());
    assert_eq!(catch_up.begin(), [pull(1, Wanted::Head)]);

    let head = head(&[1], &[("a", 5)]);
    let outputs = catch_up.handle(part(1, &first, Content::Head(head.clone()), true)).unwrap();
    let all = Span::of(table(1));
    let take = Output::Take(Content::Head(head.clone()));
    let expected = [remember(&first, false), take, pull(2, Wanted::Items(all.clone()))];
    assert_eq!(outputs, expected);

    // A part that arrives while the one before it is being taken waits, and so does the next pull.
    assert_eq!(catch_up.handle(part(2, &later, items(&["a", "b"]), false)).unwrap(), []);
    let outputs = catch_up.handle(Input::Taken).unwrap();
    let rest = Span { after: Some(key("b")), ..all };
    let take = Output::Take(items(&["a", "b"]));
    assert_eq!(outputs, [remember(&later, false), take, pull(3, Wanted::Items(rest))]);

    assert_eq!(catch_up.handle(Input::Taken).unwrap(), []);
    let outputs = catch_up.handle(part(3, &later, items(&["c"]), true)).unwrap();
    let requests = Wanted::Requests { after: None };
    assert_eq!(outputs, [Output::Take(items(&["c"])), pull(4, requests)]);
    assert_eq!(catch_up.handle(Input::Taken).unwrap(), []);
    let records = Content::Requests(vec![record(1, 5)]);
    let outputs = catch_up.handle(part(4, &later, records.clone(), false)).unwrap();
    let after = Some(RequestPlace::of(&record(1, 5)));
    assert_eq!(outputs, [Output::Take(records), pull(5, Wanted::Requests { after })]);
    assert_eq!(catch_up.handle(Input::Taken).unwrap(), []);
    let records = Content::Requests(vec![]);
    let outputs = catch_up.handle(part(5, &later, records.clone(), true)).unwrap();
    assert_eq!(outputs, [Output::Take(records)]);

    assert_eq!(catch_up.handle(Input::Taken).unwrap(), [Output::Adopt(head)]);
    let outputs = catch_up.handle(Input::Adopted).unwrap();
    assert_eq!(outputs, [remember(&later, true), Output::Wait(later)]);
    assert_eq!(catch_up.handle(Input::Shown).unwrap(), [Output::Done]);
}

#[test]
fn after_a_crash_it_begins_anew_or_waits_for_the_log_alone() {
    let goal = vector(&[("a", 5)]);
    let before = Goal { vector: goal.clone(), is_adopted: false };
    let mut catch_up = CatchUp::new(before);
    assert_eq!(catch_up.begin(), [pull(1, Wanted::Head)]);
    // What was to be reached before is still to be reached.
    let less = vector(&[("a", 4)]);
    let head = head(&[], &[("a", 4)]);
    let outputs = catch_up.handle(part(1, &less, Content::Head(head.clone()), true)).unwrap();
    let requests = pull(2, Wanted::Requests { after: None });
    assert_eq!(outputs, [Output::Take(Content::Head(head)), requests]);
    catch_up.handle(Input::Taken).unwrap();
    catch_up.handle(part(2, &less, Content::Requests(vec![]), true)).unwrap();
    catch_up.handle(Input::Taken).unwrap();
    let outputs = catch_up.handle(Input::Adopted).unwrap();
    assert_eq!(outputs, [remember(&goal, true), Output::Wait(goal.clone())]);

    let mut catch_up = CatchUp::new(Goal { vector: goal.clone(), is_adopted: true });
    assert_eq!(catch_up.begin(), [Output::Wait(goal)]);
    assert_eq!(catch_up.handle(Input::Shown).unwrap(), [Output::Done]);
}

#[test]
fn what_was_lost_on_the_way_is_pulled_again_and_nothing_else() {
    let shown = vector(&[("a", 5)]);
    let mut catch_up = CatchUp::new(Goal::default());
    catch_up.begin();
    assert_eq!(catch_up.handle(Input::Lost).unwrap(), [pull(2, Wanted::Head)]);
    let head = head(&[1], &[("a", 5)]);
    catch_up.handle(part(2, &shown, Content::Head(head), true)).unwrap();
    catch_up.handle(Input::Taken).unwrap();
    catch_up.handle(part(3, &shown, items(&["a"]), false)).unwrap();
    let rest = Wanted::Items(Span { after: Some(key("a")), ..Span::of(table(1)) });
    assert_eq!(catch_up.handle(Input::Lost).unwrap(), [pull(5, rest)]);
    // The answer to the pull that was lost does not count.
    assert!(catch_up.handle(part(4, &shown, items(&["b"]), true)).is_err());
}

#[test]
fn a_part_that_was_not_asked_for_is_refused() {
    let nothing = vector(&[]);
    let asked = || {
        let mut catch_up = CatchUp::new(Goal::default());
        catch_up.begin();
        let head = Content::Head(head(&[1], &[]));
        catch_up.handle(part(1, &nothing, head, true)).unwrap();
        catch_up
    };
    let other = Content::Items { table: table(2), items: vec![] };
    for input in [
        part(1, &nothing, items(&["a"]), true),
        part(2, &nothing, Content::Requests(vec![]), true),
        part(2, &nothing, other, true),
        // It goes on, and does not say from where.
        part(2, &nothing, items(&[]), false),
        Input::Adopted,
        Input::Shown,
    ] {
        assert!(asked().handle(input.clone()).is_err(), "{input:?}");
    }
    // What was behind once does not come again.
    let mut catch_up = asked();
    catch_up.handle(Input::Taken).unwrap();
    catch_up.handle(part(2, &nothing, items(&["b"]), false)).unwrap();
    catch_up.handle(Input::Taken).unwrap();
    assert!(catch_up.handle(part(3, &nothing, items(&["a"]), true)).is_err());
    let mut catch_up = asked();
    catch_up.handle(Input::Taken).unwrap();
    catch_up.handle(part(2, &nothing, Content::NoSuchTable, true)).unwrap();
    let disordered = Content::Requests(vec![record(1, 5), record(2, 4)]);
    assert!(catch_up.handle(part(3, &nothing, disordered, true)).is_err());
}

#[test]
fn of_a_peers_streams_those_are_adopted_that_lead_further() {
    let theirs = head(&[1], &[("a", 9), ("b", 7), ("c", 3)]);
    let adoptable = |ours: &[(&str, u64)], own: &str| {
        let ours = (&streams(ours), &Exceptions::default());
        theirs.adoptable(replica(own), ours, &orderers()).map(|adopted| adopted.streams)
    };
    let adopted = adoptable(&[("a", 2), ("b", 8), ("c", 3)], "c");
    assert_eq!(adopted, Ok(streams(&[("a", 9)])));
    assert_eq!(adoptable(&[], "d"), Ok(theirs.streams.clone()));
    // This very replica has not written that, or something else.
    let forked = |name| NotAdopted::Forked { origin: replica(name) };
    assert_eq!(adoptable(&[("c", 2)], "c"), Err(forked("c")));
    let mut ours = streams(&[]);
    ours.set(replica("b"), StreamPosition { seq: 7, hash: RunningHash([1; 16]) });
    let ours = (&ours, &Exceptions::default());
    assert_eq!(theirs.adoptable(replica("c"), ours, &orderers()), Err(forked("b")));
}

#[test]
fn what_a_peer_has_set_aside_of_a_stream_is_adopted_with_it() {
    let dot = |name, seq| Dot::new(replica(name), seq);
    let aside = |dots: &[Dot]| -> Exceptions {
        dots.iter().map(|dot| (*dot, SetAside::WrongType)).collect()
    };
    // Of `a` one that is here already, and was applied; of `b` one that no stream reaches.
    let exceptions = aside(&[dot("a", 2), dot("a", 3), dot("a", 9), dot("b", 8)]);
    let theirs = Head { exceptions: exceptions.into(), ..head(&[1], &[("a", 9), ("b", 7)]) };
    let adopt = |set_aside: &Exceptions| {
        let ours = streams(&[("a", 2), ("b", 7), ("c", 5)]);
        theirs.adoptable(replica("c"), (&ours, set_aside), &orderers())
    };
    let expected =
        Adopted { streams: streams(&[("a", 9)]), exceptions: aside(&[dot("a", 3), dot("a", 9)]) };
    assert_eq!(adopt(&Exceptions::default()), Ok(expected.clone()));
    // What the peer has set aside as well, or has not come to, is no hindrance.
    assert_eq!(adopt(&aside(&[dot("a", 2), dot("c", 5)])), Ok(expected));
    // What it shows and this region does not would come here with its items.
    let shown = dot("b", 7);
    assert_eq!(adopt(&aside(&[shown])), Err(NotAdopted::SetAside { dot: shown }));

    let full = |n: u64| aside(&(1..=n).map(|seq| dot("d", seq)).collect::<Vec<_>>());
    assert!(adopt(&full(998)).is_ok());
    assert_eq!(adopt(&full(999)), Err(NotAdopted::TooManyExceptions { max: 1_000 }));
}

fn orderers() -> BTreeSet<RegionId> {
    [region("a")].into()
}

#[test]
fn tables_are_taken_where_their_streams_have_come_further_and_never_in_part() {
    let theirs = head(&[1], &[("a", 9), ("b", 7)]);
    let orderer = &orderers();
    assert!(theirs.has_all_tables(&streams(&[("a", 9), ("b", 8)]), orderer));
    assert!(!theirs.has_all_tables(&streams(&[("a", 10)]), orderer));
    let nothing = Exceptions::default();
    let ours = (&streams(&[("a", 10)]), &nothing);
    let adopted = theirs.adoptable(replica("c"), ours, orderer).map(|adopted| adopted.streams);
    assert_eq!(adopted, Ok(streams(&[("b", 7)])));
    // The orderer has two lives, and each side knows more of another one.
    let mut ours = streams(&[("a", 2)]);
    let other = ReplicaId::new(region("a"), Incarnation(2));
    ours.set(other, StreamPosition { seq: 1, hash: RunningHash([1; 16]) });
    let adopted = theirs.adoptable(replica("c"), (&ours, &nothing), orderer);
    assert_eq!(adopted, Err(NotAdopted::OtherTables));
}

#[test]
fn after_the_order_has_passed_to_another_region_both_streams_count() {
    let theirs = head(&[1], &[("a", 9), ("b", 7)]);
    let both = [region("a"), region("b")].into();
    assert!(theirs.has_all_tables(&streams(&[("a", 9), ("b", 6)]), &both));
    assert!(!theirs.has_all_tables(&streams(&[("a", 9), ("b", 8)]), &both));
    let nothing = Exceptions::default();
    let ours = (&streams(&[("a", 8), ("b", 8)]), &nothing);
    let adopted = theirs.adoptable(replica("c"), ours, &both);
    assert_eq!(adopted, Err(NotAdopted::OtherTables));
}
