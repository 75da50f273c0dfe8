//! A client that goes from region to region and has all that it does taken down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tombolo_simulation::Random;

use crate::support::{
    CallError, Client, Cluster, Kind, NAMES, Operation, Outcome, Recorder, Reply, Version, item,
};

/// The items that everybody reads and writes.
const KEYS: [&str; 8] = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"];

/// What becomes of the token of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// The next request is sent with it.
    Kept,
    /// Nothing.
    Dropped,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Traveller {
    session: usize,
    tokens: Tokens,
    token: Option<String>,
    region: &'static str,
    written: u64,
    clients: BTreeMap<&'static str, Client>,
    recorder: Arc<Recorder>,
}

impl Traveller {
    pub(crate) fn new(
        cluster: &Cluster,
        session: usize,
        tokens: Tokens,
        recorder: Arc<Recorder>,
    ) -> Self {
        let clients = NAMES.iter().map(|name| (*name, cluster.at(name).client())).collect();
        let region = NAMES[session % NAMES.len()];
        Self { session, tokens, token: None, region, written: 0, clients, recorder }
    }

    /// Reads or writes something, here or elsewhere. Who is refused goes elsewhere.
    pub(crate) fn wander(&mut self, random: &mut Random) {
        let mut pick =
            |from: &[&'static str]| from[usize::try_from(random.below(from.len() as u64)).unwrap()];
        let (elsewhere, key) = (pick(&NAMES), pick(&KEYS));
        if random.one_in(2) {
            self.region = elsewhere;
        }
        let is_done = match random.below(5) {
            0 | 1 => self.write(self.region, key),
            _ => self.read(self.region, key),
        };
        if !is_done {
            let at = NAMES.iter().position(|name| *name == self.region).unwrap();
            let by = usize::try_from(1 + random.below(2)).unwrap();
            self.region = NAMES[(at + by) % NAMES.len()];
        }
    }

    /// Reads everything in one region.
    pub(crate) fn read_all(&mut self, region: &'static str) {
        for key in KEYS {
            self.read(region, key);
        }
    }

    /// Reads an item; answers whether that was answered.
    pub(crate) fn read(&mut self, region: &'static str, key: &str) -> bool {
        self.call(Kind::Read, region, key, None)
    }

    /// Writes an item; answers whether that was answered.
    pub(crate) fn write(&mut self, region: &'static str, key: &str) -> bool {
        self.written += 1;
        let value = format!("{}-{}", self.session, self.written);
        self.call(Kind::Write, region, key, Some(value))
    }

    fn call(&mut self, kind: Kind, region: &'static str, key: &str, put: Option<String>) -> bool {
        let method = if kind == Kind::Read { "GET" } else { "PUT" };
        let body = put.as_ref().map(|value| json!(value).to_string()).unwrap_or_default();
        let token = self.token.as_deref().map(|token| ("Tombolo-Session", token));
        let headers: Vec<_> = token.into_iter().collect();
        let (began, asked_at) = (self.recorder.begin(), Instant::now());
        let client = self.clients.get_mut(region).unwrap();
        let answered = client.send(method, &item("notes", key), &headers, body.as_bytes());
        let (outcome, value, served_by) = match answered {
            Ok(reply) => {
                if self.tokens == Tokens::Kept {
                    self.token = Some(reply.header("tombolo-session").unwrap().to_owned());
                }
                let read = reply.body["value"].as_str().map(str::to_owned);
                let served_by = reply.header("tombolo-served-by").unwrap_or(region).to_owned();
                (outcome(&reply), put.or(read), served_by)
            }
            Err(CallError::Unanswered(_)) => (Outcome::Unknown, put, region.to_owned()),
            Err(error) => panic!("{region}: {error}"),
        };
        let is_done = matches!(outcome, Outcome::Done(_));
        self.recorder.end(Operation {
            session: self.session,
            region: region.to_owned(),
            served_by,
            key: key.to_owned(),
            kind,
            value,
            outcome,
            began,
            ended: 0,
            took: asked_at.elapsed(),
        });
        is_done
    }
}

/// What became of a request. Nothing else than this may.
fn outcome(reply: &Reply) -> Outcome {
    let code = reply.body["code"].as_str().unwrap_or_default();
    assert_eq!(reply.header("tombolo-session-lost"), None, "{reply:?}");
    match (reply.status, code) {
        (200 | 201, _) => Outcome::Done(Version::parse(reply.body["version"].as_str().unwrap())),
        (404, "no_such_item") => Outcome::Done(Version::default()),
        (503, "stale_replica" | "overloaded") => Outcome::Refused(code.to_owned()),
        (504, "forward_unanswered") => Outcome::Unknown,
        _ => panic!("{reply:?}"),
    }
}
