//! Sets, flags and the resolvers of registers: what each data type takes and shows.

use serde_json::{Value, json};

use crate::support::{Running, refused};

/// A region with the table `t` of that definition.
async fn with_table(definition: &str) -> Running {
    let running = Running::start().await;
    running.define("t", definition).await;
    running
}

const ITEM: &str = "/v1/tables/t/items/k";

async fn value(running: &Running) -> Value {
    running.get(ITEM).await.json()["value"].clone()
}

#[actix_rt::test]
async fn a_set_is_added_to_removed_from_replaced_and_deleted() {
    let running = with_table(r#"{"type":"set"}"#).await;
    let added = running.patch(ITEM, r#"{"add":["b","\u0061",10,9.0,true,null,"a"]}"#).await;
    assert_eq!(added.status, 200);
    let body = String::from_utf8(added.body.clone()).unwrap();
    assert!(body.contains(r#""value":[null,true,9.0,10,"a","b"]"#), "{body}");
    assert_eq!(added.json()["version"], running.get(ITEM).await.json()["version"]);

    let removed = running.patch(ITEM, r#"{"remove":["b","absent",10],"add":["c"]}"#).await;
    assert_eq!(removed.json()["value"], json!([null, true, 9.0, "a", "c"]));
    let replaced = running.put(ITEM, r#"["x","x","a"]"#).await;
    assert_eq!((replaced.status, value(&running).await), (200, json!(["a", "x"])));
    assert_eq!(running.put(ITEM, "[]").await.status, 200);
    assert_eq!(value(&running).await, json!([]), "an empty set exists");

    assert_eq!(running.delete(ITEM).await.status, 204);
    assert_eq!(running.get(ITEM).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.delete(ITEM).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.put(ITEM, r#"["again"]"#).await.status, 201);
    assert_eq!(value(&running).await, json!(["again"]));
    running.stop().await;
}

#[actix_rt::test]
async fn what_is_no_set_is_refused_by_kind() {
    let running = with_table(r#"{"type":"set","resolver":"remove_wins"}"#).await;
    for (body, status, code) in [
        (r#"{"a":1}"#, 422, "wrong_value"),
        (r#""a""#, 422, "wrong_value"),
        (r#"[["a"]]"#, 422, "wrong_value"),
        ("[1,", 400, "malformed_json"),
    ] {
        assert_eq!(running.put(ITEM, body).await.refusal(), refused(status, code), "{body}");
    }
    for (patch, status, code) in [
        (r#"{"add":"a"}"#, 400, "bad_patch"),
        (r#"{"add":[{}]}"#, 400, "bad_patch"),
        (r#"{"increment":1}"#, 422, "wrong_type_operation"),
    ] {
        assert_eq!(running.patch(ITEM, patch).await.refusal(), refused(status, code), "{patch}");
    }
    assert_eq!(running.get(ITEM).await.refusal(), refused(404, "no_such_item"));
    // Removing what was never there makes the set.
    assert_eq!(running.patch(ITEM, r#"{"remove":["a"]}"#).await.json()["value"], json!([]));
    running.stop().await;
}

#[actix_rt::test]
async fn a_set_is_no_longer_than_a_value() {
    let running = Running::start_with(|settings| settings.http.value_bytes_max = 2_048).await;
    running.define("t", r#"{"type":"set"}"#).await;
    let long = "x".repeat(1_000);
    let one = format!(r#"{{"add":["1{long}"]}}"#);
    let two = format!(r#"{{"add":["2{long}"]}}"#);
    assert_eq!(running.patch(ITEM, &one).await.status, 200);
    assert_eq!(running.patch(ITEM, &two).await.refusal(), refused(413, "value_too_large"));
    assert_eq!(running.delete(ITEM).await.status, 204);
    assert_eq!(running.patch(ITEM, &two).await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn a_flag_is_switched_and_deleted() {
    for resolver in ["enable_wins", "disable_wins"] {
        let running = with_table(&format!(r#"{{"type":"flag","resolver":"{resolver}"}}"#)).await;
        assert_eq!(running.patch(ITEM, r#"{"enable":true}"#).await.json()["value"], true);
        assert_eq!(running.patch(ITEM, r#"{"disable":true}"#).await.json()["value"], false);
        assert_eq!(running.put(ITEM, "true").await.status, 200);
        assert_eq!(value(&running).await, true);
        assert_eq!(running.put(ITEM, "1").await.refusal(), refused(422, "wrong_value"));
        let bad = running.patch(ITEM, r#"{"enable":false}"#).await;
        assert_eq!(bad.refusal(), refused(400, "bad_patch"));
        assert_eq!(running.delete(ITEM).await.status, 204);
        assert_eq!(running.get(ITEM).await.refusal(), refused(404, "no_such_item"));
        assert_eq!(running.put(ITEM, "false").await.status, 201);
        running.stop().await;
    }
}

#[actix_rt::test]
async fn what_is_written_first_stands_for_ever() {
    let running = with_table(r#"{"type":"register","resolver":"first_write_wins"}"#).await;
    assert_eq!(running.put(ITEM, "1").await.status, 201);
    assert_eq!(running.put(ITEM, "2").await.refusal(), refused(409, "already_written"));
    assert_eq!(running.delete(ITEM).await.refusal(), refused(422, "immutable"));
    assert_eq!(value(&running).await, 1);
    running.stop().await;
}

#[actix_rt::test]
async fn of_a_max_table_the_largest_value_stands_and_the_reply_says_which() {
    let running = with_table(r#"{"type":"register","resolver":"max"}"#).await;
    assert_eq!(running.put(ITEM, "10").await.status, 201);
    let lower = running.put(ITEM, "9.5").await;
    assert_eq!((lower.status, &lower.json()["value"]), (200, &json!(10)));
    let same = running.put(ITEM, "10").await;
    assert_eq!((same.status, &same.json()["value"]), (200, &json!(10)));
    let listed = running.get("/v1/conflicts").await.json();
    let records = listed["conflicts"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{listed}");
    assert_eq!(records[0]["lost"]["value"], 9.5);
    assert_eq!(
        (&records[0]["kept"]["value"], &records[0]["reason"]),
        (&json!(10), &json!("lower_than_standing"))
    );

    let higher = running.put(ITEM, "1e400").await;
    assert!(String::from_utf8(higher.body).unwrap().contains(r#""value":1e400"#));
    assert_eq!(running.delete(ITEM).await.status, 204);
    assert_eq!(running.get(ITEM).await.refusal(), refused(404, "no_such_item"));
    // A deletion opens a generation, in which anything is the largest so far.
    assert_eq!(running.put(ITEM, "-1").await.status, 201);
    assert_eq!(value(&running).await, -1);
    running.stop().await;
}

#[actix_rt::test]
async fn of_a_min_table_the_smallest_value_stands() {
    let running = with_table(r#"{"type":"register","resolver":"min"}"#).await;
    running.put(ITEM, r#""b""#).await;
    assert_eq!(running.put(ITEM, "[]").await.json()["value"], "b");
    assert_eq!(running.put(ITEM, "7").await.json()["value"], 7);
    assert_eq!(running.put(ITEM, "null").await.json()["value"], Value::Null);
    running.stop().await;
}

#[actix_rt::test]
async fn one_sibling_is_shown_as_a_plain_value() {
    let running = with_table(r#"{"type":"register","resolver":"siblings"}"#).await;
    running.put(ITEM, "1").await;
    running.put(ITEM, "2").await;
    let shown = running.get(ITEM).await.json();
    assert_eq!((&shown["value"], shown.get("siblings")), (&json!(2), None));
    assert_eq!(running.delete(ITEM).await.status, 204);
    assert_eq!(running.get(ITEM).await.refusal(), refused(404, "no_such_item"));
    running.stop().await;
}
