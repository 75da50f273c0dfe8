//! Exact outputs of the intake.

use tombolo_causality::{Dot, HybridTimestamp, Incarnation};

use super::*;
use crate::{Body, Change, StreamPosition};

const LIMITS: Limits = Limits {
    held_back_bytes_max: 1_000,
    clock_skew_ms_max: 500,
    silence_ms_max: 1_000,
    ask_again_ms: 1_000,
    streams_max: 3,
};

fn region(name: &str) -> RegionId {
    RegionId::new(name).unwrap()
}

fn replica(name: &str) -> ReplicaId {
    ReplicaId::new(region(name), Incarnation(1))
}

fn change(name: &str, seq: u64, deps: &[(&str, u64)]) -> SealedChange {
    let change = Change {
        dot: Dot::new(replica(name), seq),
        stamp: HybridTimestamp::new(1_000 + seq, 0),
        deps: Arc::new(deps.iter().map(|(n, s)| (replica(n), *s)).collect()),
        cut: Arc::default(),
        body: Body::Stub(Vec::new()),
        idempotency: None,
        span: None,
    };
    let bytes = format!("{name}{seq}").into_bytes().into();
    SealedChange { change, bytes }
}

fn hash_before(first: &SealedChange) -> RunningHash {
    let dot = first.change.dot;
    (1..dot.seq).fold(RunningHash::default(), |hash, seq| {
        hash.after(format!("{}{seq}", dot.replica.region).as_bytes())
    })
}

fn received(peer: &str, changes: &[SealedChange]) -> Input {
    let batch = Batch {
        origin: changes[0].change.dot.replica,
        hash_before: hash_before(&changes[0]),
        changes: changes.to_vec(),
    };
    Input::Received { peer: region(peer), batch }
}

fn ask(peer: &str, origin: &str, after: u64, up_to: u64) -> Output {
    Output::Ask { peer: region(peer), origin: replica(origin), after, up_to }
}

fn intake(own: &str) -> Intake {
    Intake::new(replica(own), &Streams::default(), LIMITS)
}

/// Where a stream stands after so many changes.
fn at(name: &str, seq: u64) -> StreamPosition {
    let bytes = |seq| format!("{name}{seq}").into_bytes();
    (1..=seq).fold(StreamPosition::default(), |at, seq| at.after(&bytes(seq)))
}

fn handle(intake: &mut Intake, input: Input) -> Vec<Output> {
    intake.handle(10, 2_000, input)
}

#[test]
fn an_answer_before_its_question_is_held_back_and_the_question_asked_for() {
    let mut c = intake("c");
    let question = change("a", 1, &[]);
    let answer = change("b", 1, &[("a", 1)]);

    let outputs = handle(&mut c, received("b", std::slice::from_ref(&answer)));
    assert_eq!(outputs, [ask("b", "a", 0, 1)]);
    assert_eq!(c.held_bytes(), 2);

    // The question comes from b, who had seen it: a cut between a and c does not matter.
    let outputs = handle(&mut c, received("b", std::slice::from_ref(&question)));
    assert_eq!(outputs, [Output::Apply(vec![question, answer])]);
    assert_eq!(c.held_bytes(), 0);
}

#[test]
fn a_change_whose_deps_are_here_is_handed_over_at_once() {
    let mut c = intake("c");
    let changes = [change("a", 1, &[]), change("a", 2, &[("c", 5)])];
    let outputs = handle(&mut c, received("a", &changes));
    assert_eq!(outputs, [Output::Apply(changes.to_vec())]);
}

#[test]
fn what_arrives_again_is_without_effect() {
    let mut c = intake("c");
    let [one, two, three] = [1, 2, 3].map(|seq| change("a", seq, &[]));
    handle(&mut c, received("a", &[one.clone(), two.clone()]));
    assert_eq!(handle(&mut c, received("a", &[one, two.clone()])), []);
    let outputs = handle(&mut c, received("b", &[two, three.clone()]));
    assert_eq!(outputs, [Output::Apply(vec![three])]);
    assert_eq!(c.duplicates(), 3);
}

#[test]
fn a_gap_is_asked_for_and_nothing_beyond_it_is_kept() {
    let mut c = intake("c");
    let outputs = handle(&mut c, received("a", &[change("a", 3, &[])]));
    assert_eq!(outputs, [ask("a", "a", 0, 3)]);
    assert_eq!(c.held_bytes(), 0);
    // What comes before it may have been under way: the rest is not forgotten.
    handle(&mut c, received("a", &[change("a", 1, &[]), change("a", 2, &[])]));
    let vector: VersionVector = [(replica("a"), 3)].into_iter().collect();
    let outputs = c.handle(2_000, 0, Input::Heard { peer: region("a"), vector });
    assert_eq!(outputs, [ask("a", "a", 2, 3)]);
}

#[test]
fn another_history_is_refused_before_and_at_the_seam() {
    let mut c = intake("c");
    let [one, two] = [1, 2].map(|seq| change("a", seq, &[]));
    handle(&mut c, received("a", std::slice::from_ref(&one)));
    let origin = replica("a");
    let forked = Output::Refuse { peer: region("a"), reason: Refusal::Forked { origin, seq: 1 } };

    let batch = Batch { origin, hash_before: RunningHash([9; 16]), changes: vec![two] };
    let input = Input::Received { peer: region("a"), batch };
    assert_eq!(handle(&mut c, input), std::slice::from_ref(&forked));

    let mut other_one = one;
    other_one.bytes = Arc::from(*b"other");
    assert_eq!(handle(&mut c, received("a", &[other_one])), [forked]);
}

#[test]
fn stamps_far_ahead_and_batches_with_gaps_are_refused() {
    let mut c = intake("c");
    let origin = replica("a");
    let refuse = |reason| [Output::Refuse { peer: region("a"), reason }];

    let outputs = c.handle(10, 100, received("a", &[change("a", 1, &[])]));
    assert_eq!(outputs, refuse(Refusal::ClockAhead { origin, ahead_ms: 901 }));
    let gap = [change("a", 1, &[]), change("a", 3, &[])];
    assert_eq!(handle(&mut c, received("a", &gap)), refuse(Refusal::Malformed { origin }));
    let mixed = [change("a", 1, &[]), change("b", 2, &[])];
    assert_eq!(handle(&mut c, received("a", &mixed)), refuse(Refusal::Malformed { origin }));
}

#[test]
fn the_own_stream_is_never_taken_from_others() {
    let own = replica("c");
    let streams = [(own, StreamPosition::default().after(b"c1"))].into_iter().collect();
    let mut c = Intake::new(own, &streams, LIMITS);
    assert_eq!(handle(&mut c, received("a", &[change("c", 1, &[])])), []);
    let reason = Refusal::OwnFuture { origin: own, seq: 2 };
    let refused = [Output::Refuse { peer: region("a"), reason }];
    assert_eq!(handle(&mut c, received("a", &[change("c", 2, &[])])), refused);
}

#[test]
fn past_the_bound_the_furthest_is_dropped_and_asked_for_again() {
    let limits = Limits { held_back_bytes_max: 4, ..LIMITS };
    let mut c = Intake::new(replica("c"), &Streams::default(), limits);
    let waiting: Vec<_> = (1..=3).map(|seq| change("b", seq, &[("a", 1)])).collect();
    assert_eq!(handle(&mut c, received("b", &waiting)), [ask("b", "a", 0, 1)]);
    assert_eq!(c.held_bytes(), 4);

    let question = change("a", 1, &[]);
    let outputs = handle(&mut c, received("a", std::slice::from_ref(&question)));
    let handed = vec![question, waiting[0].clone(), waiting[1].clone()];
    assert_eq!(outputs, [Output::Apply(handed), ask("b", "b", 2, 3)]);
}

#[test]
fn what_can_be_handed_over_next_is_never_dropped_for_what_waits_for_it() {
    let limits = Limits { held_back_bytes_max: 2, ..LIMITS };
    let streams = [(replica("a"), at("a", 4))].into_iter().collect();
    let mut c = Intake::new(replica("c"), &streams, limits);
    let (first, next) = (change("d", 1, &[]), change("b", 1, &[("d", 1)]));
    handle(&mut c, received("a", &[change("a", 5, &[("b", 1)])]));
    // There is room for one of them, and the other one waits for this.
    handle(&mut c, received("b", std::slice::from_ref(&next)));
    let outputs = handle(&mut c, received("d", std::slice::from_ref(&first)));
    assert_eq!(outputs, [Output::Apply(vec![first, next]), ask("a", "a", 4, 5)]);
}

#[test]
fn what_was_dropped_is_asked_for_though_nothing_more_arrives() {
    let limits = Limits { held_back_bytes_max: 4, ..LIMITS };
    let mut c = Intake::new(replica("c"), &Streams::default(), limits);
    let waiting: Vec<_> = (1..=3).map(|seq| change("b", seq, &[("a", 1)])).collect();
    handle(&mut c, received("b", &waiting));
    // There is room again.
    let outputs = handle(&mut c, received("a", &[change("a", 1, &[])]));
    assert_eq!(outputs[1..], [ask("b", "b", 2, 3)]);
    let vector: VersionVector = [(replica("b"), 3)].into_iter().collect();
    let heard = || Input::Heard { peer: region("b"), vector: vector.clone() };
    assert_eq!(c.handle(900, 0, heard()), []);
    assert_eq!(c.handle(1_010, 0, heard()), [ask("b", "b", 2, 3)]);
    let outputs = handle(&mut c, received("b", &waiting[2..]));
    assert_eq!(outputs, [Output::Apply(waiting[2..].to_vec())]);
    assert_eq!(c.handle(9_000, 0, heard()), []);
}

#[test]
fn what_holds_others_back_is_asked_for_until_it_arrives() {
    let mut c = intake("c");
    let answer = change("b", 1, &[("a", 1)]);
    assert_eq!(handle(&mut c, received("b", &[answer])), [ask("b", "a", 0, 1)]);
    let heard = |peer, seq| {
        let vector = [(replica("a"), seq)].into_iter().collect();
        Input::Heard { peer: region(peer), vector }
    };
    assert_eq!(c.handle(900, 0, heard("b", 1)), []);
    assert_eq!(c.handle(1_010, 0, heard("b", 1)), [ask("b", "a", 0, 1)]);
    // Another has it too, and is asked as soon as the answer is late.
    assert_eq!(c.handle(2_020, 0, heard("d", 1)), [ask("d", "a", 0, 1)]);
}

#[test]
fn what_nobody_has_any_more_nobody_is_asked_for() {
    let mut c = intake("c");
    let answer = change("b", 1, &[("a", 1)]);
    assert_eq!(handle(&mut c, received("b", &[answer])), [ask("b", "a", 0, 1)]);
    let heard = |peer| Input::Heard { peer: region(peer), vector: VersionVector::new() };
    for peer in ["a", "b", "d"] {
        assert_eq!(c.handle(9_000, 0, heard(peer)), []);
    }
}

#[test]
fn a_peer_ahead_on_a_silent_origin_is_asked_once_until_the_answer_is_late() {
    let mut c = intake("c");
    let vector: VersionVector = [(replica("a"), 7), (replica("b"), 3)].into_iter().collect();
    let heard = || Input::Heard { peer: region("b"), vector: vector.clone() };
    assert_eq!(c.handle(10, 0, heard()), [ask("b", "a", 0, 7)]);
    assert_eq!(c.handle(900, 0, heard()), []);
    assert_eq!(c.handle(1_100, 0, heard()), [ask("b", "a", 0, 7)]);
    c.handle(1_200, 0, Input::Heard { peer: region("a"), vector: VersionVector::new() });
    assert_eq!(c.handle(2_200, 0, heard()), []);
    assert_eq!(c.handle(2_201, 0, heard()), [ask("b", "a", 0, 7)]);
    c.handle(2_210, 0, Input::Lost { peer: region("b") });
    assert_eq!(c.handle(2_220, 0, heard()), [ask("b", "a", 0, 7)]);
}

#[test]
fn a_long_answer_is_asked_for_batch_by_batch_and_without_pause() {
    let mut c = intake("c");
    let vector: VersionVector = [(replica("a"), 5)].into_iter().collect();
    let heard = Input::Heard { peer: region("b"), vector };
    assert_eq!(c.handle(10, 0, heard), [ask("b", "a", 0, 5)]);
    let changes: Vec<_> = (1..=5).map(|seq| change("a", seq, &[])).collect();
    let outputs = handle(&mut c, received("b", &changes[..2]));
    assert_eq!(outputs, [Output::Apply(changes[..2].to_vec()), ask("b", "a", 2, 5)]);
    // What brings nothing on is no reason to ask again.
    assert_eq!(handle(&mut c, received("b", &changes[..2])), []);
    let outputs = handle(&mut c, received("b", &changes[2..]));
    assert_eq!(outputs, [Output::Apply(changes[2..].to_vec())]);
}

#[test]
fn one_stream_more_than_there_may_be_is_refused_and_the_others_go_on() {
    let mut d = intake("d");
    for known in ["a", "b", "c"] {
        let first = change(known, 1, &[]);
        let outputs = handle(&mut d, received("a", std::slice::from_ref(&first)));
        assert_eq!(outputs, [Output::Apply(vec![first])]);
    }
    let reason = Refusal::TooManyStreams { origin: replica("e"), max: 3 };
    let refused = [Output::Refuse { peer: region("a"), reason }];
    assert_eq!(handle(&mut d, received("a", &[change("e", 1, &[])])), refused);
    let second = change("a", 2, &[]);
    let outputs = handle(&mut d, received("a", std::slice::from_ref(&second)));
    assert_eq!(outputs, [Output::Apply(vec![second])]);
}

/// The second change of `a` is refused by the leader, which stands at the first; `b` had sent two
/// that rest on it, of which none is taken.
#[test]
fn what_the_leader_does_not_take_is_given_up_with_what_rests_on_it_and_asked_for_again() {
    let mut intake = intake("c");
    let [one, two, three] = [1, 2, 3].map(|seq| change("a", seq, &[]));
    let of_b = [change("b", 1, &[("a", 2)]), change("b", 2, &[("a", 9)])];
    let handed = intake.handle(0, 1_000, received("a", &[one.clone(), two.clone()]));
    assert_eq!(handed, [Output::Apply(vec![one.clone(), two.clone()])]);
    intake.handle(0, 1_000, received("b", &of_b));
    assert!(intake.held_bytes() > 0);

    let mut streams = Streams::default();
    streams.advance(replica("a"), &one.bytes);
    let asked = intake.go_back(10, two.change.dot, &streams);
    assert_eq!((asked, intake.held_bytes()), (vec![ask("b", "b", 0, 2)], 0));

    // What waits for the refused stream does not ask for it over and over.
    assert_eq!(intake.handle(20, 1_000, received("b", &of_b)), []);
    assert_eq!(intake.handle(900, 1_000, received("b", &of_b)), []);
    let again = intake.handle(1_010, 1_000, received("b", &of_b));
    assert_eq!(again, [ask("b", "a", 1, 2)]);
    // From where the leader stands the stream is taken as ever.
    let again = intake.handle(1_020, 1_000, received("a", &[two.clone(), three.clone()]));
    assert_eq!(again[0], Output::Apply(vec![two, three, of_b[0].clone()]));
}

#[test]
fn a_stream_that_has_come_further_by_other_ways_goes_on_from_there() {
    let mut intake = intake("a");
    // Two of `b` wait for a change of `c` that nobody can send any more.
    let held = [change("b", 1, &[("c", 5)]), change("b", 2, &[("c", 5)])];
    handle(&mut intake, received("b", &held));
    assert!(intake.held_bytes() > 0);
    let at = |last: &SealedChange| StreamPosition {
        seq: last.change.dot.seq,
        hash: hash_before(last).after(&last.bytes),
    };
    let of_c = StreamPosition { seq: 5, hash: RunningHash([5; 16]) };
    let streams: Streams =
        [(replica("b"), at(&held[0])), (replica("c"), of_c)].into_iter().collect();
    let outputs = handle(&mut intake, Input::Adopted { streams });
    assert_eq!(outputs, [Output::Apply(vec![held[1].clone()])]);
    assert_eq!(intake.held_bytes(), 0);
    // What comes next is held against where the stream then stands.
    let next = change("b", 3, &[]);
    let outputs = handle(&mut intake, received("b", core::slice::from_ref(&next)));
    assert_eq!(outputs, [Output::Apply(vec![next])]);
}
