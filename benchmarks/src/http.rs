//! The little of HTTP/1.1 that is needed to load a server and to ask it: one exchange at a time
//! over a connection that stays open.
//!
//! Answers must carry `Content-Length` or have no body. Chunks, pipelining and redirects are left
//! out: the servers here use none, and an answer that does is refused and never misread.

mod frame;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use frame::Frame;

/// How long a single call may take; a load has a bound of its own.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Room for an ordinary answer; a longer one makes room for itself.
const RECEIVE_BYTES: usize = 4 << 10;

/// A connection that is kept alive.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer, in the connection's memory until the next exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    frame: Frame,
    bytes: &'a [u8],
}

impl Connection {
    /// Connects, without waiting to fill packets.
    pub(crate) async fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await;
        let stream = stream.with_context(|| format!("cannot connect to {server}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(RECEIVE_BYTES) })
    }

    /// Sends one whole request and reads one whole answer, whatever its status.
    ///
    /// After an error, or when dropped half way, the connection is of no further use.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.received.clear();
        self.stream.write_all(request).await.context("cannot send a request")?;
        loop {
            let bytes = self.stream.read_buf(&mut self.received).await;
            if bytes.context("cannot receive an answer")? == 0 {
                let text = String::from_utf8_lossy(&self.received);
                bail!("the server closed the connection in the middle of an answer: {text:?}");
            }
            if let Some(frame) = frame::parse(&self.received)? {
                return Ok(Answer { frame, bytes: &self.received });
            }
        }
    }
}

impl<'a> Answer<'a> {
    /// Its body.
    pub(crate) fn body(&self) -> &'a [u8] {
        &self.bytes[self.frame.head_bytes..]
    }

    /// An error that shows the whole answer, unless its status is 2xx.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match self.frame.status {
            200..300 => Ok(()),
            _ => Err(anyhow!("a request was refused:\n{}", String::from_utf8_lossy(self.bytes))),
        }
    }
}

/// The text of a request, with a body that is JSON where there is one.
pub(crate) fn request(server: SocketAddr, method: &str, path: &str, body: Option<&str>) -> String {
    let (media, body) = match body {
        Some(body) => ("Content-Type: application/json\r\n", body),
        None => ("", ""),
    };
    let length = match (method, body.len()) {
        ("GET", 0) => String::new(),
        (_, length) => format!("Content-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: {server}\r\n{media}{length}\r\n{body}")
}

/// One call over a connection of its own: the answer's JSON, or an error unless it is 2xx.
pub(crate) async fn call(
    server: SocketAddr,
    method: &str,
    path: &str,
    body: Option<&str>,
) -> anyhow::Result<Value> {
    let called = async {
        let mut connection = Connection::open(server).await?;
        let answer = connection.exchange(request(server, method, path, body).as_bytes()).await?;
        answer.check()?;
        match answer.body() {
            [] => Ok(Value::Null),
            body => serde_json::from_slice(body).context("the answer is not JSON"),
        }
    };
    let called = timeout(CALL_TIMEOUT, called).await;
    called
        .unwrap_or_else(|_| Err(anyhow!("no answer within {CALL_TIMEOUT:?}")))
        .with_context(|| format!("{method} http://{server}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_declares_the_body_that_it_has() {
        let server = "127.0.0.1:7".parse().unwrap();
        assert_eq!(
            request(server, "PUT", "/v1/tables/a", Some("{}")),
            "PUT /v1/tables/a HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        );
        assert_eq!(
            request(server, "POST", "/x", None),
            "POST /x HTTP/1.1\r\nHost: 127.0.0.1:7\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(
            request(server, "GET", "/x", None),
            "GET /x HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n"
        );
    }
}
