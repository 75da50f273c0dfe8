//! Calls on tables with an Idempotency-Key or a condition, asked of regions that do not decide them:
//! decided once for the whole cluster, and answered as the first time by every region.

use std::thread;

use serde_json::json;

use crate::support::{Cluster, NAMES, Region, Reply, eventually};

const TABLE: &str = "/v1/tables/notes";
const REGISTER: &str = r#"{"type":"register"}"#;
const SESSION: &str = r#"{"consistency":"session"}"#;

fn call(region: &Region, method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let path = format!("{TABLE}{query}");
    region.client().send(method, &path, headers, body.as_bytes()).unwrap()
}

/// The call `method` of the client that names it `once`.
fn named(region: &Region, method: &str, body: &str) -> Reply {
    call(region, method, "", &[("Idempotency-Key", "once")], body)
}

/// All of an answer that a repetition must have as well.
fn answer(reply: &Reply) -> (u16, Vec<u8>, Option<String>) {
    (reply.status, reply.bytes.clone(), reply.header("etag").map(str::to_owned))
}

#[test]
fn every_region_answers_a_repetition_as_the_first_also_while_and_after_the_orderer_was_killed() {
    let mut cluster = Cluster::start();
    // `a` orders definitions, and is asked by `b`.
    let defined = named(cluster.at("b"), "PUT", REGISTER);
    assert_eq!(defined.status, 201);
    let altered = named(cluster.at("b"), "PATCH", SESSION);
    assert_eq!((altered.status, &altered.body["consistency"]), (200, &json!("session")));
    let firsts = [("PUT", REGISTER, answer(&defined)), ("PATCH", SESSION, answer(&altered))];
    let check = |region: &Region| {
        for (method, body, first) in &firsts {
            assert_eq!(&answer(&named(region, method, body)), first, "{method} at {}", region.name);
        }
        let reused = named(region, "PUT", r#"{"type":"counter"}"#);
        assert_eq!((reused.status, &reused.body["code"]), (422, &json!("idempotency_key_reused")));
    };
    cluster.all().into_iter().for_each(check);
    let repeated = |name| cluster.at(name).metric("tombolo_requests_repeated_total").to_string();
    assert_eq!(NAMES.map(repeated), ["2"; 3]);

    cluster.at_mut("a").kill();
    for name in ["b", "c"] {
        check(cluster.at(name));
    }
    cluster.at_mut("a").start();
    cluster.all().into_iter().for_each(check);
    // Out of the state that a clean stop leaves, too.
    cluster.at_mut("a").stop();
    cluster.at_mut("a").start();
    check(cluster.at("a"));
}

#[test]
fn a_repeated_end_does_not_end_the_table_that_has_taken_the_name_since() {
    let cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    let end = |name| call(cluster.at(name), "DELETE", "?w=3", &[("Idempotency-Key", "once")], "");
    let ended = end("c");
    assert_eq!((ended.status, ended.header("tombolo-acks")), (204, Some("a,b,c")));
    for region in cluster.all() {
        assert_eq!(region.ask("GET", TABLE, None).status, 404, "{}", region.name);
    }
    cluster.at("b").define("notes", "counter");
    for name in NAMES {
        assert_eq!(end(name).status, 204);
    }
    assert_eq!(cluster.all().map(|region| region.ask("GET", TABLE, None).status), [200; 3]);
}

#[test]
fn of_two_conditional_alterations_in_two_regions_one_is_done() {
    let cluster = Cluster::start();
    let absent = [("If-None-Match", "*")];
    let defined = call(cluster.at("b"), "PUT", "", &absent, REGISTER);
    let tag = defined.header("etag").unwrap().to_owned();
    assert_eq!(defined.header("tombolo-condition-scope"), Some("global"));
    assert_eq!(call(cluster.at("c"), "PUT", "", &absent, REGISTER).status, 412);
    let only = [("If-Match", tag.as_str())];
    let words = ["session", "monotonic_reads"];
    let mut clients = ["b", "c"].map(|name| cluster.at(name).client());
    let mut statuses: Vec<_> = thread::scope(|scope| {
        let alterations = clients.iter_mut().zip(words).map(|(client, word)| {
            let body = json!({"consistency": word}).to_string();
            scope.spawn(move || client.send("PATCH", TABLE, &only, body.as_bytes()).unwrap().status)
        });
        let alterations: Vec<_> = alterations.collect();
        alterations.into_iter().map(|altered| altered.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    eventually("all show the same", || {
        let shown = cluster.all().map(|region| region.ask("GET", TABLE, None).body);
        words.contains(&shown[0]["consistency"].as_str().unwrap())
            && shown.iter().all(|table| table == &shown[0])
    });
}
