//! Many worlds, beside each other, and what came of them; and the smallest world in which the same
//! still goes wrong.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::coverage::{Coverage, FaultKind};
use crate::invariant::{Invariant, Violation};
use crate::mutant::Mutant;
use crate::plan::Plan;
use crate::world::{Outcome, run};

/// A world in which a promise was broken.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Its seed.
    pub seed: u64,
    /// How.
    pub violation: Violation,
}

/// What many worlds came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many have ended.
    pub worlds: u64,
    /// Those in which something went wrong, by seed.
    pub failed: Vec<Failed>,
    /// What happened in all of them.
    pub coverage: Coverage,
    /// How much time passed in them, in ms.
    pub simulated_ms: u64,
    /// Events.
    pub events: u64,
    /// Changes.
    pub changes: u64,
}

impl Tally {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.worlds += 1;
        self.coverage.add(&outcome.coverage);
        self.simulated_ms += outcome.simulated_ms;
        self.events += outcome.events;
        self.changes += outcome.changes;
        if let Some(violation) = outcome.violation {
            let at = self.failed.partition_point(|failed| failed.seed < seed);
            self.failed.insert(at, Failed { seed, violation });
        }
    }

    /// Adds what other worlds came to.
    pub fn merge(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.failed.extend(other.failed);
        self.coverage.add(&other.coverage);
        self.simulated_ms += other.simulated_ms;
        self.events += other.events;
        self.changes += other.changes;
    }

    /// How much time passed in all of them.
    pub fn simulated(&self) -> Duration {
        Duration::from_millis(self.simulated_ms)
    }
}

/// Runs the worlds of `seeds` on `threads` threads; `progress` is told after each. Where `stop` is
/// set no further ones begin.
pub fn campaign(
    seeds: Range<u64>,
    threads: usize,
    plan: &(dyn Fn(u64) -> Plan + Sync),
    stop: &AtomicBool,
    progress: &(dyn Fn(&Tally) + Sync),
) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let outcome = run(&plan(seed));
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.add(seed, outcome);
                    progress(&tally);
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What became of a planted bug.
#[derive(Clone, Debug)]
pub struct Caught {
    /// Which.
    pub mutant: Mutant,
    /// The world that found it, where one did.
    pub by: Option<Failed>,
    /// How many worlds it took.
    pub worlds: u64,
}

/// Plants `mutant` in one world of a swarm after the other, until one of the promises I1 to I12
/// breaks that holds in the same world without it.
pub fn hunt(mutant: Mutant, seeds: Range<u64>) -> Caught {
    let mut worlds = 0;
    for seed in seeds {
        worlds += 1;
        let plan = Plan { mutant: Some(mutant), ..Plan::swarm(seed) };
        let violation = run(&plan).violation.filter(|found| found.invariant != Invariant::Alive);
        if let Some(violation) = violation
            && run(&Plan::swarm(seed)).violation.is_none()
        {
            return Caught { mutant, by: Some(Failed { seed, violation }), worlds };
        }
    }
    Caught { mutant, by: None, worlds }
}

/// How many worlds are tried to make a failing one smaller.
const ATTEMPTS_MAX: usize = 60;

/// The smallest plan found in which the same promise breaks as in `plan`, and what then happens.
pub fn shrink(plan: &Plan, violation: &Violation) -> (Plan, Outcome) {
    let mut smallest = plan.clone();
    let mut attempts = 0;
    let mut fails = |candidate: &Plan| {
        attempts += 1;
        let found = (attempts <= ATTEMPTS_MAX).then(|| run(candidate).violation).flatten();
        found.is_some_and(|found| found.invariant == violation.invariant)
    };
    for fault in FaultKind::ALL {
        if smallest.has(*fault) {
            let without = smallest.clone().without(*fault);
            if fails(&without) {
                smallest = without;
            }
        }
    }
    while smallest.run_ms > 2_000 {
        let shorter = Plan { run_ms: smallest.run_ms / 2, ..smallest.clone() };
        if !fails(&shorter) {
            break;
        }
        smallest = shorter;
    }
    let outcome = run(&Plan { tells: true, ..smallest.clone() });
    (smallest, outcome)
}
