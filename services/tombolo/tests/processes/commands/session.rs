//! `--session`: what is sent and what is kept, against a listener that answers as it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::Asked;

/// Answers one request with this token; answers the head of the request.
fn answer_once(token: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = listener.local_addr().unwrap().to_string();
    let asked = thread::spawn(move || {
        let mut connection = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(connection.read_line(&mut head).unwrap(), 0, "{head}");
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        connection.read_exact(&mut body).unwrap();
        let reply = "{\"key\":\"k\",\"version\":\"AQ\"}";
        let answer = format!(
            "HTTP/1.1 201 Created\r\nContent-Length: {}\r\nTombolo-Session: {token}\r\n\
             Connection: close\r\n\r\n{reply}",
            reply.len()
        );
        connection.get_mut().write_all(answer.as_bytes()).unwrap();
        head + core::str::from_utf8(&body).unwrap()
    });
    (url, asked)
}

#[test]
fn a_session_in_a_file_goes_on_with_the_latest_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session");
    let session = format!("@{}", file.display());
    for (sent, answered) in [(None, "one"), (Some("one"), "two"), (Some("two"), "three")] {
        let (url, asked) = answer_once(answered);
        let put = ["put", "t", "k", "1", "--session", &session, "--url", &url];
        Asked::nobody(&put).expect(0);
        let asked = asked.join().unwrap();
        let token = asked.lines().find_map(|line| line.strip_prefix("tombolo-session: "));
        assert_eq!(token, sent, "{asked}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{answered}\n"));
    }
}

#[test]
fn what_a_write_asks_for_is_sent_as_the_contract_has_it() {
    let (url, asked) = answer_once("new");
    let put = [
        "put",
        "t",
        "a/b",
        "[1.50]",
        "--url",
        &url,
        "--session",
        "old",
        "--w",
        "2",
        "--timeout-ms",
        "9",
        "--idempotency-key",
        "once",
        "--if-match",
        "AQ",
    ];
    Asked::nobody(&put).expect(0);
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("PUT /v1/tables/t/item?key=a%2Fb&w=2&timeout_ms=9 HTTP/1.1\r\n"));
    for line in [
        "tombolo-session: old",
        "idempotency-key: once",
        "if-match: \"AQ\"",
        "content-type: application/json",
        "[1.50]",
    ] {
        assert!(asked.lines().any(|sent| sent == line), "{line}: {asked}");
    }
}
