//! `tombolo simulate`: worlds by their seeds, and what came of them.
//!
//! Exit code 0 where every promise held, or every planted bug was found; 1 where not; 2 for a usage
//! that cannot be.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tombolo_simulation::{
    Caught, Failed, FaultKind, Mutant, Plan, Tally, campaign, hunt, known_seeds, run as run_world,
    shrink,
};

use crate::cli::Simulate;
use crate::logging;
use crate::output::{Grid, progress};

/// How many failing worlds are told of in full.
const TOLD: usize = 3;

/// How much of a failing world's history is told, in lines from its end.
const HISTORY_LINES: usize = 60;

/// From so many worlds on everything must have happened at least once.
const COMPLETE_FROM: u64 = 1_000;

/// In how many worlds at most a planted bug must be found.
const HUNTED: u64 = 500;

pub(crate) fn run(arguments: &Simulate) -> ExitCode {
    // What panics in a world is told as what it breaks; and a database on a disk that has lied may
    // panic while it is opened, which is caught.
    std::panic::set_hook(Box::new(|_| {}));
    let without = match faults(&arguments.without) {
        Ok(without) => without,
        Err(unknown) => {
            let names: Vec<_> = FaultKind::ALL.iter().map(|fault| fault.name()).collect();
            logging::complain(&anyhow::anyhow!(
                "nothing is called {unknown:?}; what can go wrong: {}",
                names.join(", ")
            ));
            return ExitCode::from(2);
        }
    };
    let plan = |seed| {
        let mut plan =
            if arguments.swarm { Plan::swarm(seed) } else { Plan::single(seed, arguments.minutes) };
        plan.run_ms = arguments.run_ms.unwrap_or(plan.run_ms);
        without.iter().fold(plan, |plan, fault| plan.without(*fault))
    };
    let told = if arguments.mutants {
        mutants(arguments)
    } else if arguments.seeds.is_some() {
        many(arguments, &plan)
    } else {
        one(arguments, &plan(arguments.seed))
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            logging::complain(
                &anyhow::Error::new(error).context("cannot write to standard output"),
            );
            ExitCode::FAILURE
        }
    }
}

fn faults(names: &[String]) -> Result<Vec<FaultKind>, &str> {
    let find = |name: &String| FaultKind::ALL.iter().copied().find(|f| f.name() == name.trim());
    names.iter().map(|name| find(name).ok_or(name.as_str())).collect()
}

fn one(arguments: &Simulate, plan: &Plan) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let mut plan = plan.clone();
    plan.tells = arguments.tell;
    let outcome = run_world(&plan);
    for line in &outcome.history {
        writeln!(out, "{line}")?;
    }
    writeln!(
        out,
        "{} regions, {} simulated, {} requests answered, {} changes, {} events",
        plan.regions,
        span(Duration::from_millis(outcome.simulated_ms)),
        outcome.answered,
        outcome.changes,
        outcome.events
    )?;
    match &outcome.violation {
        None => writeln!(out, "every promise held")?,
        Some(violation) => writeln!(out, "broken: {violation}")?,
    }
    writeln!(out, "trace {}", outcome.trace)?;
    Ok(outcome.violation.is_none())
}

fn many(arguments: &Simulate, plan: &(dyn Fn(u64) -> Plan + Sync)) -> io::Result<bool> {
    let count = arguments.seeds.unwrap_or(1);
    let bar = progress(Some(count));
    bar.set_style(
        indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} worlds, {eta} left, {msg}")
            .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()),
    );
    let began = Instant::now();
    let stop = AtomicBool::new(false);
    let mut tally = Tally::default();
    if arguments.swarm {
        for seed in known_seeds() {
            tally.merge(campaign(seed..seed + 1, 1, plan, &stop, &|_| {}));
        }
    }
    let last = Mutex::new(Instant::now());
    let told = |tally: &Tally| {
        let Ok(mut last) = last.try_lock() else { return };
        if last.elapsed() > Duration::from_millis(100) {
            *last = Instant::now();
            bar.set_position(tally.worlds);
            bar.set_message(format!("{} broken", tally.failed.len()));
        }
    };
    let jobs = arguments.jobs.map_or_else(cores, usize::from);
    let end = arguments.seed.saturating_add(count);
    tally.merge(campaign(arguments.seed..end, jobs, plan, &stop, &told));
    bar.finish_and_clear();
    tell(&tally, began.elapsed())?;
    let complete = !arguments.swarm || count < COMPLETE_FROM || missing(&tally).is_empty();
    if !complete {
        writeln!(io::stdout().lock(), "never in {count} worlds: {}", missing(&tally).join(", "))?;
    }
    for failed in tally.failed.iter().take(TOLD) {
        explain(arguments, &plan(failed.seed), failed)?;
    }
    Ok(tally.failed.is_empty() && complete)
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// What never happened.
fn missing(tally: &Tally) -> Vec<&'static str> {
    let faults = tally.coverage.faults().filter(|(_, count)| *count == 0).map(|(f, _)| f.name());
    let paths = tally.coverage.paths().filter(|(_, count)| *count == 0).map(|(p, _)| p.name());
    faults.chain(paths).collect()
}

fn tell(tally: &Tally, took: Duration) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut grid = Grid::new(["WHAT WENT WRONG", "TIMES"]);
    tally.coverage.faults().for_each(|(fault, n)| grid.row([fault.name().into(), n.to_string()]));
    grid.write(&mut out)?;
    writeln!(out)?;
    let mut grid = Grid::new(["HOW REGIONS WENT ON", "TIMES"]);
    tally.coverage.paths().for_each(|(path, n)| grid.row([path.name().into(), n.to_string()]));
    grid.write(&mut out)?;
    let hours = tally.simulated().as_secs_f64() / 3_600.0;
    writeln!(
        out,
        "\n{} worlds, {} broken; {hours:.1} simulated hours in {}, {:.0} a minute; {} changes, {} events",
        tally.worlds,
        tally.failed.len(),
        span(took),
        hours / (took.as_secs_f64() / 60.0),
        tally.changes,
        tally.events
    )
}

/// The smallest world in which the same breaks, its history, and how to see it again.
fn explain(arguments: &Simulate, plan: &Plan, failed: &Failed) -> io::Result<()> {
    let (smallest, outcome) = shrink(plan, &failed.violation);
    let mut out = io::stdout().lock();
    writeln!(out, "\nseed {}: {}", failed.seed, failed.violation)?;
    let begin = outcome.history.len().saturating_sub(HISTORY_LINES);
    writeln!(
        out,
        "the shortest history found, {} lines, the last of them:",
        outcome.history.len()
    )?;
    for line in &outcome.history[begin..] {
        writeln!(out, "  {line}")?;
    }
    let left_out = FaultKind::ALL.iter().filter(|f| plan.has(**f) && !smallest.has(**f));
    let mut without: Vec<_> = left_out.map(|fault| fault.name().to_owned()).collect();
    without.extend(arguments.without.iter().cloned());
    let kind = if arguments.swarm {
        format!("--swarm --run-ms {}", smallest.run_ms)
    } else {
        format!("--minutes {}", arguments.minutes)
    };
    let without = match &*without {
        [] => String::new(),
        without => format!(" --without \"{}\"", without.join(",")),
    };
    writeln!(out, "again: tombolo simulate --seed {} {kind}{without} --tell", failed.seed)
}

fn mutants(arguments: &Simulate) -> io::Result<bool> {
    let mut grid = Grid::new(["PLANTED", "WORLDS", "FOUND BY", "HOW"]);
    let mut all = true;
    for caught in &hunted(arguments) {
        let (by, how) = if let Some(failed) = &caught.by {
            (format!("{:?}", failed.violation.invariant), brief(&failed.violation.detail))
        } else {
            all = false;
            ("nothing".to_owned(), String::new())
        };
        grid.row([caught.mutant.name().to_owned(), caught.worlds.to_string(), by, how]);
    }
    let mut out = io::stdout().lock();
    grid.write(&mut out)?;
    writeln!(out, "{}", if all { "every one was found" } else { "not every one was found" })?;
    Ok(all)
}

/// Hunts all of them, some beside each other.
fn hunted(arguments: &Simulate) -> Vec<Caught> {
    let seeds = arguments.seeds.unwrap_or(HUNTED);
    let seeds = arguments.seed..arguments.seed.saturating_add(seeds);
    let bar = progress(Some(Mutant::ALL.len() as u64));
    let next = AtomicUsize::new(0);
    let caught = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.map_or_else(cores, usize::from) {
            scope.spawn(|| {
                while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = hunt(*mutant, seeds.clone());
                    caught.lock().unwrap_or_else(PoisonError::into_inner).push(found);
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut caught = caught.into_inner().unwrap_or_else(PoisonError::into_inner);
    caught.sort_by_key(|caught| caught.mutant);
    caught
}

fn brief(text: &str) -> String {
    const CHARS: usize = 90;
    if text.chars().count() <= CHARS {
        return text.to_owned();
    }
    text.chars().take(CHARS).chain(['…']).collect()
}

fn span(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..60 => format!("{s}.{:03} s", time.subsec_millis()),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3_600, s / 60 % 60),
    }
}
