//! Who takes part: listed, added and removed, as the document says.

use std::time::Duration;

use serde_json::{Value, json};

use crate::openapi::check;
use crate::support::{Running, absent, call, refused};

const MEMBERS: &str = "/v1/members";
const MEMBER: &str = "/v1/members/{region}";
const JSON: &str = "Content-Type: application/json\r\n";

fn listed(members: &Value) -> Vec<(&str, &str)> {
    let members = members["members"].as_array().unwrap().iter();
    members
        .map(|member| [&member["region"], &member["replication"]].map(|it| it.as_str().unwrap()))
        .map(|[region, address]| (region, address))
        .collect()
}

#[actix_rt::test]
async fn members_are_added_and_removed_and_every_answer_is_as_the_document_says() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    let ask = async |method: &str, path: &str, body: &str| {
        call(running.admin, method, path, if body.is_empty() { "" } else { JSON }, body).await
    };
    let document = ask("GET", "/openapi.json", "").await.json();
    let first = ask("GET", MEMBERS, "").await;
    check(&document, ("GET", MEMBERS), &first);
    let first = first.json();
    assert_eq!((&first["epoch"], &first["orderer"]), (&json!(0), &json!("us-east")));
    assert_eq!(first["members"].as_array().unwrap().len(), 2);

    // Who was a member before has to confirm it.
    let south = r#"{"region":"ap-south","replication":"127.0.0.1:9"}"#;
    let pending = ask("POST", MEMBERS, south).await;
    check(&document, ("POST", MEMBERS), &pending);
    assert_eq!(pending.refusal(), refused(503, "membership_pending"));
    assert_eq!(pending.problem()["regions"], json!(["eu-west"]));
    assert_eq!(pending.problem()["outcome"], "applied_locally");
    let under_way = ask("GET", MEMBERS, "").await.json();
    assert_eq!(listed(&under_way)[2], ("ap-south", "127.0.0.1:9"));
    assert_eq!(under_way["members"][2]["unconfirmed_by"], json!(["eu-west"]));

    for (method, path, of, body, status) in [
        ("DELETE", "/v1/members/ap-south", MEMBER, "", 503),
        ("DELETE", "/v1/members/eu-west", MEMBER, "", 204),
        ("DELETE", "/v1/members/eu-west", MEMBER, "", 204),
        ("DELETE", "/v1/members/ap-south", MEMBER, "", 204),
        ("POST", MEMBERS, MEMBERS, south, 201),
        ("POST", MEMBERS, MEMBERS, south, 200),
        ("POST", MEMBERS, MEMBERS, r#"{"region":"ap-south","replication":"b:9"}"#, 409),
        ("POST", MEMBERS, MEMBERS, r#"{"region":"x"}"#, 400),
        ("POST", MEMBERS, MEMBERS, "{", 400),
        ("POST", MEMBERS, MEMBERS, r#"{"region":"x","replication":"a:1","y":1}"#, 422),
        ("DELETE", "/v1/members/ap-south", MEMBER, "", 204),
        ("DELETE", "/v1/members/us-east", MEMBER, "", 409),
        ("DELETE", "/v1/members/mars", MEMBER, "", 404),
        ("DELETE", "/v1/members/%FF", MEMBER, "", 400),
    ] {
        let reply = ask(method, path, body).await;
        assert_eq!(reply.status, status, "{method} {path} {body}: {reply:?}");
        check(&document, (method, of), &reply);
    }
    let last = ask("GET", MEMBERS, "").await;
    check(&document, ("GET", MEMBERS), &last);
    let last = last.json();
    assert_eq!(last["members"].as_array().unwrap().len(), 1);
    let removed = last["removed"].as_array().unwrap().iter();
    let removed: Vec<_> = removed.map(|removed| &removed["region"]).collect();
    assert_eq!(removed, ["eu-west", "ap-south"]);
    assert_eq!(last["epoch"], 5);
    running.stop().await;
}

#[actix_rt::test]
async fn a_page_of_another_site_changes_no_members() {
    let running = Running::start().await;
    let foreign = format!("{JSON}Origin: http://evil.example\r\n");
    let body = r#"{"region":"mars","replication":"a:1"}"#;
    let reply = call(running.admin, "POST", MEMBERS, &foreign, body).await;
    assert_eq!(reply.refusal(), refused(403, "foreign_origin"));
    let reply = call(running.admin, "DELETE", "/v1/members/us-east", &foreign, "").await;
    assert_eq!(reply.refusal(), refused(403, "foreign_origin"));
    assert_eq!(running.get(MEMBERS).await.refusal(), refused(404, "no_such_route"));
    running.stop().await;
}
