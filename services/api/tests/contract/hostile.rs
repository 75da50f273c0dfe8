//! Bytes that are no HTTP, and HTTP that is no request of ours.

use crate::support::{Running, exchange, exchange_all, refused};

#[actix_rt::test]
async fn bytes_that_are_no_http_are_answered_with_a_status_and_no_page() {
    let running = Running::with_tables().await;
    // As much of a head as the server keeps, and still no end of it.
    let endless = |begin: &str| format!("{begin}{}", "x".repeat((128 << 10) - begin.len()));
    let huge_header = endless("GET /livez HTTP/1.1\r\nHost: a\r\nX: ");
    let huge_path = endless("GET /");
    let many_headers = format!("GET /livez HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(500));
    for request in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
        b"PUT /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"PUT /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"PUT /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1",
        b"PUT /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1",
        huge_header.as_bytes(),
        huge_path.as_bytes(),
        many_headers.as_bytes(),
    ] {
        let reply = exchange(running.api, request).await;
        let beginning = String::from_utf8_lossy(&request[..request.len().min(60)]);
        assert!((400..500).contains(&reply.status), "{beginning:?}: {reply:?}");
        assert!(reply.body.is_empty(), "{beginning:?}: {reply:?}");
    }
    assert_eq!(running.get("/livez").await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn malformed_chunks_are_a_body_that_did_not_arrive() {
    let running = Running::with_tables().await;
    let request = b"PUT /v1/tables/reg/items/k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
        Transfer-Encoding: chunked\r\n\r\nzz\r\n1\r\n";
    let reply = exchange(running.api, request).await;
    assert_eq!(reply.refusal(), refused(400, "body_incomplete"));
    running.stop().await;
}

#[actix_rt::test]
async fn odd_requests_get_problems() {
    let running = Running::with_tables().await;
    for (request, status, code) in [
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, "no_such_route"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, "no_such_route"),
        (
            "TRACE /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            405,
            "method_not_allowed",
        ),
        (
            "GET http://a/v1/tables/reg/items/%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            400,
            "bad_key",
        ),
        ("GET /v1/tables/reg/items/k HTTP/1.0\r\n\r\n", 404, "no_such_item"),
        (
            "PUT /v1/tables/reg/items/k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n",
            413,
            "value_too_large",
        ),
    ] {
        let reply = exchange(running.api, request.as_bytes()).await.after_interim();
        assert_eq!(reply.refusal(), refused(status, code), "{request}");
    }
    running.stop().await;
}

#[actix_rt::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let running = Running::with_tables().await;
    let put = |key: &str, connection: &str| {
        format!(
            "PUT /v1/tables/reg/items/{key} HTTP/1.1\r\nHost: a\r\n{connection}\
             Content-Length: 1\r\n\r\n1"
        )
    };
    let pipelined = [put("a", ""), put("b", ""), put("c", "Connection: close\r\n")].concat();
    let answers = exchange_all(running.api, pipelined.as_bytes()).await;
    let all = format!("{}{}", answers.head, answers.text());
    let keys: Vec<_> =
        all.match_indices("{\"key\":\"").map(|(at, _)| &all[at + 8..at + 9]).collect();
    assert_eq!((answers.status, keys), (201, vec!["a", "b", "c"]));
    running.stop().await;
}
