//! Worlds as they are run by `tombolo simulate`: a few of them here, thousands by `ops/check`.

use tombolo_simulation::{FaultKind, Mutant, Plan, known_seeds, run, shrink};

#[test]
fn one_seed_gives_one_world() {
    for seed in [1, 2, 3] {
        let mut plan = Plan::swarm(seed);
        plan.run_ms = 10_000;
        let (first, second) = (run(&plan), run(&plan));
        assert_eq!(first.trace, second.trace);
        assert_eq!((first.events, first.changes), (second.events, second.changes));
        assert_ne!(first.trace, run(&Plan::swarm(seed + 100)).trace);
    }
}

#[test]
fn writing_the_history_down_changes_nothing_in_it() {
    let mut plan = Plan::swarm(4);
    let untold = run(&plan);
    plan.tells = true;
    let told = run(&plan);
    assert_eq!(told.trace, untold.trace);
    assert!(untold.history.is_empty() && !told.history.is_empty());
}

#[test]
fn every_promise_holds_where_one_was_broken_once() {
    for seed in known_seeds().into_iter().take(3) {
        assert_eq!(run(&Plan::swarm(seed)).violation, None, "seed {seed}");
    }
}

#[test]
fn every_promise_holds_with_all_that_can_go_wrong() {
    let outcome = run(&Plan::single(1, 5));
    assert_eq!(outcome.violation, None);
    assert!(outcome.changes > 100, "{} changes", outcome.changes);
}

#[test]
fn a_failing_world_is_made_smaller_and_still_fails() {
    let planted = |seed| {
        let mut plan = Plan::swarm(seed);
        plan.mutant = Some(Mutant::SessionIgnored);
        plan.run_ms = 10_000;
        plan
    };
    let small = (0..400).filter(|seed| planted(*seed).regions == 2);
    let mut broken = small.map(|seed| (planted(seed), run(&planted(seed)).violation));
    let failing = broken.find_map(|(plan, violation)| Some((plan, violation?)));
    let (plan, violation) = failing.unwrap();
    let (smallest, outcome) = shrink(&plan, &violation);
    assert_eq!(outcome.violation.map(|found| found.invariant), Some(violation.invariant));
    let count = |plan: &Plan| FaultKind::ALL.iter().filter(|fault| plan.has(**fault)).count();
    assert!(count(&smallest) <= count(&plan) && smallest.run_ms <= plan.run_ms);
    assert!(!outcome.history.is_empty());
}
