//! Tables from their definition to their end.

use serde_json::json;

use crate::support::{Running, refused};

#[actix_rt::test]
async fn a_table_is_defined_once_found_listed_and_dropped() {
    let running = Running::start().await;
    let created = running.put("/v1/tables/users", r#"{"type":"register"}"#).await;
    assert_eq!(created.status, 201);
    let definition = created.json();
    let id = definition["id"].as_str().unwrap();
    assert!(id.starts_with("us-east:"), "{id}");
    assert_eq!(
        definition,
        json!({
            "name": "users",
            "id": id,
            "type": "register",
            "resolver": "last_write_wins",
            "strategy": {"mode": "multi_leader"},
            "regions": ["us-east"],
            "fields": {},
            "consistency": "eventual",
        })
    );

    let equal = r#"{"type":"register","resolver":"last_write_wins",
        "strategy":{"mode":"multi_leader"},"regions":["us-east"],"consistency":"eventual"}"#;
    let again = running.put("/v1/tables/users", equal).await;
    assert_eq!((again.status, again.json()), (200, definition.clone()));
    let other = running.put("/v1/tables/users", r#"{"type":"counter"}"#).await;
    assert_eq!(other.refusal(), refused(409, "table_exists"));

    running.define("hits", r#"{"type":"counter"}"#).await;
    assert_eq!(running.get("/v1/tables/users").await.json(), definition);
    let list = running.get("/v1/tables").await.json();
    let names: Vec<_> = list["tables"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
    assert_eq!(names, ["hits", "users"]);

    let dropped = running.delete("/v1/tables/users").await;
    assert_eq!((dropped.status, dropped.text()), (204, ""));
    for reply in [
        running.get("/v1/tables/users").await,
        running.delete("/v1/tables/users").await,
        running.get("/v1/tables/users/items/alice").await,
        running.put("/v1/tables/users/items/alice", "1").await,
        running.patch("/v1/tables/users", "{}").await,
    ] {
        assert_eq!(reply.refusal(), refused(404, "no_such_table"));
    }
    running.stop().await;
}

#[actix_rt::test]
async fn items_do_not_come_back_with_their_table_s_name() {
    let running = Running::start().await;
    running.define("users", r#"{"type":"register"}"#).await;
    assert_eq!(running.put("/v1/tables/users/items/alice", "1").await.status, 201);
    assert_eq!(running.delete("/v1/tables/users").await.status, 204);
    running.define("users", r#"{"type":"register"}"#).await;
    let gone = running.get("/v1/tables/users/items/alice").await;
    assert_eq!(gone.refusal(), refused(404, "no_such_item"));
    running.stop().await;
}

#[actix_rt::test]
async fn definitions_are_refused_by_kind() {
    let running = Running::start().await;
    for (definition, status, code) in [
        ("", 400, "malformed_json"),
        (r#"{"type":"register","type":"register"}"#, 400, "malformed_json"),
        (r#"["register"]"#, 400, "bad_definition"),
        (r#"{"type":"table"}"#, 400, "bad_definition"),
        (r#"{"type":"register","ttl":5}"#, 422, "unknown_member"),
        (r#"{"type":"counter","resolver":"last_write_wins"}"#, 422, "resolver_mismatch"),
        (r#"{"type":"register","regions":["mars"]}"#, 422, "regions_mismatch"),
        (r#"{"type":"document"}"#, 422, "not_supported_yet"),
        (r#"{"type":"register","resolver":"custom"}"#, 422, "not_supported_yet"),
    ] {
        let reply = running.put("/v1/tables/t", definition).await;
        assert_eq!(reply.refusal(), refused(status, code), "{definition}");
    }
    for name in ["A", "9a", "a%20b", "a".repeat(64).as_str(), ""] {
        let path = format!("/v1/tables/{name}");
        let reply = running.put(&path, r#"{"type":"register"}"#).await;
        assert_eq!(reply.refusal(), refused(400, "bad_table_name"), "{name}");
        assert_eq!(running.get(&path).await.refusal(), refused(400, "bad_table_name"), "{name}");
    }
    let unreadable = running.get("/v1/tables/%ff").await;
    assert_eq!(unreadable.refusal(), refused(400, "bad_path"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_definition_cannot_be_changed_yet() {
    let running = Running::with_tables().await;
    let reply = running.patch("/v1/tables/reg", r#"{"consistency":"session"}"#).await;
    assert_eq!(reply.refusal(), refused(422, "not_supported_yet"));
    running.stop().await;
}
