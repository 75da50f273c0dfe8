//! Requests with an Idempotency-Key, repeated because their answers were lost: done once, and
//! answered as the first time, also after the region was killed and by another region.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;
use serde_json::Value;
use tombolo_simulation::Random;

use crate::support::{Client, Cluster, Reply, eventually, item};

const BODY: &[u8] = br#"{"increment":1}"#;
const ROUNDS: usize = 4;

fn increment(client: &mut Client, nth: usize) -> Option<Reply> {
    let key = format!("request-{nth}");
    client.send("PATCH", &item("hits", "k"), &[("Idempotency-Key", &key)], BODY).ok()
}

/// Asks until there is an answer, on new connections where the old one has broken.
fn insist(cluster: &Cluster, region: &str, nth: usize) -> Value {
    let mut answer = Value::Null;
    eventually("the request is answered", || {
        match increment(&mut cluster.at(region).client(), nth) {
            Some(reply) if reply.status == 200 => answer = reply.body,
            Some(reply) => assert_eq!(reply.status, 503, "{reply:?}"),
            None => {}
        }
        !answer.is_null()
    });
    answer
}

#[test]
fn a_repetition_after_sigkill_is_answered_as_the_first_and_done_once() {
    let mut random = Random::new(11);
    let mut cluster = Cluster::start();
    cluster.at("a").define("hits", "counter");
    let mut answers: Vec<Value> = Vec::new();
    for _ in 0..ROUNDS {
        // Requests follow each other until the region is killed under one of them.
        let enough = answers.len() + usize::try_from(20 + random.below(200)).unwrap();
        let mut client = cluster.at("a").client();
        let done = AtomicUsize::new(answers.len());
        thread::scope(|scope| {
            scope.spawn(|| {
                while let Some(reply) = increment(&mut client, answers.len()) {
                    answers.push(reply.expect(200));
                    done.store(answers.len(), Ordering::Relaxed);
                }
            });
            eventually("there are enough", || done.load(Ordering::Relaxed) >= enough);
            cluster.at("a").process().signal(Signal::KILL);
        });
        cluster.at_mut("a").kill();
        cluster.at_mut("a").start();
        answers.push(insist(&cluster, "a", answers.len()));
        for nth in [0, answers.len() / 2, answers.len() - 1, answers.len() - 2] {
            assert_eq!(insist(&cluster, "a", nth), answers[nth], "request {nth}");
        }
    }
    let values: Vec<_> = answers.iter().map(|answer| answer["value"].as_u64().unwrap()).collect();
    let once: Vec<_> = (1..=values.len() as u64).collect();
    assert_eq!(values, once);
    assert_eq!(cluster.at("a").value("hits", "k"), answers.len());

    // The records have travelled with their changes.
    cluster.level();
    for nth in [0, answers.len() - 1] {
        assert_eq!(insist(&cluster, "b", nth), answers[nth], "request {nth}");
    }
    assert_eq!(cluster.at("b").value("hits", "k"), answers.len());
}
