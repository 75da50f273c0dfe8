//! Registers from their first value to their deletion.

use serde_json::json;

use crate::support::{Running, refused};

#[actix_rt::test]
async fn an_item_is_created_read_replaced_and_deleted() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/reg/items/alice";
    assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.delete(path).await.refusal(), refused(404, "no_such_item"));

    let created = running.put(path, r#"{"name": "Alice"}"#).await;
    let first = created.json();
    assert_eq!(created.status, 201);
    assert_eq!(first, json!({"key": "alice", "version": first["version"]}));
    let etag = format!("\"{}\"", first["version"].as_str().unwrap());
    assert_eq!(created.header("etag"), Some(&*etag));
    assert_eq!(created.header("tombolo-acks"), Some("us-east"));

    let read = running.get(path).await;
    let item = read.json();
    assert_eq!(read.header("etag"), Some(&*etag));
    assert_eq!(
        item,
        json!({
            "key": "alice",
            "value": {"name": "Alice"},
            "version": first["version"],
            "written_at": item["written_at"],
            "written_in": "us-east",
        })
    );
    let written_at = item["written_at"].as_str().unwrap();
    let form: String =
        written_at.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "0000-00-00T00:00:00.000Z");
    assert!(written_at > "2020", "{written_at}");

    let replaced = running.put(path, "2").await;
    assert_eq!(replaced.status, 200);
    assert_ne!(replaced.json()["version"], first["version"]);
    assert_eq!(running.get(path).await.json()["value"], 2);

    let deleted = running.delete(path).await;
    assert_eq!((deleted.status, deleted.text()), (204, ""));
    assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.delete(path).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.put(path, "null").await.status, 201);
    assert_eq!(running.get(path).await.json()["value"], json!(null));
    running.stop().await;
}

#[actix_rt::test]
async fn head_answers_as_get_does_without_the_body() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/reg/items/alice";
    running.put(path, r#""a value""#).await;
    for path in [path, "/v1/tables", "/v1/tables/reg", "/v1/region", "/livez", "/readyz"] {
        let (get, head) = (running.get(path).await, running.call("HEAD", path, "", "").await);
        assert_eq!((head.status, head.text()), (200, ""), "{path}");
        for header in ["content-type", "content-length", "etag", "tombolo-region"] {
            assert_eq!(head.header(header), get.header(header), "{path} {header}");
        }
        assert!(get.header("content-length").is_some(), "{path}");
    }
    let missing = running.call("HEAD", "/v1/tables/reg/items/bob", "", "").await;
    assert_eq!((missing.status, missing.text()), (404, ""));
    running.stop().await;
}

#[actix_rt::test]
async fn an_operation_of_another_type_is_refused_and_changes_nothing() {
    let running = Running::with_tables().await;
    let reply = running.patch("/v1/tables/reg/items/alice", r#"{"increment":1}"#).await;
    assert_eq!(reply.refusal(), refused(422, "wrong_type_operation"));
    let reply = running.put("/v1/tables/cnt/items/hits", "1").await;
    assert_eq!(reply.refusal(), refused(422, "wrong_type_operation"));
    assert_eq!(reply.problem()["outcome"], "not_applied");
    for path in ["/v1/tables/reg/items/alice", "/v1/tables/cnt/items/hits"] {
        assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_item"));
    }
    running.stop().await;
}
