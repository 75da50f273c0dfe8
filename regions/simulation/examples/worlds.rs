fn main() {
    let args: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (from, count) = (args[0], args[1]);
    let single = args.len() > 2;
    let mut all = tombolo_simulation::Coverage::default();
    let mut failed = 0;
    let begin = std::time::Instant::now();
    let (mut ms, mut events, mut changes) = (0, 0, 0);
    for seed in from..from + count {
        let plan = if single {
            tombolo_simulation::Plan::single(seed, args[2])
        } else {
            tombolo_simulation::Plan::swarm(seed)
        };
        let mut plan = plan;
        plan.tells = std::env::var("TELL").is_ok();
        let t = std::time::Instant::now();
        let outcome = tombolo_simulation::run(&plan);
        ms += outcome.simulated_ms;
        events += outcome.events;
        changes += outcome.changes;
        if t.elapsed().as_secs() > 5 {
            println!(
                "seed {seed} took {:?} {} regions {} changes {} events",
                t.elapsed(),
                plan.regions,
                outcome.changes,
                outcome.events
            );
        }
        for line in &outcome.history {
            eprintln!("{line}");
        }
        all.add(&outcome.coverage);
        if let Some(v) = outcome.violation {
            failed += 1;
            if failed <= 12 {
                let text = v.to_string();
                println!(
                    "seed {seed} at {} ms of {}: {}",
                    outcome.simulated_ms,
                    plan.run_ms,
                    if text.len() > 900 && std::env::var("FULL").is_err() {
                        format!("{} … {}", &text[..300], &text[text.len() - 600..])
                    } else {
                        text
                    }
                );
            }
        } else if count < 4 {
            println!(
                "seed {seed}: ok trace {} {} ms {} changes {} answered",
                outcome.trace, outcome.simulated_ms, outcome.changes, outcome.answered
            );
        }
    }
    println!(
        "{failed} of {count} failed; {:?}; {:.1} simulated hours, {events} events, {changes} changes",
        begin.elapsed(),
        ms as f64 / 3.6e6
    );
    if count > 20 {
        for (f, n) in all.faults() {
            print!("{f}: {n}; ");
        }
        println!();
        for (f, n) in all.paths() {
            print!("{f}: {n}; ");
        }
        println!();
    }
}
