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
    Catalog, Consistency, Key, RunningHash, Strategy, StreamPosition, TableDefinition, TableId,
    TableName, TableShape,
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
    Head { streams: streams(entries), stamp_floor, catalog: Arc::new(catalog) }
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
        theirs.adoptable(replica(own), &streams(ours), region("a"))
    };
    let adopted = adoptable(&[("a", 2), ("b", 8), ("c", 3)], "c");
    assert_eq!(adopted, Ok(streams(&[("a", 9)])));
    assert_eq!(adoptable(&[], "d"), Ok(theirs.streams.clone()));
    // This very replica has not written that, or something else.
    let forked = |name| Err(NotAdopted::Forked { origin: replica(name) });
    assert_eq!(adoptable(&[("c", 2)], "c"), forked("c"));
    let mut ours = streams(&[]);
    ours.set(replica("b"), StreamPosition { seq: 7, hash: RunningHash([1; 16]) });
    assert_eq!(theirs.adoptable(replica("c"), &ours, region("a")), forked("b"));
}

#[test]
fn tables_are_taken_where_their_streams_have_come_further_and_never_in_part() {
    let theirs = head(&[1], &[("a", 9), ("b", 7)]);
    let orderer = region("a");
    assert!(theirs.has_all_tables(&streams(&[("a", 9), ("b", 8)]), orderer));
    assert!(!theirs.has_all_tables(&streams(&[("a", 10)]), orderer));
    let adopted = theirs.adoptable(replica("c"), &streams(&[("a", 10)]), orderer);
    assert_eq!(adopted, Ok(streams(&[("b", 7)])));
    // The orderer has two lives, and each side knows more of another one.
    let mut ours = streams(&[("a", 2)]);
    let other = ReplicaId::new(orderer, Incarnation(2));
    ours.set(other, StreamPosition { seq: 1, hash: RunningHash([1; 16]) });
    let adopted = theirs.adoptable(replica("c"), &ours, orderer);
    assert_eq!(adopted, Err(NotAdopted::OtherTables));
}
