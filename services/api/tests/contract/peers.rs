//! What is answered while other regions are away.

use std::time::Duration;

use serde_json::json;

use crate::support::{Running, absent, refused};

#[actix_rt::test]
async fn a_definition_names_the_regions_that_have_not_confirmed_it() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    let pending = running.put("/v1/tables/reg", r#"{"type":"register"}"#).await;
    assert_eq!(pending.refusal(), refused(503, "definition_pending"));
    assert!(pending.header("retry-after").is_some());
    let problem = pending.problem();
    assert_eq!(
        (&problem["regions"], &problem["outcome"], &problem["retryable"]),
        (&json!(["eu-west"]), &json!("applied_locally"), &json!(true))
    );

    assert_eq!(running.get("/readyz").await.status, 200);
    assert_eq!(running.put("/v1/tables/reg/items/k", "1").await.status, 201);
    let table = running.get("/v1/tables/reg").await.json();
    assert_eq!(table["regions"], json!(["us-east", "eu-west"]));
    running.stop().await;
}

#[actix_rt::test]
async fn so_does_an_alteration_however_often_it_is_asked_for() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    running.define_pending("reg", r#"{"type":"register"}"#).await;
    for _ in 0..2 {
        let pending = running.patch("/v1/tables/reg", r#"{"consistency":"session"}"#).await;
        assert_eq!(pending.refusal(), refused(503, "definition_pending"));
        let problem = pending.problem();
        assert_eq!(
            (&problem["regions"], &problem["outcome"]),
            (&json!(["eu-west"]), &json!("applied_locally"))
        );
        let table = running.get("/v1/tables/reg").await.json();
        assert_eq!(table["consistency"], "session");
    }
    running.stop().await;
}

#[actix_rt::test]
async fn a_definition_that_cannot_be_ordered_is_pending_too() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.insert(0, absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    let unordered = running.put("/v1/tables/reg", r#"{"type":"register"}"#).await;
    assert_eq!(unordered.refusal(), refused(503, "definition_pending"));
    let problem = unordered.problem();
    assert_eq!(
        (&problem["regions"], &problem["outcome"]),
        (&json!(["eu-west"]), &json!("unknown"))
    );
    assert_eq!(running.get("/v1/tables/reg").await.refusal(), refused(404, "no_such_table"));
    running.stop().await;
}
