//! A region with both listeners, and a client that sends exactly the bytes it is given.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tombolo_actors::Region;
use tombolo_api::{Listeners, Serving, serve};
use tombolo_causality::RegionId;
use tombolo_storage::disk::Disk;
use tombolo_topology::Settings;
use tombolo_topology::settings::Member;

/// A test that hangs fails after this long.
const GUARD: Duration = Duration::from_secs(30);

/// A running region.
pub(crate) struct Running {
    pub(crate) api: SocketAddr,
    pub(crate) admin: SocketAddr,
    region: Region,
    serving: Serving,
    _directory: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Running {
    /// `us-east`, alone.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// `us-east` with other settings.
    pub(crate) async fn start_with(set: impl FnOnce(&mut Settings)) -> Self {
        Self::start_where("us-east", None, set).await
    }

    /// Another region with other settings.
    pub(crate) async fn start_as(name: &str, set: impl FnOnce(&mut Settings)) -> Self {
        Self::start_where(name, None, set).await
    }

    /// `us-east` with other settings on a disk of the test's own.
    pub(crate) async fn start_on(disk: Arc<dyn Disk>, set: impl FnOnce(&mut Settings)) -> Self {
        Self::start_where("us-east", Some(disk), set).await
    }

    async fn start_where(
        name: &str,
        disk: Option<Arc<dyn Disk>>,
        set: impl FnOnce(&mut Settings),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = RegionId::new(name).unwrap();
        let mut settings = Settings::for_region(name, directory.path());
        settings.listen.replication = "127.0.0.1:0".parse().unwrap();
        settings.http.workers = 1;
        settings.journal.segment_bytes = 1 << 20;
        set(&mut settings);
        let region = match disk {
            Some(disk) => Region::start_on(disk, settings).await.unwrap(),
            None => Region::start(settings).await.unwrap(),
        };
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let listeners = Listeners { api: bind(), admin: bind() };
        let (api, admin) =
            (listeners.api.local_addr().unwrap(), listeners.admin.local_addr().unwrap());
        let serving = serve(region.clone(), listeners).unwrap();
        Self { api, admin, region, serving, _directory: directory }
    }

    /// `us-east` with tables of both types: `reg` and `cnt`.
    pub(crate) async fn with_tables() -> Self {
        let running = Self::start().await;
        running.define("reg", r#"{"type":"register"}"#).await;
        running.define("cnt", r#"{"type":"counter"}"#).await;
        running
    }

    pub(crate) async fn define(&self, table: &str, definition: &str) {
        let reply = self.put(&format!("/v1/tables/{table}"), definition).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }

    /// Defines a table that a region which is not there cannot confirm.
    pub(crate) async fn define_pending(&self, table: &str, definition: &str) {
        let reply = self.put(&format!("/v1/tables/{table}"), definition).await;
        assert_eq!(reply.refusal(), refused(503, "definition_pending"));
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "", "").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, "", "").await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Reply {
        self.call("PUT", path, "Content-Type: application/json\r\n", body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &str) -> Reply {
        self.call("PATCH", path, "Content-Type: application/json\r\n", body).await
    }

    /// Sends a request with these header lines to the API listener.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        call(self.api, method, path, headers, body).await
    }

    /// The region itself, for what would take too many requests.
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// Stops the servers and the region, and waits until both have.
    pub(crate) async fn stop(self) {
        self.serving.stop().await.unwrap();
        self.region.stop().await.unwrap();
    }
}

/// A member of the cluster whose address nobody answers.
pub(crate) fn absent(name: &str) -> Member {
    let name = RegionId::new(name).unwrap();
    Member { name, replication: "127.0.0.1:1".parse().unwrap() }
}

/// Sends a request with these header lines to `address`.
pub(crate) async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Reply {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    let reply = exchange(address, request.as_bytes()).await;
    assert_eq!(reply.header("tombolo-region"), Some("us-east"), "{reply:?}");
    assert_eq!(reply.header("tombolo-served-by"), Some("us-east"), "{reply:?}");
    assert!(reply.header("tombolo-session").is_some_and(|token| !token.is_empty()), "{reply:?}");
    reply
}

/// Sends bytes and reads one answer: a server that has answered early goes on taking what the
/// client still sends, so the end of the connection is not waited for where the answer is whole.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Reply {
    Reply::parse(&read_until(address, request, is_whole).await)
}

/// Sends bytes and reads all answers, until the connection is closed.
pub(crate) async fn exchange_all(address: SocketAddr, request: &[u8]) -> Reply {
    Reply::parse(&read_until(address, request, |_| false).await)
}

async fn read_until(address: SocketAddr, request: &[u8], enough: fn(&[u8]) -> bool) -> Vec<u8> {
    let exchanged = tokio::time::timeout(GUARD, async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let mut answer = Vec::new();
        let read =
            async { while !enough(&answer) && reader.read_buf(&mut answer).await.unwrap() > 0 {} };
        // Written while it is read: a server may answer before it has taken everything.
        let ((), written) = tokio::join!(read, writer.write_all(request));
        written.unwrap();
        answer
    });
    exchanged.await.unwrap()
}

/// Whether an answer has come with as many bytes as it says.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = head_end(answer) else { return false };
    let reply = Reply::parse(answer);
    let length = reply.header("content-length").map(|length| length.parse::<usize>().unwrap());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

fn head_end(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n")
}

impl Reply {
    fn parse(answer: &[u8]) -> Self {
        let end = head_end(answer);
        assert!(end.is_some(), "no HTTP: {:?}", String::from_utf8_lossy(answer));
        let end = end.unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: answer[end + 4..].to_vec() }
    }

    /// The answer itself, where `100 Continue` came before it.
    pub(crate) fn after_interim(self) -> Self {
        if self.status == 100 { Self::parse(&self.body) } else { self }
    }

    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        core::str::from_utf8(&self.body).unwrap()
    }

    /// The body of a success.
    pub(crate) fn json(&self) -> Value {
        assert!(self.status < 300, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of a refusal, whose form is checked.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let problem = self.problem();
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }

    /// The body of a refusal, whose form is checked.
    pub(crate) fn problem(&self) -> Value {
        assert!(self.status >= 400, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("urn:tombolo:problem:{code}"));
        assert_eq!(problem["status"], self.status);
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert!(problem["retryable"].is_boolean());
        let outcome = problem["outcome"].as_str().unwrap();
        assert!(["not_applied", "applied_locally", "unknown"].contains(&outcome), "{outcome}");
        problem
    }
}

/// Shorthand for an expected refusal.
pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
