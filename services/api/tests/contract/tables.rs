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
async fn a_table_s_default_consistency_can_be_changed_and_its_items_stay() {
    let running = Running::with_tables().await;
    assert_eq!(running.put("/v1/tables/reg/items/k", "1").await.status, 201);
    let mut expected = running.get("/v1/tables/reg").await.json();
    let vector = async || running.get("/v1/region").await.json()["version_vector"].clone();
    let mut before = vector().await;
    for word in ["session", "monotonic_reads", "read_your_writes", "eventual", "session"] {
        let body = format!(r#"{{"consistency":"{word}"}}"#);
        expected["consistency"] = word.into();
        let altered = running.patch("/v1/tables/reg", &body).await;
        assert_eq!((altered.status, altered.json()), (200, expected.clone()));
        assert_eq!(running.get("/v1/tables/reg").await.json(), expected);
        let after = vector().await;
        assert_ne!(after, before, "{word}");
        // An equal one, and one that names what every table has, are no changes.
        let strategy = r#"{"strategy":{"mode":"multi_leader"}}"#;
        for equal in [&*body, strategy] {
            let again = running.patch("/v1/tables/reg", equal).await;
            assert_eq!((again.status, again.json()), (200, expected.clone()));
        }
        assert_eq!(vector().await, after, "{word}");
        before = after;
    }
    assert_eq!(running.get("/v1/tables/reg/items/k").await.json()["value"], 1);
    // It is another table now than what was defined, and the same as what it has become.
    let first = running.put("/v1/tables/reg", r#"{"type":"register"}"#).await;
    assert_eq!(first.refusal(), refused(409, "table_exists"));
    let equal = r#"{"type":"register","consistency":"session"}"#;
    assert_eq!(running.put("/v1/tables/reg", equal).await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn what_never_changes_or_cannot_be_read_is_refused_and_changes_nothing() {
    let running = Running::with_tables().await;
    let vector = async || running.get("/v1/region").await.json()["version_vector"].clone();
    let before = vector().await;
    for (body, status, code) in [
        ("", 400, "malformed_json"),
        ("{", 400, "malformed_json"),
        ("{}", 400, "bad_definition"),
        (r#"["session"]"#, 400, "bad_definition"),
        (r#"{"consistency":"best"}"#, 400, "bad_definition"),
        (r#"{"consistency":"session","type":"register"}"#, 422, "fixed_member"),
        (r#"{"resolver":"max"}"#, 422, "fixed_member"),
        (r#"{"regions":["us-east"]}"#, 422, "fixed_member"),
        (r#"{"consistency":"session","ttl":5}"#, 422, "unknown_member"),
        (r#"{"strategy":{"mode":"quorum","preset":"balanced"}}"#, 422, "not_supported_yet"),
        (r#"{"resolver_version":2}"#, 422, "not_supported_yet"),
        (r#"{"consistency":"bounded"}"#, 422, "not_supported_yet"),
        (r#"{"consistency":"strong"}"#, 422, "strong_needs_home"),
    ] {
        let reply = running.patch("/v1/tables/reg", body).await;
        assert_eq!(reply.refusal(), refused(status, code), "{body}");
        let absent = running.patch("/v1/tables/absent", body).await;
        assert_eq!(absent.refusal(), refused(404, "no_such_table"), "{body}");
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let reply = running.call("PATCH", "/v1/tables/reg", form, "consistency=session").await;
    assert_eq!(reply.refusal(), refused(415, "unsupported_media_type"));
    assert_eq!(vector().await, before);
    running.stop().await;
}
