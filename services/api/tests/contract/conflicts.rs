//! Conflicts: listed, paged, settled, explained. A max table has them in one region alone.

use serde_json::{Value, json};

use crate::support::{Reply, Running, call, refused};

const ITEM: &str = "/v1/tables/best/items/k";

/// `best` holds 100 under `k`, and 1 to `lower` have lost to it.
async fn with_lost(lower: u32) -> Running {
    let running = Running::start().await;
    running.define("best", r#"{"type":"register","resolver":"max"}"#).await;
    running.put(ITEM, "100").await;
    for value in 1..=lower {
        running.put(ITEM, &value.to_string()).await;
    }
    running
}

async fn list(running: &Running, query: &str) -> (Vec<Value>, Value) {
    let reply = running.get(&format!("/v1/conflicts{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let body = reply.json();
    (body["conflicts"].as_array().unwrap().clone(), body["next"].clone())
}

#[actix_rt::test]
async fn a_record_says_what_was_lost_to_what_and_why() {
    let running = with_lost(1).await;
    let (records, next) = list(&running, "").await;
    let [record] = &*records else { panic!("{records:?}") };
    assert_eq!(
        *record,
        json!({
            "id": record["id"], "table": "best", "key": "k", "path": "",
            "kept": {"value": 100, "region": "us-east", "written_at": record["kept"]["written_at"]},
            "lost": {"value": 1, "region": "us-east", "written_at": record["lost"]["written_at"]},
            "resolver": "max", "reason": "lower_than_standing", "state": "open",
        })
    );
    let id = record["id"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(next, Value::Null);
    let admin = call(running.admin, "GET", "/v1/conflicts", "", "").await;
    assert_eq!(admin.json()["conflicts"], json!(records));
    running.stop().await;
}

#[actix_rt::test]
async fn pages_follow_each_other_to_the_end() {
    let running = with_lost(5).await;
    running.put("/v1/tables/best/items/other", "2").await;
    running.put("/v1/tables/best/items/other", "1").await;
    for query in ["?table=best", "?"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (records, next) = list(&running, &format!("{query}&limit=2{cursor}")).await;
            assert!(records.len() <= 2);
            seen.extend(records);
            match next.as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let lost: Vec<_> = seen
            .iter()
            .map(|r| (r["key"].as_str().unwrap(), r["lost"]["value"].as_i64()))
            .collect();
        let expected = [1, 2, 3, 4, 5].map(|value| ("k", Some(value)));
        assert_eq!(lost, [&expected[..], &[("other", Some(1))]].concat());
    }
    let (of_one, next) = list(&running, "?table=best&key=other").await;
    assert_eq!((of_one.len(), next), (1, Value::Null));
    assert_eq!(list(&running, "?table=best&key=nothing").await.0.len(), 0);
    running.stop().await;
}

#[actix_rt::test]
async fn parameters_that_cannot_be_read_are_refused() {
    let running = with_lost(2).await;
    running.define("reg", r#"{"type":"register"}"#).await;
    let (_, next) = list(&running, "?limit=1").await;
    let next = next.as_str().unwrap();
    let of_another = format!("table=reg&cursor={next}");
    for (query, status, code) in [
        ("limit=0", 400, "bad_parameter"),
        ("limit=1001", 400, "bad_parameter"),
        ("limit=ten", 400, "bad_parameter"),
        ("cursor=abc", 400, "bad_cursor"),
        ("cursor=", 400, "bad_cursor"),
        ("key=k", 400, "bad_parameter"),
        ("state=covered", 400, "bad_parameter"),
        ("state=", 400, "bad_parameter"),
        ("table=nothing", 404, "no_such_table"),
        ("table=Best", 400, "bad_table_name"),
        ("table=best&key=..", 400, "bad_key"),
        (&of_another, 400, "bad_cursor"),
    ] {
        let reply = running.get(&format!("/v1/conflicts?{query}")).await;
        assert_eq!(reply.refusal(), refused(status, code), "{query}");
    }
    running.stop().await;
}

async fn settle(running: &Running, id: &str, action: &str) -> Reply {
    running.call("POST", &format!("/v1/conflicts/{id}/{action}"), "", "").await
}

#[actix_rt::test]
async fn a_dismissed_conflict_is_listed_as_such_until_that_is_undone() {
    let running = with_lost(2).await;
    let (records, _) = list(&running, "").await;
    let id = records[0]["id"].as_str().unwrap();
    let dismissed = settle(&running, id, "dismiss").await;
    assert_eq!(dismissed.status, 200);
    let mut expected = records[0].clone();
    expected["state"] = json!("dismissed");
    assert_eq!(dismissed.json(), expected);
    assert_eq!(list(&running, "").await.0, [expected.clone(), records[1].clone()]);
    assert_eq!(list(&running, "?state=dismissed").await.0, [expected.clone()]);
    assert_eq!(list(&running, "?state=open").await.0, records[1..]);
    assert_eq!(list(&running, "?state=restored&table=best&key=k").await.0, [] as [Value; 0]);
    let history = running.get(&format!("{ITEM}/history")).await.json();
    assert_eq!(history["conflicts"], json!([expected, records[1]]));
    assert_eq!(running.get(ITEM).await.json()["value"], 100);
    for again in ["dismiss", "restore"] {
        let refusal = settle(&running, id, again).await.refusal();
        assert_eq!(refusal, refused(409, "already_settled"));
    }
    let undone = settle(&running, id, "undo").await;
    assert_eq!((undone.status, undone.json()), (200, records[0].clone()));
    assert_eq!(list(&running, "").await.0, records);
    assert_eq!(settle(&running, id, "undo").await.refusal(), refused(409, "not_settled"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_settlement_is_done_on_the_version_that_its_author_saw() {
    let running = with_lost(2).await;
    let (records, _) = list(&running, "").await;
    let paths =
        [0, 1].map(|at| format!("/v1/conflicts/{}/dismiss", records[at]["id"].as_str().unwrap()));
    let seen = running.get(ITEM).await.header("etag").unwrap().to_owned();
    let dismiss = async |path: &str, condition: &str| {
        running.call("POST", path, &format!("{condition}\r\n"), "").await
    };
    let on_seen = format!("If-Match: {seen}");
    let dismissed = dismiss(&paths[0], &on_seen).await;
    assert_eq!(dismissed.status, 200);
    assert_eq!(dismissed.header("tombolo-condition-scope"), Some("region"));
    assert_eq!(dismissed.header("etag"), running.get(ITEM).await.header("etag"));
    for unmet in [&*on_seen, "If-None-Match: *"] {
        let refusal = dismiss(&paths[1], unmet).await.refusal();
        assert_eq!(refusal, refused(412, "version_mismatch"), "{unmet}");
    }
    assert_eq!(list(&running, "?state=open").await.0, records[1..]);
    // A deleted item is not there, and has a version all the same.
    running.delete(ITEM).await;
    let history = running.get(&format!("{ITEM}/history")).await;
    let on_deleted = format!("If-Match: {}", history.header("etag").unwrap());
    assert_eq!(dismiss(&paths[1], "If-Match: *").await.refusal(), refused(412, "version_mismatch"));
    assert_eq!(dismiss(&paths[1], &on_deleted).await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn a_named_settlement_is_done_once_and_answered_as_the_first_time() {
    let running = Running::start_with(|settings| settings.items.conflicts_max = 1).await;
    running.define("best", r#"{"type":"register","resolver":"max"}"#).await;
    running.put(ITEM, "100").await;
    running.put(ITEM, "1").await;
    let id = list(&running, "").await.0[0]["id"].as_str().unwrap().to_owned();
    let named = async |action: &str| {
        let path = format!("/v1/conflicts/{id}/{action}");
        running.call("POST", &path, "Idempotency-Key: one\r\n", "").await
    };
    let first = named("dismiss").await;
    assert_eq!((first.status, &first.json()["state"]), (200, &json!("dismissed")));
    let again = named("dismiss").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("etag"), first.header("etag"));
    // Another action is another request, and does not answer for this one.
    let undone = named("undo").await;
    assert_eq!((undone.status, &undone.json()["state"]), (200, &json!("open")));
    assert_eq!(named("dismiss").await.body, first.body);
    assert_eq!(list(&running, "").await.0[0]["state"], "open");
    // Also where nothing else is known of the conflict any more.
    for lower in ["2", "3"] {
        running.put(ITEM, lower).await;
    }
    assert_eq!(settle(&running, &id, "dismiss").await.refusal(), refused(404, "no_such_conflict"));
    assert_eq!(named("dismiss").await.body, first.body);
    assert_eq!(named("undo").await.body, undone.body);
    running.stop().await;
}

#[actix_rt::test]
async fn what_would_lose_again_is_not_restored_and_an_unknown_id_is_not_found() {
    let running = with_lost(1).await;
    let id = list(&running, "").await.0[0]["id"].as_str().unwrap().to_owned();
    for (path, status, code) in [
        (format!("/v1/conflicts/{id}/restore"), 422, "would_lose_again"),
        (format!("/v1/conflicts/{id}/undo"), 409, "not_settled"),
        (format!("/v1/conflicts/{}/dismiss", "0".repeat(32)), 404, "no_such_conflict"),
        ("/v1/conflicts/abc/dismiss".to_owned(), 404, "no_such_conflict"),
    ] {
        assert_eq!(running.call("POST", &path, "", "").await.refusal(), refused(status, code));
    }
    assert_eq!(list(&running, "").await.0.len(), 1);
    running.stop().await;
}

#[actix_rt::test]
async fn what_is_too_much_is_let_go_by_the_next_write() {
    let running = Running::start_with(|settings| settings.items.conflicts_max = 2).await;
    running.define("best", r#"{"type":"register","resolver":"max"}"#).await;
    for value in ["9", "1", "2", "3", "4"] {
        running.put(ITEM, value).await;
    }
    let lost = list(&running, "").await.0;
    let lost: Vec<_> = lost.iter().map(|record| record["lost"]["value"].as_i64()).collect();
    assert_eq!(lost, [Some(2), Some(3), Some(4)], "the last write has not seen itself");
    running.stop().await;
}

#[actix_rt::test]
async fn a_history_tells_the_writes_behind_a_value_and_its_conflicts() {
    let running = with_lost(1).await;
    for path in [format!("{ITEM}/history"), "/v1/tables/best/item/history?key=k".to_owned()] {
        let history = running.get(&path).await.json();
        assert_eq!(history["key"], "k");
        let writes = history["writes"].as_array().unwrap();
        let told: Vec<_> = writes.iter().map(|w| (w["value"].as_i64(), &w["stands"])).collect();
        assert_eq!(told, [(Some(1), &json!(false)), (Some(100), &json!(true))]);
        assert_eq!(history["conflicts"], json!(list(&running, "").await.0));
    }
    running.define("hits", r#"{"type":"counter"}"#).await;
    running.patch("/v1/tables/hits/items/h", r#"{"increment":3}"#).await;
    let counter = running.get("/v1/tables/hits/items/h/history").await.json();
    let totals: Vec<_> = counter["totals"].as_object().unwrap().values().collect();
    assert_eq!(totals, [&json!("3")]);
    let nothing = running.get("/v1/tables/best/items/nothing/history").await;
    assert_eq!(nothing.refusal(), refused(404, "no_such_item"));
    running.stop().await;
}
