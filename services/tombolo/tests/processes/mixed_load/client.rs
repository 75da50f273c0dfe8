//! One client: reads and writes at random, and keeps account of what became of it.
//!
//! It stays in its region, so that it is shown its own writes there, and what it sees of counters
//! and of largest values never goes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tombolo_simulation::Random;

use super::ledger::{Entry, Ledger, Written};
use super::zipf::Zipf;
use crate::support::{CallError, Client, Version, escaped};

/// The elements that each client adds and removes.
const ELEMENTS: u64 = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Worker {
    nth: usize,
    region: &'static str,
    client: Client,
    random: Random,
    zipf: Zipf,
    /// Counts the beginnings and ends of all operations.
    moments: Arc<AtomicU64>,
    steps: u64,
    /// The highest number that it was shown of each item that only grows.
    highest: BTreeMap<(&'static str, String), i64>,
    pub(super) ledger: Ledger,
}

impl Worker {
    pub(super) fn new(
        nth: usize,
        region: &'static str,
        client: Client,
        random: Random,
        zipf: Zipf,
        moments: Arc<AtomicU64>,
    ) -> Self {
        let (highest, ledger) = (BTreeMap::new(), Ledger::default());
        Self { nth, region, client, random, zipf, moments, steps: 0, highest, ledger }
    }

    /// One operation.
    pub(super) fn step(&mut self) {
        self.steps += 1;
        let key = self.zipf.draw(&mut self.random).to_owned();
        let unique = format!("{}-{}", self.nth, self.steps);
        match self.random.below(100) {
            0..30 => self.read(&key),
            30..50 => self.put("round_trips", &key, Written::Unique(unique)),
            50..57 => self.put("drafts", &key, Written::Unique(unique)),
            57..60 => self.write("drafts", &key, "DELETE", Value::Null, Written::Deleted),
            60..75 => {
                let by = i64::try_from(1 + self.random.below(1_000)).unwrap();
                let body = json!({"increment": by});
                self.write("hits", &key, "PATCH", body, Written::Increment(by));
            }
            75..87 => {
                let element = format!("{}-{}", self.nth, self.random.below(ELEMENTS));
                let is_added = self.random.below(3) > 0;
                let body = json!({if is_added { "add" } else { "remove" }: [element]});
                let written = Written::Element { element, is_added };
                self.write("tags", &key, "PATCH", body, written);
            }
            87..94 => {
                let to = self.random.one_in(2);
                let body = json!({if to { "enable" } else { "disable" }: true});
                self.write("lit", &key, "PATCH", body, Written::Switched(to));
            }
            _ => {
                let number = i64::try_from(self.random.below(1 << 50)).unwrap();
                self.put("best", &key, Written::Number(number));
            }
        }
    }

    fn put(&mut self, table: &'static str, key: &str, written: Written) {
        let body = match &written {
            Written::Unique(text) => json!(text),
            Written::Number(number) => json!(number),
            other => unreachable!("{other:?} is not put"),
        };
        self.write(table, key, "PUT", body, written);
    }

    fn write(
        &mut self,
        table: &'static str,
        key: &str,
        method: &str,
        body: Value,
        written: Written,
    ) {
        let body = Some(body).filter(|body| !body.is_null());
        let began = self.moments.fetch_add(1, Ordering::SeqCst);
        let reply = self.client.call(method, &path(table, key), body.as_ref());
        let ended = self.moments.fetch_add(1, Ordering::SeqCst);
        let version = match reply {
            Ok(reply) if reply.status < 300 => {
                self.grows(table, key, &reply.body["value"]);
                let version = reply.body["version"].as_str();
                Some(version.map(Version::parse).unwrap_or_default())
            }
            Ok(reply) => {
                let code = reply.body["code"].as_str().unwrap_or_default();
                let nothing_there = method == "DELETE" && code == "no_such_item";
                assert!(code == "overloaded" || nothing_there, "{table} {key}: {reply:?}");
                self.ledger.refuse(code);
                return;
            }
            Err(CallError::NotAsked(error)) => panic!("{error}"),
            Err(CallError::Unanswered(_)) => None,
        };
        self.ledger.done += 1;
        let (region, key) = (self.region, key.to_owned());
        self.ledger.write(table, key, Entry { region, written, version, began, ended });
    }

    fn read(&mut self, key: &str) {
        let tables = ["round_trips", "drafts", "best", "hits", "tags", "lit"];
        let table = tables[usize::try_from(self.random.below(6)).unwrap()];
        let reply = self.client.call("GET", &path(table, key), None).unwrap();
        assert!(matches!(reply.status, 200 | 404), "{reply:?}");
        self.grows(table, key, &reply.body["value"]);
        self.ledger.done += 1;
    }

    /// Numbers of counters that are only incremented and of largest values never go back.
    fn grows(&mut self, table: &'static str, key: &str, value: &Value) {
        if !["hits", "best"].contains(&table) {
            return;
        }
        let shown = value.as_i64().unwrap_or_default();
        let highest = self.highest.entry((table, key.to_owned())).or_default();
        assert!(shown >= *highest, "{table} {key} in {}: {shown} after {highest}", self.region);
        *highest = shown;
    }
}

fn path(table: &str, key: &str) -> String {
    format!("/v1/tables/{table}/items/{}", escaped(key))
}
