//! Calls on tables that are conditional, that have a name, or that several regions are to hold.

use core::time::Duration;

use serde_json::Value;

use crate::support::{Reply, Running, absent, refused};

const USERS: &str = "/v1/tables/users";
const REGISTER: &str = r#"{"type":"register"}"#;
const SESSION: &str = r#"{"consistency":"session"}"#;

async fn call(running: &Running, method: &str, header: &str, body: &str) -> Reply {
    let headers = format!("Content-Type: application/json\r\n{header}\r\n");
    running.call(method, USERS, &headers, body).await
}

async fn named(running: &Running, method: &str, key: &str, body: &str) -> Reply {
    call(running, method, &format!("Idempotency-Key: {key}"), body).await
}

/// All of an answer that a repetition must have as well.
fn answer(reply: &Reply) -> (u16, &[u8], Option<&str>) {
    (reply.status, &reply.body, reply.header("etag"))
}

async fn vector(running: &Running) -> Value {
    running.get("/v1/region").await.json()["version_vector"].clone()
}

#[actix_rt::test]
async fn a_named_call_is_done_once_and_answered_as_the_first_time_whatever_came_between() {
    let running = Running::start().await;
    let defined = named(&running, "PUT", "one", REGISTER).await;
    assert_eq!(defined.status, 201);
    let altered = named(&running, "PATCH", "one", SESSION).await;
    assert_eq!((altered.status, &altered.json()["consistency"]), (200, &"session".into()));
    let dropped = named(&running, "DELETE", "one", "").await;
    assert_eq!(dropped.status, 204);
    // Another table, which no repetition may define anew, alter or drop.
    let other = running.put(USERS, r#"{"type":"counter"}"#).await;
    let before = vector(&running).await;
    for (method, body, first) in
        [("PUT", REGISTER, &defined), ("PATCH", SESSION, &altered), ("DELETE", "", &dropped)]
    {
        let again = named(&running, method, "one", body).await;
        assert_eq!(answer(&again), answer(first), "{method}");
    }
    assert_eq!(vector(&running).await, before);
    assert_eq!(running.get(USERS).await.json(), other.json());
    running.stop().await;
}

#[actix_rt::test]
async fn a_key_that_was_given_to_another_call_is_refused_and_does_nothing() {
    let running = Running::start().await;
    named(&running, "PUT", "one", REGISTER).await;
    named(&running, "PATCH", "one", SESSION).await;
    let before = vector(&running).await;
    for (method, body) in [
        ("PUT", r#"{"type":"counter"}"#),
        ("PUT", r#"{"type":"register","consistency":"session"}"#),
        ("PATCH", r#"{"consistency":"eventual"}"#),
        ("PATCH", r#"{"strategy":{"mode":"multi_leader"}}"#),
    ] {
        let reused = named(&running, method, "one", body).await;
        assert_eq!(reused.refusal(), refused(422, "idempotency_key_reused"), "{method} {body}");
    }
    assert_eq!(vector(&running).await, before);
    let bad = named(&running, "DELETE", "a b", "").await;
    assert_eq!(bad.refusal(), refused(400, "bad_header"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_named_call_that_changed_nothing_is_decided_anew() {
    let running = Running::start().await;
    let missing = named(&running, "DELETE", "one", "").await;
    assert_eq!(missing.refusal(), refused(404, "no_such_table"));
    let missing = named(&running, "PATCH", "one", SESSION).await;
    assert_eq!(missing.refusal(), refused(404, "no_such_table"));
    running.define("users", REGISTER).await;
    assert_eq!(named(&running, "PUT", "one", REGISTER).await.status, 200);
    assert_eq!(named(&running, "PATCH", "one", SESSION).await.status, 200);
    assert_eq!(named(&running, "DELETE", "one", "").await.status, 204);
    assert_eq!(named(&running, "PUT", "one", REGISTER).await.status, 201);
    running.stop().await;
}

#[actix_rt::test]
async fn a_named_call_that_is_not_confirmed_waits_again_and_is_not_done_again() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    let mut vectors = Vec::new();
    for _ in 0..2 {
        let pending = named(&running, "PUT", "one", REGISTER).await;
        assert_eq!(pending.refusal(), refused(503, "definition_pending"));
        assert_eq!(pending.problem()["outcome"], "applied_locally");
        vectors.push(vector(&running).await);
    }
    assert_eq!(vectors[0], vectors[1]);
    running.stop().await;
}

#[actix_rt::test]
async fn a_condition_is_held_against_the_table_s_version_in_the_whole_cluster() {
    let running = Running::start().await;
    let matching = |tag: &str| format!("If-Match: {tag}");
    let unmet = |reply: Reply| {
        assert_eq!(reply.refusal(), refused(412, "version_mismatch"));
        assert_eq!(reply.header("tombolo-condition-scope"), Some("global"));
    };
    unmet(call(&running, "PUT", "If-Match: *", REGISTER).await);
    let created = call(&running, "PUT", "If-None-Match: *", REGISTER).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("tombolo-condition-scope"), Some("global"));
    unmet(call(&running, "PUT", "If-None-Match: *", REGISTER).await);
    let first = created.header("etag").unwrap().to_owned();
    assert_eq!(running.get(USERS).await.header("etag"), Some(&*first));

    let altered = call(&running, "PATCH", &matching(&first), SESSION).await;
    assert_eq!(altered.status, 200);
    let second = altered.header("etag").unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(running.get(USERS).await.header("etag"), Some(&*second));
    unmet(call(&running, "PATCH", &matching(&first), r#"{"consistency":"eventual"}"#).await);
    unmet(call(&running, "DELETE", &matching(&first), "").await);
    unmet(call(&running, "DELETE", &matching("\"never\""), "").await);
    assert_eq!(running.get(USERS).await.json()["consistency"], "session");

    let unreadable = call(&running, "DELETE", "If-None-Match: \"x\"", "").await;
    assert_eq!(unreadable.refusal(), refused(400, "bad_header"));
    let either = matching(&format!("{first}, {second}"));
    assert_eq!(call(&running, "DELETE", &either, "").await.status, 204);
    let gone = call(&running, "DELETE", &either, "").await;
    assert_eq!(gone.refusal(), refused(404, "no_such_table"));
    running.stop().await;
}

#[actix_rt::test]
async fn an_end_waits_for_as_many_regions_as_are_asked_for() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    let end = |query: &str| format!("{USERS}?{query}");
    running.define_pending("users", REGISTER).await;
    let too_many = running.delete(&end("w=3")).await;
    assert_eq!(too_many.refusal(), refused(422, "write_concern_too_large"));
    assert_eq!(running.get(USERS).await.status, 200);

    for (headers, retryable) in [("", false), ("Idempotency-Key: one\r\n", true)] {
        running.put(USERS, REGISTER).await;
        let unmet = running.call("DELETE", &end("w=2&timeout_ms=1"), headers, "").await;
        let problem = unmet.problem();
        assert_eq!((unmet.status, &problem["code"]), (504, &"write_concern_unmet".into()));
        assert_eq!(problem["outcome"], "applied_locally");
        assert_eq!(problem["retryable"], retryable);
        assert_eq!(unmet.header("tombolo-acks"), Some("us-east"));
        assert_eq!(running.get(USERS).await.refusal(), refused(404, "no_such_table"));
    }
    // Repeated, it waits again for the same end.
    let headers = "Idempotency-Key: one\r\n";
    let again = running.call("DELETE", &end("w=2&timeout_ms=1"), headers, "").await;
    assert_eq!(again.problem()["code"], "write_concern_unmet");

    running.put(USERS, REGISTER).await;
    let here = running.delete(&end("w=1")).await;
    assert_eq!((here.status, here.header("tombolo-acks")), (204, Some("us-east")));
    running.stop().await;
}
