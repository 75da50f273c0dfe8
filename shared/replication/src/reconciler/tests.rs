//! Exact outputs of the reconciler.

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, ReplicaId};
use tombolo_datatypes::{DataType, Delta, DeltaBody, ItemState, JsonText, RegisterDelta};

use super::*;
use crate::Key;

const LIMITS: Limits = Limits { spans_max: 2, rounds_max: 2 };

fn region(name: &str) -> RegionId {
    RegionId::new(name).unwrap()
}

fn replica(name: &str) -> ReplicaId {
    ReplicaId::new(region(name), Incarnation(1))
}

fn vector(entries: &[(&str, u64)]) -> VersionVector {
    entries.iter().map(|(name, seq)| (replica(name), *seq)).collect()
}

fn table(seq: u64) -> TableId {
    TableId(Dot::new(replica("a"), seq))
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// A register that was written by these changes of a region, one on top of the other.
fn written(name: &str, seqs: impl IntoIterator<Item = u64>) -> Held {
    let mut state = ItemState::new(DataType::Register);
    let mut before = Vec::new();
    for seq in seqs {
        let dot = Dot::new(replica(name), seq);
        let value = Some(JsonText::from(i64::try_from(seq).unwrap()));
        let body = DeltaBody::Register(RegisterDelta(Some(value.into())));
        let delta = Delta::new(core::mem::replace(&mut before, vec![dot]), body);
        state.apply(dot, HybridTimestamp::new(seq, 0), &delta);
    }
    Held::State(Arc::new(state))
}

fn state(held: &Held) -> Arc<ItemState> {
    Arc::clone(held.state().unwrap())
}

/// Items by key and a number for what they hold.
fn listed(items: &[(&str, u8)]) -> Vec<Listed> {
    items.iter().map(|(text, digest)| (key(text), Digest([*digest; 16]))).collect()
}

fn listing(span: Span, items: &[(&str, u8)], vector: &VersionVector) -> Listing {
    Listing { span, items: listed(items), vector: vector.clone() }
}

fn span(after: Option<&str>, to: Option<&str>) -> Span {
    Span { table: table(1), after: after.map(key), to: to.map(key) }
}

fn read(listing: Listing, rest: Option<Span>) -> Input {
    Input::Read { listing: Some(listing), rest }
}

fn compare(request: u64, listing: &Listing) -> Output {
    Output::Compare(Compare {
        request,
        vector: listing.vector.clone(),
        span: listing.span.clone(),
        digest: Digest::of_items(&listing.items),
    })
}

fn compared(request: u64, vector: &VersionVector, answer: Comparison) -> Input {
    Input::Compared(Compared { request, vector: vector.clone(), answer })
}

fn differs(items: &[(&str, u8)], up_to: Option<&str>) -> Comparison {
    Comparison::Differs { items: listed(items), up_to: up_to.map(key) }
}

fn offer(request: u64, vector: &VersionVector, items: &[(&str, &Held)]) -> Output {
    Output::Offer(Offer {
        request,
        vector: vector.clone(),
        table: table(1),
        speaks_for: vec![region("a")],
        items: items.iter().map(|(text, held)| (key(text), (*held).clone())).collect(),
    })
}

fn offered(request: u64, vector: &VersionVector, items: &[&Held]) -> Input {
    let items = items.iter().map(|held| (*held).clone()).collect();
    Input::Offered(Offered { request, vector: vector.clone(), items })
}

fn load(keys: &[&str], vector: &VersionVector) -> Output {
    let keys = keys.iter().map(|text| key(text)).collect();
    Output::Load { table: table(1), keys, vector: vector.clone() }
}

fn loaded(vector: &VersionVector, items: &[&Held]) -> Input {
    let items = items.iter().map(|held| (*held).clone()).collect();
    Input::Loaded { vector: vector.clone(), items }
}

/// A reconciler of one table that has been told that the peer has otherwise what is listed.
fn doubting(ours: &[(&str, u8)], theirs: &[(&str, u8)], shown: &VersionVector) -> Reconciler {
    let mut reconciler = Reconciler::new(LIMITS, [table(1)], vec![region("a")]);
    reconciler.begin();
    let listing = listing(span(None, None), ours, shown);
    reconciler.handle(read(listing, None)).unwrap();
    reconciler.handle(compared(1, shown, differs(theirs, None))).unwrap();
    reconciler
}

#[test]
fn what_is_the_same_is_read_span_by_span_and_nothing_else_is_done() {
    let shown = vector(&[("a", 9)]);
    let mut reconciler = Reconciler::new(LIMITS, [table(1), table(2)], vec![region("a")]);
    assert_eq!(reconciler.begin(), [Output::Read(span(None, None))]);

    let first = listing(span(None, Some("b")), &[("a", 1), ("b", 2)], &shown);
    let rest = span(Some("b"), None);
    let outputs = reconciler.handle(read(first.clone(), Some(rest.clone()))).unwrap();
    assert_eq!(outputs, [compare(1, &first), Output::Read(rest.clone())]);

    // Two are under way: the next is read when one is answered.
    let second = listing(rest, &[("c", 3)], &shown);
    assert_eq!(reconciler.handle(read(second.clone(), None)).unwrap(), [compare(2, &second)]);
    let outputs = reconciler.handle(compared(1, &shown, Comparison::Same)).unwrap();
    assert_eq!(outputs, [Output::Read(Span::of(table(2)))]);
    assert_eq!(reconciler.handle(compared(2, &shown, Comparison::Same)).unwrap(), []);

    // The second table was dropped meanwhile.
    let gone = Input::Read { listing: None, rest: None };
    let findings = Findings { spans: 2, compared_items: 3, ..Findings::default() };
    assert_eq!(reconciler.handle(gone).unwrap(), [Output::Done(findings)]);
    assert!(findings.is_identical());
}

#[test]
fn what_differs_is_offered_and_joined_on_both_sides() {
    let shown = vector(&[("a", 9), ("b", 9)]);
    let mut reconciler = Reconciler::new(LIMITS, [table(1)], vec![region("a")]);
    reconciler.begin();
    let ours = listing(span(None, None), &[("here", 1), ("same", 2), ("older", 3)], &shown);
    let ours = Listing { items: listed(&[("here", 1), ("older", 3), ("same", 2)]), ..ours };
    reconciler.handle(read(ours, None)).unwrap();
    let theirs = differs(&[("older", 4), ("same", 2), ("there", 5)], None);
    let outputs = reconciler.handle(compared(1, &shown, theirs)).unwrap();
    assert_eq!(outputs, [load(&["here", "older", "there"], &shown)]);

    let (one, older, newer) = (written("a", [2]), written("b", [4]), written("b", [4, 5]));
    let outputs = reconciler.handle(loaded(&shown, &[&one, &older, &Held::Nothing])).unwrap();
    let items = [("here", &one), ("older", &older), ("there", &Held::Nothing)];
    assert_eq!(outputs, [offer(2, &shown, &items)]);

    let outputs = reconciler.handle(offered(2, &shown, &[&Held::Nothing, &newer, &older])).unwrap();
    let items = vec![(key("older"), state(&newer)), (key("there"), state(&older))];
    let join = Output::Join { table: table(1), items, vector: shown.clone() };
    assert_eq!(outputs, [join]);
    let findings = Findings {
        spans: 1,
        compared_items: 4,
        differing_items: 3,
        repaired_items: 2,
        ..Findings::default()
    };
    let joined = Input::Joined { left_over: 1 };
    assert_eq!(reconciler.handle(joined).unwrap(), [Output::Done(findings)]);
    assert!(!findings.is_identical());
}

#[test]
fn what_is_on_its_way_is_looked_at_again_and_is_no_difference() {
    let (behind, ahead) = (vector(&[("a", 4)]), vector(&[("a", 5)]));
    let mut reconciler = doubting(&[("k", 1)], &[("k", 2)], &ahead);
    let (old, new, newest) = (written("a", [4]), written("a", [4, 5]), written("a", [4, 5, 6]));
    // The peer has not heard of the latest change, then of none of two, and so for ever.
    reconciler.handle(loaded(&ahead, &[&new])).unwrap();
    let outputs = reconciler.handle(offered(2, &behind, &[&old])).unwrap();
    assert_eq!(outputs, [load(&["k"], &ahead)]);
    reconciler.handle(loaded(&vector(&[("a", 6)]), &[&newest])).unwrap();
    let outputs = reconciler.handle(offered(3, &ahead, &[&new])).unwrap();
    let findings =
        Findings { spans: 1, compared_items: 1, in_flight_items: 1, ..Findings::default() };
    assert_eq!(outputs, [Output::Done(findings)]);
    assert!(findings.is_identical());
}

#[test]
fn what_has_come_to_rest_when_it_is_looked_at_again_is_the_same() {
    let shown = vector(&[("a", 5)]);
    let mut reconciler = doubting(&[("k", 1)], &[("k", 2)], &shown);
    let (old, new) = (written("a", [4]), written("a", [4, 5]));
    reconciler.handle(loaded(&shown, &[&new])).unwrap();
    reconciler.handle(offered(2, &vector(&[("a", 4)]), &[&old])).unwrap();
    reconciler.handle(loaded(&shown, &[&new])).unwrap();
    let findings = Findings { spans: 1, compared_items: 1, ..Findings::default() };
    let outputs = reconciler.handle(offered(3, &shown, &[&new])).unwrap();
    assert_eq!(outputs, [Output::Done(findings)]);
}

#[test]
fn a_change_that_is_shown_and_lacks_is_a_difference_also_while_others_are_on_their_way() {
    let (asker, answerer) = (vector(&[("a", 9), ("b", 3)]), vector(&[("a", 9), ("b", 4)]));
    // The peer lacks what it shows, and has something that is not here yet.
    let (ours, theirs) = (written("a", [9]), written("b", [4]));
    let seen = verdict((&ours, &asker), (&theirs, &answerer));
    assert_eq!(seen, Verdict::Different);
    // It does not show yet all that it would join: not now.
    let mut both = ItemState::clone(&state(&written("a", [10])));
    both.join(&state(&written("b", [2])));
    let ahead = vector(&[("a", 10), ("b", 9)]);
    let ours = Held::State(Arc::new(both));
    let seen = verdict((&ours, &ahead), (&Held::Nothing, &answerer));
    assert_eq!(seen, Verdict::DifferentYetAhead);
}

#[test]
fn states_of_the_same_changes_that_differ_are_different() {
    let shown = vector(&[("a", 9)]);
    let other = Held::State(Arc::new(ItemState::from_parts(
        vector(&[("a", 9)]),
        ItemState::new(DataType::Register).value().clone(),
    )));
    let seen = verdict((&written("a", [9]), &shown), (&other, &shown));
    assert_eq!(seen, Verdict::Different);
    // A state that has seen more than its region shows is damaged, and nothing on its way.
    let seen = verdict((&written("a", [9]), &shown), (&written("a", [10]), &shown));
    assert_eq!(seen, Verdict::DifferentYetAhead);
    let seen = verdict((&Held::TooLarge, &shown), (&other, &shown));
    assert_eq!(seen, Verdict::Untold);
}

#[test]
fn what_is_too_large_to_be_sent_is_told_as_a_difference_that_stays() {
    let shown = vector(&[("a", 5)]);
    let mut reconciler = doubting(&[("k", 1)], &[("k", 2)], &shown);
    for request in [2, 3] {
        reconciler.handle(loaded(&shown, &[&Held::TooLarge])).unwrap();
        let outputs = reconciler.handle(offered(request, &shown, &[&Held::Nothing])).unwrap();
        if request == 3 {
            let findings =
                Findings { spans: 1, compared_items: 1, differing_items: 1, ..Findings::default() };
            assert_eq!(outputs, [Output::Done(findings)]);
        }
    }
}

/// It would come back to the peer with the state, unseen.
#[test]
fn what_the_peer_has_set_aside_is_told_as_a_difference_that_stays() {
    let shown = vector(&[("a", 3)]);
    let (seen, earlier, later) = (written("a", [2]), written("a", [1]), written("a", [2, 3]));
    let mut reconciler = doubting(&[("k", 1), ("l", 1), ("m", 1)], &[("m", 2)], &shown)
        .with_unwelcome(vec![Dot::new(replica("a"), 2)]);
    reconciler.handle(loaded(&shown, &[&seen, &earlier, &later])).unwrap();
    let theirs = [&Held::Nothing, &Held::Nothing, &earlier];
    let outputs = reconciler.handle(offered(2, &shown, &theirs)).unwrap();
    let findings = Findings {
        spans: 1,
        compared_items: 3,
        differing_items: 3,
        repaired_items: 1,
        ..Findings::default()
    };
    assert_eq!(outputs, [Output::Done(findings)]);
}

#[test]
fn what_finds_no_room_in_a_frame_goes_with_the_next() {
    let shown = vector(&[("a", 9)]);
    let mut reconciler = doubting(&[("a", 1), ("b", 1), ("c", 1)], &[], &shown);
    let one = written("a", [2]);
    // Two fit into the offer, one into its answer.
    let outputs = reconciler.handle(loaded(&shown, &[&one, &one])).unwrap();
    assert_eq!(outputs, [offer(2, &shown, &[("a", &one), ("b", &one)])]);
    let outputs = reconciler.handle(offered(2, &shown, &[&Held::Nothing])).unwrap();
    assert_eq!(outputs, [load(&["b", "c"], &shown)]);
    reconciler.handle(loaded(&shown, &[&one, &one])).unwrap();
    let nothing = [&Held::Nothing, &Held::Nothing];
    let outputs = reconciler.handle(offered(3, &shown, &nothing)).unwrap();
    let findings = Findings {
        spans: 1,
        compared_items: 3,
        differing_items: 3,
        repaired_items: 3,
        ..Findings::default()
    };
    assert_eq!(outputs, [Output::Done(findings)]);
}

#[test]
fn what_the_peer_did_not_list_is_compared_anew() {
    let shown = vector(&[("a", 9)]);
    let mut reconciler = Reconciler::new(LIMITS, [table(1)], vec![region("a")]);
    reconciler.begin();
    let ours = listing(span(None, None), &[("a", 1), ("c", 1)], &shown);
    reconciler.handle(read(ours, None)).unwrap();
    let theirs = differs(&[("a", 1), ("b", 1)], Some("b"));
    let outputs = reconciler.handle(compared(1, &shown, theirs)).unwrap();
    assert_eq!(outputs, [Output::Read(span(Some("b"), None)), load(&["b"], &shown)]);
}

#[test]
fn a_table_that_the_peer_lacks_is_waited_for_before_it_is_missing() {
    let (before, after) = (vector(&[]), vector(&[("a", 1)]));
    let start = || {
        let mut reconciler = Reconciler::new(LIMITS, [table(1)], vec![region("a")]);
        reconciler.begin();
        reconciler.handle(read(listing(span(None, None), &[], &after), None)).unwrap();
        reconciler
    };
    // It has not heard of the definition.
    let outputs = start().handle(compared(1, &before, Comparison::NoSuchTable)).unwrap();
    assert_eq!(outputs, [Output::Done(Findings { spans: 1, ..Findings::default() })]);

    // It has dropped it, which has not arrived here; or it has lost it.
    let awaited = Input::Awaited { table: table(1) };
    let again = Output::Read(Span::of(table(1)));
    let wait = || Output::Await { table: table(1), vector: after.clone() };
    let mut dropped = start();
    let outputs = dropped.handle(compared(1, &after, Comparison::NoSuchTable)).unwrap();
    assert_eq!(outputs, [wait()]);
    assert_eq!(dropped.handle(awaited.clone()).unwrap(), [again]);
    let gone = Input::Read { listing: None, rest: None };
    let outputs = dropped.handle(gone).unwrap();
    assert_eq!(outputs, [Output::Done(Findings { spans: 1, ..Findings::default() })]);

    let mut lost = start();
    lost.handle(compared(1, &after, Comparison::NoSuchTable)).unwrap();
    lost.handle(awaited).unwrap();
    lost.handle(read(listing(span(None, None), &[], &after), None)).unwrap();
    let outputs = lost.handle(compared(2, &after, Comparison::NoSuchTable)).unwrap();
    let findings = Findings { spans: 2, missing_tables: 1, ..Findings::default() };
    assert_eq!(outputs, [Output::Done(findings)]);
    assert!(!findings.is_identical());
}

#[test]
fn an_answer_that_does_not_fit_its_question_is_refused() {
    let shown = vector(&[("a", 9)]);
    let part = || {
        let mut reconciler = Reconciler::new(LIMITS, [table(1)], vec![region("a")]);
        reconciler.begin();
        let ours = listing(span(None, Some("m")), &[("a", 1)], &shown);
        reconciler.handle(read(ours, None)).unwrap();
        reconciler
    };
    for answer in [
        compared(2, &shown, Comparison::Same),
        // Keys beyond the span, and lists that lead nowhere.
        compared(1, &shown, differs(&[("z", 1)], None)),
        compared(1, &shown, differs(&[("b", 1)], Some("z"))),
        compared(1, &shown, differs(&[("c", 1)], Some("b"))),
        compared(1, &shown, differs(&[], Some("b"))),
        offered(1, &shown, &[]),
        loaded(&shown, &[]),
    ] {
        assert!(part().handle(answer.clone()).is_err(), "{answer:?}");
    }
    for items in [&[][..], &[&Held::Nothing, &Held::Nothing]] {
        let mut reconciler = doubting(&[("k", 1)], &[("k", 2)], &shown);
        reconciler.handle(loaded(&shown, &[&Held::Nothing])).unwrap();
        assert!(reconciler.handle(offered(2, &shown, items)).is_err());
    }
}

#[test]
fn the_answering_region_joins_what_differs_and_nothing_else() {
    let shown = vector(&[("a", 5)]);
    let (old, new) = (written("a", [4]), written("a", [4, 5]));
    let nothing = Held::Nothing;
    let Output::Offer(asked) =
        offer(1, &shown, &[("a", &new), ("b", &new), ("c", &new), ("d", &nothing)])
    else {
        unreachable!("an offer is an offer");
    };
    let ours = [old.clone(), new.clone(), nothing, old];
    let joined = |shows: &VersionVector| -> Vec<String> {
        to_join(&asked, &ours, shows).map(|(key, _)| key.as_str().to_owned()).collect()
    };
    assert_eq!(joined(&shown), ["a", "c", "d"]);
    // Before it shows the change itself, that is on its way.
    assert_eq!(joined(&vector(&[("a", 4)])), ["d"]);
}
