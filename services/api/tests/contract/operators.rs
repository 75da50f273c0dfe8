//! The admin listener: everything of the API, digests, links, and who may call.

use core::time::Duration;
use std::net::TcpListener;

use serde_json::json;

use crate::support::{Running, absent, call, exchange, refused};

#[actix_rt::test]
async fn the_admin_listener_serves_what_the_api_does() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/reg/items/k";
    assert_eq!(call(running.admin, "PUT", path, "", "1").await.status, 201);
    assert_eq!(call(running.admin, "GET", path, "", "").await.json()["value"], 1);
    assert_eq!(running.get(path).await.json()["value"], 1);
    running.stop().await;
}

#[actix_rt::test]
async fn a_digest_stands_for_what_is_shown() {
    let running = Running::with_tables().await;
    let digest = async |query: &str| {
        call(running.admin, "GET", &format!("/v1/digests{query}"), "", "").await
    };
    let empty = digest("").await.json();
    assert_eq!((&empty["items"], &empty["exceptions"]), (&json!(0), &json!([])));
    running.put("/v1/tables/reg/items/a", "1").await;
    running.patch("/v1/tables/cnt/items/b", r#"{"increment":1}"#).await;

    let all = digest("").await.json();
    let region = running.get("/v1/region").await.json();
    assert_eq!((&all["items"], &all["version_vector"]), (&json!(2), &region["version_vector"]));
    assert_ne!(all["digest"], empty["digest"]);
    assert_eq!(digest("").await.json(), all);
    assert_eq!(digest("?table=reg").await.json()["items"], 1);
    assert_eq!(digest("?table=absent").await.refusal(), refused(404, "no_such_table"));
    assert_eq!(digest("?table=A").await.refusal(), refused(400, "bad_table_name"));

    running.delete("/v1/tables/reg/items/a").await;
    running.delete("/v1/tables/cnt/items/b").await;
    let emptied = digest("").await.json();
    assert_eq!((&emptied["items"], &emptied["digest"]), (&json!(0), &empty["digest"]));
    running.stop().await;
}

#[actix_rt::test]
async fn a_link_is_shown_paused_and_resumed() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
    })
    .await;
    let post = async |path: &str| call(running.admin, "POST", path, "", "").await;
    let links = call(running.admin, "GET", "/v1/links", "", "").await.json();
    let members: Vec<_> = links["links"][0].as_object().unwrap().keys().cloned().collect();
    let mut expected = [
        "peer",
        "state",
        "reason",
        "breaker",
        "inbound_lag_ms",
        "last_heard_ms",
        "outbound_pending_changes",
        "outbound_pending_bytes",
        "rtt_ms",
        "clock_skew_ms",
        "bytes_sent",
        "bytes_received",
        "batches_sent",
    ];
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(links["links"][0]["peer"], "eu-west");

    for _ in 0..2 {
        let paused = post("/v1/links/eu-west/pause").await.json();
        assert_eq!((&paused["peer"], &paused["state"]), (&json!("eu-west"), &json!("paused")));
    }
    for _ in 0..2 {
        assert_ne!(post("/v1/links/eu-west/resume").await.json()["state"], "paused");
    }
    for peer in ["mars", "us-east", "No%20Name"] {
        let reply = post(&format!("/v1/links/{peer}/pause")).await;
        assert_eq!(reply.refusal(), refused(404, "no_such_peer"), "{peer}");
    }
    let resync = post("/v1/links/eu-west/resync").await;
    assert_eq!((resync.status, &resync.json()["peer"]), (200, &json!("eu-west")));
    assert_eq!(post("/v1/links/mars/resync").await.refusal(), refused(404, "no_such_peer"));
    running.stop().await;
}

#[actix_rt::test]
async fn what_changes_anything_is_refused_to_other_sites() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
    })
    .await;
    let (admin, port) = (running.admin, running.admin.port());
    let pause = |host: &str, origin: &str| {
        format!(
            "POST /v1/links/eu-west/pause HTTP/1.1\r\nHost: {host}\r\n{origin}\
             Connection: close\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let own = format!("127.0.0.1:{port}");
    let foreign = exchange(admin, pause("evil.example", "").as_bytes()).await;
    assert_eq!(foreign.refusal(), refused(403, "foreign_host"));
    let page = "Origin: http://evil.example\r\n";
    let foreign = exchange(admin, pause(&own, page).as_bytes()).await;
    assert_eq!(foreign.refusal(), refused(403, "foreign_origin"));
    let put = format!(
        "PUT /v1/tables/t HTTP/1.1\r\nHost: {own}\r\n{page}Connection: close\r\n\
         Content-Length: 19\r\n\r\n{{\"type\":\"register\"}}"
    );
    assert_eq!(exchange(admin, put.as_bytes()).await.refusal(), refused(403, "foreign_origin"));
    let links = call(admin, "GET", "/v1/links", "", "").await.json();
    assert_ne!(links["links"][0]["state"], "paused");

    let own_page = format!("Origin: http://localhost:{port}\r\n");
    assert_eq!(exchange(admin, pause(&own, &own_page).as_bytes()).await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn a_region_without_others_has_none_to_compare_with() {
    let running = Running::with_tables().await;
    let verified = call(running.admin, "POST", "/v1/verify", "", "").await;
    assert_eq!((verified.status, verified.json()), (200, json!({"regions": []})));
    assert_eq!(call(running.admin, "GET", "/v1/verify", "", "").await.status, 405);
    running.stop().await;
}

#[actix_rt::test]
async fn a_region_that_is_not_there_is_named_and_one_comparison_is_made_at_a_time() {
    // It takes connections, and says nothing on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let running = Running::start_with(|settings| {
        let mut peer = absent("eu-west");
        peer.replication = address.into();
        settings.cluster.regions.push(peer);
        settings.replication.dial_timeout = Duration::from_secs(1);
    })
    .await;
    let verify = || call(running.admin, "POST", "/v1/verify", "", "");
    let (one, other) = tokio::join!(verify(), verify());
    let (done, refused_one) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(refused_one.refusal(), refused(409, "verify_running"));
    assert_eq!(refused_one.problem()["retryable"], true);
    let expected = json!({"regions": [{
        "region": "eu-west",
        "identical": false,
        "repaired_items": 0,
        "unrepaired_items": 0,
        "compared_items": 0,
        "in_flight_items": 0,
        "differing_exceptions": 0,
        "vector": {},
        "reason": "it was silent for too long",
    }]});
    assert_eq!((done.status, done.json()), (200, expected));
    assert_eq!(verify().await.status, 200);
    running.stop().await;
}
