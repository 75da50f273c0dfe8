//! Mixed load: many clients in all regions at once, reading and writing items of every kind, a few
//! of them most of the time. Afterwards every region is held against what was acknowledged, item by
//! item.
//!
//! `TOMBOLO_MIXED_OPERATIONS` says how many operations; the default is what a run of all tests has
//! the time for.

mod check;
mod client;
mod ledger;
mod zipf;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use tombolo_simulation::Random;

use self::check::Shown;
use self::client::Worker;
use self::ledger::Ledger;
use self::zipf::Zipf;
use crate::support::{Asked, Cluster, NAMES, Seed};

const OPERATIONS: u64 = 40_000;
/// Clients of each region.
const CLIENTS: usize = 4;

/// The measured round trips of the fifteen places: the items that there are at the beginning.
const ROUND_TRIPS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../regions/topology/data/round_trips.ndjson");

/// Each with what defines it.
const TABLES: [(&str, &str, &str); 5] = [
    ("drafts", "register", "last_write_wins"),
    ("best", "register", "max"),
    ("hits", "counter", "merge"),
    ("tags", "set", "add_wins"),
    ("lit", "flag", "enable_wins"),
];

/// Defines the tables and loads the round trips; answers them by key.
fn prepare(cluster: &Cluster) -> BTreeMap<String, Value> {
    let a = cluster.at("a");
    for (table, data_type, resolver) in TABLES {
        let definition = json!({"type": data_type, "resolver": resolver});
        a.ask("PUT", &format!("/v1/tables/{table}"), Some(&definition)).expect(201);
    }
    Asked::of(a, &["tables", "define", "round_trips", "--type", "register"]).expect(0);
    Asked::of(a, &["put", "round_trips", "--from", ROUND_TRIPS]).expect(0);
    assert_eq!(cluster.level().items, 210);
    let lines = fs::read_to_string(ROUND_TRIPS).unwrap();
    let items = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    items.map(|item| (item["key"].as_str().unwrap().to_owned(), item["value"].clone())).collect()
}

/// Has all clients work until so many operations are done; answers what became of them.
fn work(cluster: &Cluster, keys: &[String], seed: u64, operations: u64) -> Ledger {
    let mut seeds = Random::new(seed);
    let moments = Arc::new(AtomicU64::new(0));
    let places = NAMES.iter().flat_map(|name| (0..CLIENTS).map(move |_| *name));
    let share = operations / (NAMES.len() * CLIENTS) as u64;
    let workers: Vec<_> = places
        .enumerate()
        .map(|(nth, name)| {
            let client = cluster.at(name).client();
            let random = Random::new(seeds.next_u64());
            let zipf = Zipf::new(keys.to_vec());
            let mut worker = Worker::new(nth, name, client, random, zipf, Arc::clone(&moments));
            thread::spawn(move || {
                (0..share).for_each(|_| worker.step());
                worker.ledger
            })
        })
        .collect();
    let mut ledger = Ledger::default();
    for worker in workers {
        ledger.add(worker.join().unwrap());
    }
    ledger
}

#[test]
fn under_mixed_load_every_acknowledged_write_is_accounted_for_in_every_region() {
    let test = "under_mixed_load_every_acknowledged_write_is_accounted_for_in_every_region";
    let seed = Seed::of(test, 1);
    let operations = env::var("TOMBOLO_MIXED_OPERATIONS");
    let operations = operations.map_or(OPERATIONS, |count| count.parse().unwrap());
    let cluster = Cluster::start();
    let loaded = prepare(&cluster);
    let keys: Vec<String> = loaded.keys().cloned().collect();

    let began = Instant::now();
    let ledger = work(&cluster, &keys, seed.get(), operations);
    let took = began.elapsed();
    cluster.level();
    let levelled = began.elapsed();
    let [shown, b, c] = cluster.all().map(Shown::of);
    assert!(shown == b && shown == c, "regions with one digest show different items");
    ledger.check(&shown, &loaded);

    let lost = shown.lost_count();
    let told = format!(
        "{} of {operations} operations in {took:.1?}, level after {levelled:.1?}; \
         {lost} conflicts open; refused: {:?}\n",
        ledger.done, ledger.refused
    );
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(lost > 0, "nothing was written at the same time");
    assert!(ledger.done > operations * 9 / 10, "too much was refused: {:?}", ledger.refused);
}
