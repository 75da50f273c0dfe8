//! Conditions and names: a write that is done only where the item is as it was seen, and once.

use std::time::Duration;

use tombolo_causality::{Incarnation, RegionId, ReplicaId};
use tombolo_protocol::encode_version;

use crate::support::{Reply, Running, absent, refused};

const ITEM: &str = "/v1/tables/reg/items/k";

async fn put_if(running: &Running, path: &str, headers: &str, body: &str) -> Reply {
    let headers = format!("Content-Type: application/json\r\n{headers}\r\n");
    running.call("PUT", path, &headers, body).await
}

fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap().to_owned()
}

#[actix_rt::test]
async fn a_write_with_the_present_version_is_done_and_one_with_another_is_not() {
    let running = Running::with_tables().await;
    let first = tag(&running.put(ITEM, "1").await);
    let second = put_if(&running, ITEM, &format!("If-Match: {first}"), "2").await;
    assert_eq!(second.status, 200);
    assert_eq!(second.header("tombolo-condition-scope"), Some("region"));

    for stale in [first.as_str(), "\"never-a-version\"", "\"\""] {
        let refusal = put_if(&running, ITEM, &format!("If-Match: {stale}"), "3").await;
        assert_eq!(refusal.refusal(), refused(412, "version_mismatch"), "{stale}");
        assert_eq!(refusal.header("tombolo-condition-scope"), Some("region"));
    }
    assert_eq!(running.get(ITEM).await.json()["value"], 2);
    let either = format!("If-Match: {first}, {}", tag(&second));
    assert_eq!(put_if(&running, ITEM, &either, "4").await.status, 200);
    let delete = running.call("DELETE", ITEM, &format!("If-Match: {first}\r\n"), "").await;
    assert_eq!(delete.refusal(), refused(412, "version_mismatch"));
    running.stop().await;
}

#[actix_rt::test]
async fn what_must_be_there_and_what_must_not() {
    let running = Running::with_tables().await;
    let missing = put_if(&running, ITEM, "If-Match: *", "1").await;
    assert_eq!(missing.refusal(), refused(412, "version_mismatch"));
    assert_eq!(put_if(&running, ITEM, "If-None-Match: *", "1").await.status, 201);
    let there = put_if(&running, ITEM, "If-None-Match: *", "2").await;
    assert_eq!(there.refusal(), refused(412, "version_mismatch"));
    assert_eq!(put_if(&running, ITEM, "If-Match: *", "3").await.status, 200);
    running.delete(ITEM).await;
    assert_eq!(put_if(&running, ITEM, "If-None-Match: *", "4").await.status, 201);
    let odd = put_if(&running, ITEM, "If-None-Match: \"x\"", "5").await;
    assert_eq!(odd.refusal(), refused(400, "bad_header"));
    running.stop().await;
}

#[actix_rt::test]
async fn beside_siblings_a_version_names_what_is_replaced() {
    let running = Running::start().await;
    running.define("sib", r#"{"type":"register","resolver":"siblings"}"#).await;
    let path = "/v1/tables/sib/items/k";
    let first = tag(&running.put(path, "1").await);
    let second = tag(&running.put(path, "2").await);
    // Its author had not seen the second: both stand.
    assert_eq!(put_if(&running, path, &format!("If-Match: {first}"), "3").await.status, 200);
    let both = running.get(path).await.json();
    let values: Vec<_> = both["siblings"].as_array().unwrap().iter().map(|s| &s["value"]).collect();
    assert_eq!(values, [2, 3]);
    // And this one has seen the second alone.
    assert_eq!(put_if(&running, path, &format!("If-Match: {second}"), "4").await.status, 200);
    let left = running.get(path).await.json();
    let values: Vec<_> = left["siblings"].as_array().unwrap().iter().map(|s| &s["value"]).collect();
    assert_eq!(values, [3, 4]);
    running.stop().await;
}

#[actix_rt::test]
async fn siblings_beyond_their_number_are_refused() {
    let running = Running::start_with(|settings| settings.items.siblings_max = 2).await;
    running.define("sib", r#"{"type":"register","resolver":"siblings"}"#).await;
    let path = "/v1/tables/sib/items/k";
    // Nobody replaces what is there: its version is one of before.
    let before = format!("If-Match: {}", tag(&running.put("/v1/tables/sib/items/l", "0").await));
    for value in ["1", "2"] {
        assert!(put_if(&running, path, &before, value).await.status < 300);
    }
    let third = put_if(&running, path, &before, "3").await;
    assert_eq!(third.refusal(), refused(409, "too_many_siblings"));
    assert_eq!(running.get(path).await.json()["siblings"].as_array().unwrap().len(), 2);
    // Whoever has seen them puts one in their place.
    assert_eq!(running.put(path, "4").await.status, 200);
    running.stop().await;
}

/// Regression: deletions that name nothing of what is there stayed beside it without end.
#[actix_rt::test]
async fn deletions_that_replace_nothing_count_among_the_siblings() {
    let running = Running::start_with(|settings| settings.items.siblings_max = 3).await;
    running.define("sib", r#"{"type":"register","resolver":"siblings"}"#).await;
    let path = "/v1/tables/sib/items/k";
    let before =
        format!("If-Match: {}\r\n", tag(&running.put("/v1/tables/sib/items/l", "0").await));
    running.put(path, "1").await;
    for _ in 0..2 {
        assert_eq!(running.call("DELETE", path, &before, "").await.status, 204);
    }
    let third = running.call("DELETE", path, &before, "").await;
    assert_eq!(third.refusal(), refused(409, "too_many_siblings"));
    assert_eq!(running.get(path).await.json()["value"], 1);
    assert_eq!(running.delete(path).await.status, 204);
    running.stop().await;
}

#[actix_rt::test]
async fn a_version_of_what_is_not_here_yet_waits_and_is_not_taken_for_another() {
    let running = Running::with_tables().await;
    running.put(ITEM, "1").await;
    let elsewhere = ReplicaId::new(RegionId::new("eu-west").unwrap(), Incarnation(7));
    let ahead = encode_version(&[(elsewhere, 1)].into_iter().collect()).unwrap();
    let path = format!("{ITEM}?wait_ms=1");
    let reply = put_if(&running, &path, &format!("If-Match: \"{ahead}\""), "2").await;
    let (status, code, ..) = reply.refusal();
    assert_eq!((status, &*code), (503, "stale_replica"));
    assert_eq!(running.get(ITEM).await.json()["value"], 1);
    running.stop().await;
}

#[actix_rt::test]
async fn a_named_write_that_too_few_regions_hold_may_be_repeated() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    });
    let running = running.await;
    // Its definition waits for the absent region in vain, and is there all the same.
    running.put("/v1/tables/cnt", r#"{"type":"counter"}"#).await;
    let path = "/v1/tables/cnt/items/k?w=2&timeout_ms=1";
    let patch = async |headers: &str| {
        let headers = format!("Content-Type: application/json\r\n{headers}");
        running.call("PATCH", path, &headers, r#"{"increment":1}"#).await
    };
    let retryable = |reply: &Reply| {
        assert_eq!(reply.problem()["code"], "write_concern_unmet");
        assert_eq!(reply.problem()["outcome"], "applied_locally");
        reply.problem()["retryable"].clone()
    };
    assert_eq!(retryable(&patch("").await), false);
    let named = "Idempotency-Key: one\r\n";
    assert_eq!(retryable(&patch(named).await), true);
    assert_eq!(retryable(&patch(named).await), true);
    assert_eq!(running.get("/v1/tables/cnt/items/k").await.json()["value"], 2);
    running.stop().await;
}

#[actix_rt::test]
async fn a_named_request_is_done_once_and_answered_as_the_first_time() {
    let running = Running::with_tables().await;
    let counter = "/v1/tables/cnt/items/k";
    let named = "Content-Type: application/json\r\nIdempotency-Key: one\r\n";
    let patch = async |path, body| running.call("PATCH", path, named, body).await;
    let first = patch(counter, r#"{"increment":3}"#).await;
    running.patch(counter, r#"{"increment":10}"#).await;
    let again = patch(counter, r#"{"increment":3}"#).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(tag(&again), tag(&first));
    assert_eq!(running.get(counter).await.json()["value"], 13);

    let other = patch(counter, r#"{"increment":4}"#).await;
    assert_eq!(other.refusal(), refused(422, "idempotency_key_reused"));
    // Another path is another request.
    let elsewhere = patch("/v1/tables/cnt/items/l", r#"{"increment":4}"#).await;
    assert_eq!(elsewhere.json()["value"], 4);

    assert_eq!(running.call("PUT", ITEM, named, "1").await.status, 201);
    assert_eq!(running.call("PUT", ITEM, named, "1").await.status, 201);
    assert_eq!(running.call("DELETE", ITEM, "Idempotency-Key: x\r\n", "").await.status, 204);
    assert_eq!(running.call("DELETE", ITEM, "Idempotency-Key: x\r\n", "").await.status, 204);
    running.stop().await;
}

#[actix_rt::test]
async fn only_what_was_done_is_remembered() {
    let running = Running::with_tables().await;
    let named = "Content-Type: application/json\r\nIdempotency-Key: one\r\nIf-Match: *\r\n";
    let refusal = running.call("PUT", ITEM, named, "1").await;
    assert_eq!(refusal.refusal(), refused(412, "version_mismatch"));
    running.put(ITEM, "0").await;
    assert_eq!(running.call("PUT", ITEM, named, "1").await.status, 200);
    // The item has moved on; the condition held when the request was done.
    running.delete(ITEM).await;
    assert_eq!(running.call("PUT", ITEM, named, "1").await.status, 200);
    assert_eq!(running.get(ITEM).await.status, 404);
    running.stop().await;
}

#[actix_rt::test]
async fn past_what_is_remembered_new_names_are_refused_and_old_ones_answered() {
    let running = Running::start_with(|settings| {
        settings.requests.idempotency_bytes_max = 1_200;
    });
    let running = running.await;
    running.define("reg", r#"{"type":"register"}"#).await;
    let put = async |name: u32| {
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {name}\r\n");
        running.call("PUT", ITEM, &headers, "1").await
    };
    let mut done = 0;
    let refusal = loop {
        let reply = put(done).await;
        if reply.status >= 400 {
            break reply;
        }
        done += 1;
        assert!(done < 10, "nothing was refused");
    };
    assert_eq!(refusal.header("retry-after"), Some("1"));
    let (status, code, ..) = refusal.refusal();
    assert_eq!((status, &*code), (429, "too_many_idempotency_keys"));
    assert!(done > 1 && put(0).await.status == 201);
    running.stop().await;
}

#[actix_rt::test]
async fn a_key_that_cannot_be_one_is_refused() {
    let running = Running::with_tables().await;
    let long = "k".repeat(256);
    for key in ["", "a b", long.as_str(), "1\r\nIdempotency-Key: 2"] {
        let reply = put_if(&running, ITEM, &format!("Idempotency-Key: {key}"), "1").await;
        assert_eq!(reply.refusal(), refused(400, "bad_header"), "{key}");
    }
    assert_eq!(running.get(ITEM).await.status, 404);
    running.stop().await;
}
