//! The model and the cluster side by side: everything is asked of both, and compared.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tombolo_simulation::Random;

use super::cell::{Change, Seen};
use super::item::{Answer, Author, ELEMENTS, Item, Operation};
use super::settling::{Action, Settlement};
use super::tables::{TABLES, Table};
use crate::support::{Cluster, NAMES, Region, eventually, item};

/// The items of each table.
const KEYS: [&str; 3] = ["k0", "k1", "k2"];

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    pub(super) cluster: Cluster,
    pub(super) random: Random,
    items: BTreeMap<(&'static str, &'static str), Item>,
    /// What each region has applied.
    seen: [Seen; 3],
    changes: Change,
    /// The name of each conflict, by what has lost: it never changes.
    names: BTreeMap<(String, String, String, Change), String>,
    /// How often the tables have had conflicts, and what became of those that were settled.
    pub(super) tally: BTreeMap<String, usize>,
}

/// A conflict of the model, and what is to be listed of it.
struct Expected {
    item: (&'static str, &'static str),
    path: String,
    lost: Change,
    told: Value,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let cluster = Cluster::start();
        for Table { name, definition, .. } in TABLES {
            let definition: Value = serde_json::from_str(definition).unwrap();
            let path = format!("/v1/tables/{name}");
            cluster.at("a").ask("PUT", &path, Some(&definition)).expect(201);
        }
        let items = TABLES.iter().flat_map(|table| {
            KEYS.map(|key| ((table.name, key), Item::new(table.data_type, table.rule)))
        });
        let world = Self {
            random: Random::new(seed),
            items: items.collect(),
            seen: Default::default(),
            changes: 0,
            names: BTreeMap::new(),
            tally: BTreeMap::new(),
            cluster,
        };
        world.cluster.level();
        world
    }

    /// Pauses or resumes (`action`) all links.
    pub(super) fn apart(&self, action: &str) {
        for (one, other) in [("a", "b"), ("a", "c"), ("b", "c")] {
            self.cluster.at(one).steer(other, action);
            if action == "pause" {
                eventually("both ends show the pause", || {
                    [(one, other), (other, one)].iter().all(|(region, peer)| {
                        self.cluster.at(region).link(peer)["state"] == "paused"
                    })
                });
            }
        }
    }

    /// As many operations as there are items, times `each`, on random items in random regions that
    /// hear nothing of each other.
    pub(super) fn write_apart(&mut self, each: usize) {
        for _ in 0..each * self.items.len() {
            self.write();
        }
    }

    /// The same once for as many operations as there are items, each heard of everywhere before
    /// the next.
    pub(super) fn write_in_turn(&mut self) {
        for _ in 0..self.items.len() {
            self.write();
            self.hear();
        }
    }

    fn write(&mut self) {
        let table = &TABLES[self.below(TABLES.len())];
        let key = KEYS[self.below(KEYS.len())];
        let nth = self.below(NAMES.len());
        let operation = (table.operation)(&mut self.random, self.changes);
        self.ask(nth, (table.name, key), &operation);
    }

    /// Settles so many random conflicts, or takes that back, each in a random region that has it.
    pub(super) fn settle(&mut self, count: usize) {
        for _ in 0..count {
            let nth = self.below(NAMES.len());
            let listed = self.compare_conflicts(nth);
            if listed.is_empty() {
                continue;
            }
            let (conflict, id) = &listed[self.below(listed.len())];
            // Of ten one is not what the conflict is ready for.
            let is_ready = !self.random.one_in(10);
            let action = match (conflict.told["state"] == "open", is_ready) {
                (true, true) | (false, false) if self.random.one_in(2) => Action::Restore,
                (true, true) | (false, false) => Action::Dismiss,
                (true, false) | (false, true) => Action::Undo,
            };
            let (path, lost) = (conflict.path.clone(), conflict.lost);
            let settlement = Operation::Settle(Settlement { path, lost, action });
            let reply = self.asked(nth, conflict.item, &settlement, &|region| {
                let path = format!("/v1/conflicts/{id}/{}", action.name());
                region.client().send("POST", &path, &[], b"").unwrap()
            });
            self.count(match reply.0 {
                Answer::Done(_) => action.state(),
                Answer::Refused(_, code) => code,
            });
            if reply.0 == Answer::Done(200) {
                let state = json!(action.state());
                assert_eq!((&reply.1["id"], &reply.1["state"]), (&json!(id), &state));
            }
        }
    }

    /// Waits until all regions have everything, and compares all that they show.
    pub(super) fn compare(&mut self) {
        self.hear();
        for nth in 0..NAMES.len() {
            for item in self.items.keys() {
                self.compare_item(nth, *item);
            }
        }
        let path = "/v1/conflicts?limit=1000";
        let [a, b, c] = self.cluster.all().map(|region| region.ask("GET", path, None).expect(200));
        assert_eq!((&a, &a, &a["next"]), (&b, &c, &Value::Null));
        for (expected, _) in self.compare_conflicts(0) {
            self.count(expected.item.0);
        }
    }

    /// Waits until all regions have everything.
    fn hear(&mut self) {
        self.cluster.level();
        let all: Seen = self.seen.iter().flatten().copied().collect();
        self.seen = std::array::from_fn(|_| all.clone());
    }

    fn ask(&mut self, nth: usize, of: (&'static str, &'static str), operation: &Operation) {
        let text = |elements: &[usize]| {
            let texts: Vec<_> = elements.iter().map(|nth| ELEMENTS[*nth].0).collect();
            format!("[{}]", texts.join(","))
        };
        let (method, body) = match operation {
            Operation::Put(value) => ("PUT", value.clone()),
            Operation::PutSet(listed) => ("PUT", text(listed)),
            Operation::Change { added, removed } => {
                ("PATCH", format!("{{\"add\":{},\"remove\":{}}}", text(added), text(removed)))
            }
            Operation::Increment(by) => ("PATCH", format!("{{\"increment\":{by}}}")),
            Operation::Delete => ("DELETE", String::new()),
            Operation::Settle(_) => unreachable!("settled by its name"),
        };
        self.asked(nth, of, operation, &|region| {
            region.client().send(method, &item(of.0, of.1), &[], body.as_bytes()).unwrap()
        });
    }

    /// Asks both, and compares what they answer and what is shown afterwards.
    fn asked(
        &mut self,
        nth: usize,
        of: (&'static str, &'static str),
        operation: &Operation,
        send: &dyn Fn(&Region) -> crate::support::Reply,
    ) -> (Answer, Value) {
        let author = Author { change: self.changes, region: NAMES[nth], seen: &self.seen[nth] };
        let expected = self.items.get_mut(&of).unwrap().apply(author, operation);
        let reply = send(self.cluster.all()[nth]);
        // No two changes are of one millisecond, so that the order in time is that of asking.
        let answered_ms = now_ms();
        while now_ms() == answered_ms {
            std::hint::spin_loop();
        }
        let told = match expected {
            Answer::Done(status) => (status, None),
            Answer::Refused(status, code) => (status, Some(code)),
        };
        let code = reply.body["code"].as_str();
        assert_eq!((reply.status, code), told, "{} {of:?} {operation:?} {reply:?}", NAMES[nth]);
        if let Answer::Done(_) = expected {
            self.seen[nth].insert(self.changes);
            self.changes += 1;
        }
        self.compare_item(nth, of);
        (expected, reply.body)
    }

    fn compare_item(&self, nth: usize, of: (&'static str, &'static str)) {
        let region = self.cluster.all()[nth];
        let reply = region.ask("GET", &item(of.0, of.1), None);
        let expected = self.items[&of].shown(&self.seen[nth]);
        let text = String::from_utf8(reply.bytes).unwrap();
        let begins = match &*expected {
            [] => "{\"type\":".to_owned(),
            [value] => format!("{{\"key\":\"{}\",\"value\":{value},\"version\":", of.1),
            [first, ..] => format!("{{\"key\":\"{}\",\"siblings\":[{{\"value\":{first},", of.1),
        };
        assert!(text.starts_with(&begins), "{} {of:?}: {text} is not {expected:?}", region.name);
        let status = if expected.is_empty() { 404 } else { 200 };
        assert_eq!(reply.status, status);
        if expected.len() > 1 {
            let siblings = reply.body["siblings"].as_array().unwrap().iter();
            let siblings: Vec<_> = siblings.map(|sibling| sibling["value"].to_string()).collect();
            assert_eq!(siblings, expected, "{} {of:?}", region.name);
        }
    }

    /// Compares the conflicts that a region lists with those of the model; answers both.
    fn compare_conflicts(&mut self, nth: usize) -> Vec<(Expected, String)> {
        let region = self.cluster.all()[nth];
        let listed = region.ask("GET", "/v1/conflicts?limit=1000", None).expect(200);
        let mut listed = listed["conflicts"].as_array().unwrap().clone();
        let mut expected = self.expected(&self.seen[nth]);
        let of = |told: &Value| {
            ["table", "key", "path", "lost", "kept", "state"].map(|member| told[member].to_string())
        };
        // Both are in the order of what has lost, which a stable sort keeps among equals.
        expected.sort_by_key(|conflict| of(&conflict.told));
        for told in &mut listed {
            let told = told.as_object_mut().unwrap();
            for side in ["lost", "kept"] {
                let at = told[side].as_object_mut().unwrap().remove("written_at");
                assert!(at.is_some_and(|at| at.is_string()));
            }
        }
        listed.sort_by_key(&of);
        let told: Vec<_> = listed.iter().map(of).collect();
        let model: Vec<_> = expected.iter().map(|conflict| of(&conflict.told)).collect();
        assert_eq!(told, model, "the conflicts of {}", region.name);
        let ids = listed.iter().map(|told| told["id"].as_str().unwrap().to_owned());
        let all: Vec<_> = expected.into_iter().zip(ids).collect();
        for (Expected { item, path, lost, .. }, id) in &all {
            let named = (item.0.to_owned(), item.1.to_owned(), path.clone(), *lost);
            let name = self.names.entry(named).or_insert_with(|| id.clone());
            assert_eq!(name, id, "one conflict has one name everywhere and always");
        }
        all
    }

    fn expected(&self, seen: &Seen) -> Vec<Expected> {
        let side = |write: &super::cell::Write| match &write.value {
            Some(value) => {
                let value: Value = serde_json::from_str(value).unwrap();
                json!({"value": value, "region": write.region})
            }
            None => json!({"deleted": true, "region": write.region}),
        };
        let all = self.items.iter().flat_map(|(of, item)| {
            item.conflicts(seen).into_iter().map(|conflict| Expected {
                item: *of,
                path: conflict.path.to_owned(),
                lost: conflict.lost.change,
                told: json!({
                    "table": of.0, "key": of.1, "path": conflict.path,
                    "lost": side(conflict.lost), "kept": side(conflict.kept),
                    "state": conflict.state.name(),
                }),
            })
        });
        all.collect()
    }

    fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).unwrap()
    }
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}
