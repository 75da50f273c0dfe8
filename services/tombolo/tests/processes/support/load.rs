//! Clients that write to every region at once and keep account of what became of each write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tombolo_simulation::Random;

use super::http::CallError;
use super::region::item;
use super::{Client, Cluster, Counter, Region, rarely};

/// Clients of each region.
const CLIENTS: u64 = 2;
/// How long a client whose region is away leaves it alone.
const AWAY: Duration = Duration::from_millis(20);

/// What became of all writes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counters: BTreeMap<String, Counter>,
    /// Acknowledged registers, each written once with its key as its value.
    registers: Vec<String>,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Tally>>,
}

/// What became of one write.
enum Outcome {
    Acknowledged,
    NotApplied,
    Unknown,
}

impl Load {
    /// Defines the tables that [`Load::begin`] writes to.
    pub(crate) fn prepare(cluster: &Cluster) {
        cluster.at("a").define("hits", "counter");
        cluster.at("a").define("marks", "register");
    }

    /// Starts clients in every region; `seed` decides what they write, and is unlike that of any
    /// other load on the cluster.
    pub(crate) fn begin(cluster: &Cluster, seed: u64) -> Self {
        Self::begin_in(&cluster.all(), seed)
    }

    /// The same in these regions only.
    pub(crate) fn begin_in(regions: &[&Region], seed: u64) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut seeds = Random::new(seed);
        let places = regions.iter().flat_map(|region| (0..CLIENTS).map(move |nth| (region, nth)));
        let clients = places.map(|(region, nth)| {
            let (client, is_over) = (region.client(), Arc::clone(&is_over));
            let who = format!("{seed}-{}-{nth}", region.name);
            let random = Random::new(seeds.next_u64());
            thread::spawn(move || work(client, &who, random, &is_over))
        });
        let clients = clients.collect();
        Self { is_over, clients }
    }

    /// Ends the clients when they have their last answers; adds what became of their writes.
    pub(crate) fn end(self, tally: &mut Tally) {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            tally.add(client.join().unwrap());
        }
    }
}

fn work(mut client: Client, who: &str, mut random: Random, is_over: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    for nth in 0_u64.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let mark = format!("{who}-{nth}");
        let put = attempt(&mut client, "PUT", &item("marks", &mark), &json!(mark));
        if let Outcome::Acknowledged = put {
            tally.registers.push(mark);
        }
        for counter in ["everyone", who] {
            let by = i64::try_from(1 + random.below(1_000)).unwrap();
            let body = json!({"increment": by});
            let outcome = attempt(&mut client, "PATCH", &item("hits", counter), &body);
            let counter = tally.counters.entry(counter.to_owned()).or_default();
            match outcome {
                Outcome::Acknowledged => counter.acknowledged += by,
                Outcome::Unknown => counter.unknown.push(by),
                Outcome::NotApplied => rarely(AWAY),
            }
        }
    }
    tally
}

fn attempt(client: &mut Client, method: &str, path: &str, body: &Value) -> Outcome {
    match client.call(method, path, Some(body)) {
        Ok(reply) if reply.status < 300 => Outcome::Acknowledged,
        Ok(reply) => {
            assert_eq!(reply.status, 503, "{reply:?}");
            assert_eq!(reply.body["outcome"], "not_applied", "{reply:?}");
            Outcome::NotApplied
        }
        Err(CallError::NotAsked(_)) => Outcome::NotApplied,
        Err(CallError::Unanswered(_)) => Outcome::Unknown,
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (key, counter) in other.counters {
            let sum = self.counters.entry(key).or_default();
            sum.acknowledged += counter.acknowledged;
            sum.unknown.extend(counter.unknown);
        }
        self.registers.extend(other.registers);
    }

    /// How many registers were acknowledged.
    pub(crate) fn registers(&self) -> usize {
        self.registers.len()
    }

    /// That the level cluster holds every acknowledged write, each exactly once, and nothing else
    /// than some of those whose outcome is unknown.
    #[track_caller]
    pub(crate) fn check(&self, cluster: &Cluster) {
        self.check_in(&cluster.all());
    }

    /// The same of these regions.
    #[track_caller]
    pub(crate) fn check_in(&self, regions: &[&Region]) {
        for region in regions {
            let mut client = region.client();
            let mut value = |table: &str, key: &str| {
                let reply = client.call("GET", &item(table, key), None).unwrap();
                assert!(matches!(reply.status, 200 | 404), "{reply:?}");
                reply.body["value"].clone()
            };
            for (key, counter) in &self.counters {
                let shown = value("hits", key).as_i64().unwrap_or_default();
                assert!(counter.may_be(shown), "{}: {key} is {shown}: {counter:?}", region.name);
            }
            for mark in &self.registers {
                assert_eq!(value("marks", mark), *mark, "{}", region.name);
            }
        }
    }
}
