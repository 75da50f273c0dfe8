//! Counters: moved by PATCH, within the range that every JSON client reads exactly.

use std::rc::Rc;

use serde_json::json;

use crate::support::{Running, refused};

#[actix_rt::test]
async fn a_counter_begins_with_its_first_operation_and_ends_with_delete() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/cnt/items/hits";
    let first = running.patch(path, r#"{"increment":3}"#).await;
    let body = first.json();
    assert_eq!(first.status, 200);
    assert_eq!(body, json!({"key": "hits", "value": 3, "version": body["version"]}));
    let etag = format!("\"{}\"", body["version"].as_str().unwrap());
    assert_eq!(first.header("etag"), Some(&*etag));
    assert_eq!(first.header("tombolo-acks"), Some("us-east"));

    let second = running.patch(path, r#"{"increment":1,"decrement":6}"#).await;
    assert_eq!(second.json()["value"], -2);
    let read = running.get(path).await.json();
    assert_eq!((&read["value"], &read["written_in"]), (&json!(-2), &json!("us-east")));
    assert_eq!(read["version"], second.json()["version"]);

    assert_eq!(running.delete(path).await.status, 204);
    assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.delete(path).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.patch(path, r#"{"increment":1}"#).await.json()["value"], 1);
    running.stop().await;
}

#[actix_rt::test]
async fn operands_are_refused_by_kind() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/cnt/items/hits";
    running.patch(path, r#"{"increment":9007199254740991}"#).await;
    for (patch, status, code) in [
        (r#"{"increment":1}"#, 422, "counter_overflow"),
        (r#"{"increment":99999999999999999999}"#, 422, "counter_overflow"),
        (r#"{"increment":1.5}"#, 400, "bad_patch"),
        (r#"{"increment":"1"}"#, 400, "bad_patch"),
        (r#"{"raise":1}"#, 400, "bad_patch"),
        ("{}", 400, "bad_patch"),
        ("[]", 400, "bad_patch"),
        (r#"{"increment":1,"increment":1}"#, 400, "malformed_json"),
        (r#"{"increment":"#, 400, "malformed_json"),
        (r#"{"add":["a"]}"#, 422, "wrong_type_operation"),
    ] {
        assert_eq!(running.patch(path, patch).await.refusal(), refused(status, code), "{patch}");
    }
    assert_eq!(running.get(path).await.json()["value"], 9_007_199_254_740_991_i64);
    running.stop().await;
}

#[actix_rt::test]
async fn a_patch_names_its_media_type() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/cnt/items/hits";
    for headers in ["", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        let reply = running.call("PATCH", path, headers, r#"{"increment":1}"#).await;
        assert_eq!(reply.refusal(), refused(415, "unsupported_media_type"), "{headers}");
        assert_eq!(reply.header("accept"), Some("application/json"));
        let detail = reply.problem()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("Content-Type: application/json"), "{detail}");
    }
    let merge = "Content-Type: application/merge-patch+json\r\n";
    let reply = running.call("PATCH", path, merge, "{}").await;
    assert_eq!(reply.refusal(), refused(422, "wrong_type_operation"));
    let charset = "Content-Type: application/json; charset=utf-8\r\n";
    assert_eq!(running.call("PATCH", path, charset, r#"{"increment":1}"#).await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn increments_at_the_same_time_are_all_counted() {
    const WRITERS: i64 = 20;
    let running = Rc::new(Running::with_tables().await);
    let path = "/v1/tables/cnt/items/hits";
    let writers = (1..=WRITERS).map(|by| {
        let running = running.clone();
        actix_rt::spawn(async move {
            let reply = running.patch(path, &format!(r#"{{"increment":{by}}}"#)).await;
            reply.json()["value"].as_i64().unwrap()
        })
    });
    let mut seen = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        seen.push(writer.await.unwrap());
    }
    let total = WRITERS * (WRITERS + 1) / 2;
    assert_eq!(seen.iter().max(), Some(&total), "{seen:?}");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 20, "no two writers saw the same value");
    assert_eq!(running.get(path).await.json()["value"], total);
    Rc::into_inner(running).unwrap().stop().await;
}
