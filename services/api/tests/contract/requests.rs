//! Routes, methods, parameters and headers: what is not served is refused by name.

use crate::support::{Running, call, refused};

#[actix_rt::test]
async fn unknown_routes_are_problems_too() {
    let running = Running::start().await;
    for path in ["/", "/v1", "/v1/", "/v2/tables", "/v1/tables/a/b", "//", "/livez/"] {
        assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_route"), "{path}");
    }
    for path in ["/v1/links", "/v1/digests", "/v1/links/eu-west/pause"] {
        assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_route"), "{path}");
    }
    running.stop().await;
}

#[actix_rt::test]
async fn other_methods_are_refused_with_those_that_are_taken() {
    let running = Running::start().await;
    for (method, path, allow) in [
        ("POST", "/v1/tables", "GET, HEAD"),
        ("POST", "/v1/tables/t", "GET, HEAD, PUT, PATCH, DELETE"),
        ("POST", "/v1/tables/t/items/k", "GET, HEAD, PUT, PATCH, DELETE"),
        ("OPTIONS", "/v1/tables/t/item?key=k", "GET, HEAD, PUT, PATCH, DELETE"),
        ("BREW", "/livez", "GET, HEAD"),
        ("DELETE", "/v1/region", "GET, HEAD"),
    ] {
        let reply = running.call(method, path, "", "").await;
        assert_eq!(reply.refusal(), refused(405, "method_not_allowed"), "{method} {path}");
        assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
    }
    let link = call(running.admin, "GET", "/v1/links/eu-west/pause", "", "").await;
    assert_eq!(
        (link.refusal(), link.header("allow")),
        (refused(405, "method_not_allowed"), Some("POST"))
    );
    running.stop().await;
}

#[actix_rt::test]
async fn promises_that_cannot_be_kept_yet_are_refused() {
    let running = Running::with_tables().await;
    let path = "/v1/tables/reg/items/k";
    for (query, status, code) in [
        ("consistency=bounded", 422, "not_supported_yet"),
        ("consistency=strong", 422, "strong_needs_home"),
        ("consistency=best", 400, "bad_parameter"),
        ("consistency=eventual&consistency=eventual", 400, "bad_parameter"),
        ("max_staleness_ms=10", 422, "not_supported_yet"),
    ] {
        let reply = running.get(&format!("{path}?{query}")).await;
        assert_eq!(reply.refusal(), refused(status, code), "{query}");
    }
    for (query, status, code) in [
        ("w=2", 422, "write_concern_too_large"),
        ("w=0", 400, "bad_parameter"),
        ("w=all", 400, "bad_parameter"),
        ("timeout_ms=soon", 400, "bad_parameter"),
    ] {
        for method in ["PUT", "DELETE"] {
            let reply = running.call(method, &format!("{path}?{query}"), "", "1").await;
            assert_eq!(reply.refusal(), refused(status, code), "{method} {query}");
        }
    }
    assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_item"));
    let kept = format!("{path}?consistency=eventual&w=1&timeout_ms=10");
    assert_eq!(running.put(&kept, "1").await.status, 201);
    running.stop().await;
}

#[actix_rt::test]
async fn a_parameter_that_no_call_has_is_refused_with_those_that_this_call_reads() {
    let running = Running::with_tables().await;
    let item = "/v1/tables/reg/items/k";
    for (method, path, read) in [
        ("PUT", item, "w, timeout_ms, consistency, wait_ms, session"),
        ("DELETE", item, "w, timeout_ms, consistency, wait_ms, session"),
        ("GET", item, "consistency, wait_ms, session"),
        ("HEAD", item, ""),
        ("GET", "/v1/tables", "session"),
        ("GET", "/v1/region", "session"),
        ("DELETE", "/v1/tables/reg", "w, timeout_ms, session"),
        (
            "GET",
            "/v1/tables/reg/items",
            "prefix, from, to, cursor, limit, consistency, wait_ms, session",
        ),
        ("GET", "/v1/conflicts", "table, key, state, cursor, limit, consistency, wait_ms, session"),
    ] {
        let reply = running.call(method, &format!("{path}?w=1&ttl=5"), "", "1").await;
        if method == "HEAD" {
            assert_eq!(reply.status, 400);
            continue;
        }
        assert_eq!(reply.refusal(), refused(400, "unknown_parameter"), "{method} {path}");
        let detail = reply.problem()["detail"].clone();
        assert_eq!(detail, format!("there is no parameter \"ttl\"; this call reads {read}"));
    }
    // Nothing was done.
    assert_eq!(running.get(item).await.refusal(), refused(404, "no_such_item"));
    assert_eq!(running.get("/v1/tables/reg").await.status, 200);
    // A name of great length is not told back whole.
    let long = running.get(&format!("/v1/tables?{}=1", "n".repeat(2_000))).await;
    assert!(long.problem()["detail"].as_str().unwrap().len() < 200);
    running.stop().await;
}

#[actix_rt::test]
async fn a_parameter_of_another_call_is_passed_over_and_probes_may_have_their_own() {
    let running = Running::with_tables().await;
    let item = "/v1/tables/reg/items/k?since=1&limit=none&from=x&r=&table=9&cursor=";
    assert_eq!(running.put(item, "1").await.status, 201);
    assert_eq!(running.get("/v1/tables?w=none&&prefix=a&").await.status, 200);
    for path in ["/livez?verbose", "/readyz?verbose=1", "/openapi.json?v=2", "/docs?from=mail"] {
        assert_eq!(running.get(path).await.status, 200, "{path}");
    }
    assert_eq!(call(running.admin, "GET", "/metrics?module=x", "", "").await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn a_region_tells_who_it_is_and_how_far_it_has_come() {
    let running = Running::with_tables().await;
    running.put("/v1/tables/reg/items/k", "1").await;
    let region = running.get("/v1/region").await.json();
    assert_eq!(region["region"], "us-east");
    assert_eq!(region["pid"], std::process::id());
    assert_eq!(region["exceptions"], serde_json::json!([]));
    let incarnation = region["incarnation"].as_str().unwrap();
    assert_eq!(
        region["version_vector"],
        serde_json::json!({format!("us-east:{incarnation}:0"): 3})
    );
    let (clock, started_at) =
        (region["clock"].as_str().unwrap(), region["started_at"].as_str().unwrap());
    assert!(started_at <= clock, "{started_at} {clock}");
    assert_eq!(running.get("/v1/region").await.json()["version_vector"], region["version_vector"]);
    for path in ["/livez", "/readyz"] {
        assert_eq!(running.get(path).await.status, 200);
        assert_eq!(call(running.admin, "GET", path, "", "").await.status, 200);
    }
    running.stop().await;
}
