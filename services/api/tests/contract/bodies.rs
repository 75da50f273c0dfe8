//! Bodies: JSON as it was sent, bounded, and refused with the place where it is wrong.

use std::fmt::Write;
use std::time::Duration;

use crate::support::{Running, exchange, refused};

const PATH: &str = "/v1/tables/reg/items/k";

#[actix_rt::test]
async fn a_value_comes_back_as_it_was_sent() {
    let running = Running::with_tables().await;
    for value in [
        "123456789012345678901234567890",
        "-0.10",
        "1e400",
        r#"{"b":1,"a":[1.0,1E+2,"é😀\u0000\/"]}"#,
        r#""""#,
        "{}",
    ] {
        assert!(running.put(PATH, value).await.status < 300, "{value}");
        let read = running.get(PATH).await;
        assert!(read.text().contains(&format!(r#""value":{value},"version""#)), "{value}");
    }
    running.put(PATH, " { \"a\" : [ 1 , 2 ] } \n").await;
    assert!(running.get(PATH).await.text().contains(r#""value":{"a":[1,2]},"#));
    running.stop().await;
}

#[actix_rt::test]
async fn what_is_not_json_is_refused_with_its_place() {
    let running = Running::with_tables().await;
    for (body, offset) in [
        ("", 0),
        ("  ", 2),
        ("{\"a\":1,}", 7),
        ("{\"a\":1,\"a\":2}", 7),
        ("01", 1),
        ("1 2", 2),
        ("'a'", 0),
        ("\"\\ud800\"", 7),
        ("nul", 3),
    ] {
        let reply = running.put(PATH, body).await;
        assert_eq!(reply.refusal(), refused(400, "malformed_json"), "{body}");
        assert_eq!(reply.problem()["offset"], offset, "{body}");
    }
    let head =
        format!("PUT {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\n");
    let reply = exchange(running.api, &[head.as_bytes(), b"\"\xff\""].concat()).await;
    assert_eq!(reply.refusal(), refused(400, "malformed_json"));
    assert_eq!(running.get(PATH).await.status, 404);
    running.stop().await;
}

#[actix_rt::test]
async fn depth_64_is_taken_and_65_is_not() {
    let running = Running::with_tables().await;
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(running.put(PATH, &nested(64)).await.status, 201);
    assert_eq!(running.put(PATH, &nested(65)).await.refusal(), refused(400, "malformed_json"));
    let bomb = running.put(PATH, &"[".repeat(1 << 20)).await;
    assert_eq!(bomb.refusal(), refused(400, "malformed_json"));
    assert!(running.get(PATH).await.text().contains(&nested(64)));
    running.stop().await;
}

#[actix_rt::test]
async fn a_mebibyte_is_taken_and_a_byte_more_is_not() {
    let running = Running::with_tables().await;
    let largest = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    assert_eq!(running.put(PATH, &largest).await.status, 201);
    assert!(running.get(PATH).await.text().contains(&largest));
    let larger = format!("\"{}\"", "x".repeat((1 << 20) - 1));
    let declared = running.put(PATH, &larger).await;
    assert_eq!(declared.refusal(), refused(413, "value_too_large"));

    let mut chunked = format!(
        "PUT {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for chunk in larger.as_bytes().chunks(100_000) {
        let chunk = core::str::from_utf8(chunk).unwrap();
        write!(chunked, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
    }
    chunked.push_str("0\r\n\r\n");
    let undeclared = exchange(running.api, chunked.as_bytes()).await;
    assert_eq!(undeclared.refusal(), refused(413, "value_too_large"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_chunked_body_is_taken_whole() {
    let running = Running::with_tables().await;
    let request = format!(
        "PUT {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    );
    assert_eq!(exchange(running.api, request.as_bytes()).await.status, 201);
    assert!(running.get(PATH).await.text().contains(r#""value":[1,2],"#));
    running.stop().await;
}

#[actix_rt::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let running = Running::start_with(|settings| {
        settings.http.body_timeout = Duration::from_millis(100);
    })
    .await;
    running.define("reg", r#"{"type":"register"}"#).await;
    let request = format!("PUT {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n[");
    let reply = exchange(running.api, request.as_bytes()).await;
    assert_eq!(reply.refusal(), refused(408, "body_timeout"));
    assert_eq!(reply.problem()["retryable"], true);
    running.stop().await;
}

#[actix_rt::test]
async fn a_body_is_declared_as_json_or_not_at_all() {
    let running = Running::with_tables().await;
    assert_eq!(running.call("PUT", PATH, "", "1").await.status, 201);
    for (headers, accept) in [
        ("Content-Type: application/x-www-form-urlencoded\r\n", "accept"),
        ("Content-Type: text/plain\r\n", "accept"),
        ("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "accept-encoding"),
    ] {
        let reply = running.call("PUT", PATH, headers, "1").await;
        assert_eq!(reply.refusal(), refused(415, "unsupported_media_type"), "{headers}");
        assert!(reply.header(accept).is_some(), "{headers}");
    }
    running.stop().await;
}
