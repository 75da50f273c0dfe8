//! Pages of other sites: which may call the listener for applications, and that none may call the
//! one for operators.

use crate::support::{Reply, Running, call, refused};

const PAGE: &str = "Origin: https://shop.example\r\n";

async fn start(origins: &[&str]) -> Running {
    let origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    let running = Running::start_with(|settings| settings.http.cors_allow_origins = origins).await;
    running.define("reg", r#"{"type":"register"}"#).await;
    running
}

fn opened(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

#[actix_rt::test]
async fn a_page_that_is_allowed_may_ask_send_and_read() {
    let running = start(&["https://shop.example", "http://localhost:3000"]).await;
    let path = "/v1/tables/reg/items/k";
    let asked = format!(
        "{PAGE}Access-Control-Request-Method: PUT\r\n\
         Access-Control-Request-Headers: content-type, if-match\r\n"
    );
    let preflight = running.call("OPTIONS", path, &asked, "").await;
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert_eq!(opened(&preflight), Some("https://shop.example"));
    let methods = preflight.header("access-control-allow-methods").unwrap();
    assert_eq!(methods, "GET, HEAD, PUT, PATCH, DELETE");
    let headers = preflight.header("access-control-allow-headers").unwrap();
    for name in ["content-type", "if-match", "idempotency-key", "tombolo-session", "traceparent"] {
        assert!(headers.split(", ").any(|header| header == name), "{name}: {headers}");
    }
    assert_eq!(preflight.header("vary"), Some("origin"));

    let json = format!("{PAGE}Content-Type: application/json\r\n");
    for (method, body, status) in [("PUT", "1", 201), ("GET", "", 200), ("PUT", "{", 400)] {
        let reply = running.call(method, path, &json, body).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(opened(&reply), Some("https://shop.example"), "errors too: {reply:?}");
        let exposed = reply.header("access-control-expose-headers").unwrap();
        for name in ["etag", "retry-after", "location", "tombolo-region", "tombolo-session"] {
            assert!(exposed.split(", ").any(|header| header == name), "{name}: {exposed}");
        }
    }
    running.stop().await;
}

#[actix_rt::test]
async fn other_pages_are_answered_and_not_opened_to() {
    let running = start(&["https://shop.example"]).await;
    let path = "/v1/tables/reg/items/k";
    for origin in
        ["https://evil.example", "http://shop.example", "https://shop.example:8443", "null"]
    {
        let asked = format!("Origin: {origin}\r\nAccess-Control-Request-Method: PUT\r\n");
        let preflight = running.call("OPTIONS", path, &asked, "").await;
        assert_eq!(preflight.refusal(), refused(405, "method_not_allowed"), "{origin}");
        assert_eq!(opened(&preflight), None, "{origin}");
        let reply = running.call("GET", path, &format!("Origin: {origin}\r\n"), "").await;
        assert_eq!((reply.status, opened(&reply)), (404, None), "{origin}");
    }
    let nowhere = format!("{PAGE}Access-Control-Request-Method: PUT\r\n");
    let nowhere = running.call("OPTIONS", "/v1/nowhere", &nowhere, "").await;
    assert_eq!(nowhere.refusal(), refused(404, "no_such_route"));
    running.stop().await;
}

#[actix_rt::test]
async fn every_page_may_be_allowed() {
    let running = start(&["*"]).await;
    let reply = running.call("GET", "/v1/tables", PAGE, "").await;
    assert_eq!((opened(&reply), reply.header("vary")), (Some("*"), None));
    running.stop().await;
}

#[actix_rt::test]
async fn operators_calls_and_a_region_that_names_no_page_are_closed() {
    let running = start(&["https://shop.example"]).await;
    let asked = format!("{PAGE}Access-Control-Request-Method: POST\r\n");
    for (method, headers) in [("GET", PAGE), ("OPTIONS", &asked)] {
        let reply = call(running.admin, method, "/v1/links", headers, "").await;
        assert_eq!((opened(&reply), reply.header("vary")), (None, None), "{method}");
    }
    running.stop().await;

    let running = start(&[]).await;
    let preflight = running.call("OPTIONS", "/v1/tables", &asked, "").await;
    assert_eq!(preflight.refusal(), refused(405, "method_not_allowed"));
    let reply = running.call("GET", "/v1/tables", PAGE, "").await;
    assert_eq!((opened(&reply), reply.header("vary")), (None, None));
    running.stop().await;
}

#[actix_rt::test]
async fn a_name_that_is_allowed_is_the_listeners_own() {
    let running = Running::start_with(|settings| {
        settings.admin.hosts_allowed = vec!["db.example".parse().unwrap()];
    })
    .await;
    let put = async |host: &str, origin: &str| {
        let head = format!(
            "PUT /v1/tables/t HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: close\r\n\
             Content-Length: 19\r\n\r\n{{\"type\":\"register\"}}"
        );
        crate::support::exchange(running.admin, head.as_bytes()).await
    };
    assert_eq!(put("db.example", "").await.status, 201);
    assert_eq!(put("db.example:7402", "Origin: https://db.example\r\n").await.status, 200);
    assert_eq!(put("a.db.example", "").await.refusal(), refused(403, "foreign_host"));
    let page = put("db.example", "Origin: https://evil.example\r\n").await;
    assert_eq!(page.refusal(), refused(403, "foreign_origin"));
    running.stop().await;
}
