//! Sessions that roam: clients that go from region to region with their tokens, at the default
//! settings, while links between the regions are paused and resumed.

mod traveller;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tombolo_simulation::Random;
use tombolo_wan::LinkShape;

use self::traveller::{Tokens, Traveller};
use crate::support::{
    Cluster, Distance, Guarantee, Kind, NAMES, Operation, Outcome, Recorder, Seed, eventually,
    violations,
};

/// From one region to the next, one way.
const DELAY: Duration = Duration::from_millis(15);
const TRAVELLERS: usize = 6;
const OPERATIONS: usize = 1_500;
const LINKS: [(&str, &str); 3] = [("a", "b"), ("a", "c"), ("b", "c")];

fn apart() -> Cluster {
    let cluster = Cluster::start_with(Distance::Relay(LinkShape::with_delay(DELAY)), &|_| {});
    cluster.at("a").define("notes", "register");
    for (one, other) in LINKS {
        for [region, peer] in [[one, other], [other, one]] {
            eventually("every link is up", || cluster.at(region).link(peer)["state"] == "up");
        }
    }
    cluster
}

fn paused(links: [bool; 3]) -> usize {
    links.into_iter().filter(|is_paused| *is_paused).count()
}

/// Pauses and resumes links until so many operations have ended, at moments counted in operations;
/// answers how often it has paused one.
fn unrest(cluster: &Cluster, recorder: &Recorder, random: &mut Random) -> usize {
    let (mut is_paused, mut count) = ([false; 3], 0);
    while recorder.len() < OPERATIONS {
        let nth = usize::try_from(random.below(3)).unwrap();
        let (one, other) = LINKS[nth];
        let action = if is_paused[nth] { "resume" } else { "pause" };
        // One region may be alone, never all of them.
        if is_paused[nth] || paused(is_paused) < 2 {
            cluster.at(one).steer(other, action);
            is_paused[nth] = !is_paused[nth];
            count += usize::from(is_paused[nth]);
        }
        // While one is alone whoever leaves it waits in vain, some seconds where others are asked
        // as well.
        let is_one_alone = paused(is_paused) == 2;
        let some = if is_one_alone { 5 + random.below(20) } else { 20 + random.below(60) };
        let some = usize::try_from(some).unwrap();
        recorder.wait_for((recorder.len() + some).min(OPERATIONS));
    }
    for (one, other) in LINKS {
        cluster.at(one).steer(other, "resume");
    }
    count
}

/// How many operations ended so; for how many of those that were done something had to arrive first;
/// and how many another region had to answer.
fn tally(history: &[Operation]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for operation in history {
        let what = match (&operation.outcome, operation.kind) {
            (Outcome::Done(_), Kind::Read) => "read",
            (Outcome::Done(_), Kind::Write) => "written",
            (Outcome::Refused(code), _) => code,
            (Outcome::Unknown, _) => "unknown",
        };
        let is_done = matches!(operation.outcome, Outcome::Done(_));
        let waited = (is_done && operation.took > DELAY / 2).then_some("waited");
        let forwarded = (operation.served_by != operation.region).then_some("forwarded");
        for what in [Some(what), waited, forwarded].into_iter().flatten() {
            *tally.entry(what.to_owned()).or_default() += 1;
        }
    }
    tally
}

#[test]
fn no_session_is_ever_shown_less_than_it_was_promised_wherever_it_goes() {
    let test = "no_session_is_ever_shown_less_than_it_was_promised_wherever_it_goes";
    let seed = Seed::of(test, 1);
    let mut random = Random::new(seed.get());
    let cluster = apart();
    let recorder = Arc::new(Recorder::default());
    let travellers: Vec<_> = (0..TRAVELLERS)
        .map(|session| {
            let mut traveller =
                Traveller::new(&cluster, session, Tokens::Kept, Arc::clone(&recorder));
            let mut random = Random::new(random.next_u64());
            let recorder = Arc::clone(&recorder);
            thread::spawn(move || {
                while recorder.len() < OPERATIONS {
                    traveller.wander(&mut random);
                }
                traveller
            })
        })
        .collect();
    let pauses = unrest(&cluster, &recorder, &mut random);
    let mut travellers: Vec<_> = travellers.into_iter().map(|t| t.join().unwrap()).collect();
    cluster.level();
    // At rest every region shows everybody everything.
    let before = recorder.len();
    for traveller in &mut travellers {
        for region in NAMES {
            traveller.read_all(region);
        }
    }
    let history = recorder.history();
    let found = violations(&history);
    assert!(found.is_empty(), "{} violations: {:#?}", found.len(), &found[..found.len().min(5)]);

    let at_rest = tally(&history[before..]);
    assert!(at_rest.keys().all(|what| ["read", "waited"].contains(&&**what)), "{at_rest:?}");
    let all = tally(&history[..before]);
    let count = |what: &str| all.get(what).copied().unwrap_or_default();
    assert!(count("read") > 300 && count("written") > 200, "too little was done: {all:?}");
    assert!(count("waited") > 50, "no region was behind: {all:?}");
    assert!(count("stale_replica") > 10, "no region was alone: {all:?}");
    let missing = count("stale_replica") + count("overloaded") + count("unknown");
    assert!(missing < before / 4, "too little was answered: {all:?}");
    assert!(pauses > 10, "{pauses} pauses");
}

/// What the checker finds of two clients that send no tokens, while `c` is alone.
fn found_without_tokens(travel: impl Fn(&mut Traveller, &mut Traveller)) -> Vec<Guarantee> {
    let cluster = apart();
    let recorder = Arc::new(Recorder::default());
    for peer in ["a", "b"] {
        cluster.at("c").steer(peer, "pause");
        eventually("it is paused", || cluster.at(peer).link("c")["state"] == "paused");
    }
    let traveller =
        |session| Traveller::new(&cluster, session, Tokens::Dropped, Arc::clone(&recorder));
    travel(&mut traveller(0), &mut traveller(1));
    violations(&recorder.history()).iter().map(|violation| violation.guarantee).collect()
}

#[test]
fn without_tokens_each_of_the_guarantees_is_seen_to_break() {
    let found = found_without_tokens(|one, other| {
        one.write("a", "x");
        one.read("c", "x");
        other.read("a", "x");
        other.read("c", "x");
    });
    assert_eq!(found, [Guarantee::ReadYourWrites, Guarantee::MonotonicReads]);

    let found = found_without_tokens(|one, other| {
        one.write("a", "x");
        one.write("c", "y");
        other.read("c", "y");
        other.read("c", "x");
    });
    assert_eq!(found, [Guarantee::MonotonicWrites]);

    let found = found_without_tokens(|one, other| {
        other.write("a", "x");
        one.read("a", "x");
        one.write("c", "y");
        one.write("c", "x");
    });
    assert_eq!(found, [Guarantee::WritesFollowReads]);
}
