//! How many connections there may be, and how long they may be idle.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Running;

const LIVE: &[u8] = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

/// Sends a request and waits for its answer.
async fn ask(stream: &mut TcpStream) {
    stream.write_all(LIVE).await.unwrap();
    answered(stream).await;
}

async fn answered(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(br#"{"status":"live"}"#) {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "closed");
    }
}

#[actix_rt::test]
async fn as_many_connections_are_served_as_may_be_and_the_next_waits_for_one_to_end() {
    let running = Running::start_with(|settings| settings.http.connections_max = 1).await;
    let mut first = TcpStream::connect(running.api).await.unwrap();
    ask(&mut first).await;
    let mut second = TcpStream::connect(running.api).await.unwrap();
    second.write_all(LIVE).await.unwrap();
    // Operators have connections of their own, and the first is still served.
    ask(&mut TcpStream::connect(running.admin).await.unwrap()).await;
    ask(&mut first).await;
    let nothing = second.try_read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);

    drop(first);
    answered(&mut second).await;
    running.stop().await;
}

#[actix_rt::test]
async fn a_connection_on_which_nothing_is_asked_is_closed() {
    let running = Running::start_with(|settings| {
        settings.http.keep_alive = std::time::Duration::from_secs(1);
    })
    .await;
    let mut stream = TcpStream::connect(running.api).await.unwrap();
    ask(&mut stream).await;
    // Ends only when the other side closes.
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    running.stop().await;
}
