//! A blocking HTTP/1.1 client over one connection, which it keeps.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take. What is killed or stopped meanwhile answers never.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// See the module. Cloning it shares the address, not the connection.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The body; null where there is none or it is not JSON.
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
    head: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// There was no connection.
    #[error("nothing was asked: {0}")]
    NotAsked(#[source] io::Error),
    /// It was asked, at least in part, and is not known to be done or not.
    #[error("what was asked is not answered: {0}")]
    Unanswered(#[source] io::Error),
}

impl Client {
    /// A client of whoever listens there; connects when it is first used.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Asks, and answers what came back whatever its status.
    pub(crate) fn call(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, CallError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, &[], body.as_bytes())
    }

    /// The same with these headers and any bytes as a body, which is declared as JSON.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, CallError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().map_err(CallError::NotAsked)?,
        };
        let head = self.head(method, path, headers, body.len());
        let answered = exchange(&mut connection, &head, body);
        let (reply, is_last) = answered.map_err(CallError::Unanswered)?;
        if !is_last {
            self.connection = Some(connection);
        }
        Ok(reply)
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if length > 0 {
            head.push_str("Content-Type: application/json\r\n");
        }
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head + &format!("Content-Length: {length}\r\n\r\n")
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(BufReader::new(stream))
    }
}

impl Reply {
    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Its body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Its body, where the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }
}

fn exchange(
    connection: &mut BufReader<TcpStream>,
    head: &str,
    body: &[u8],
) -> io::Result<(Reply, bool)> {
    // In one piece, so that a short request is one packet.
    connection.get_mut().write_all(&[head.as_bytes(), body].concat())?;

    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, head.clone());
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
    let length = header(&head, "content-length").map_or(Some(0), |digits| digits.parse().ok());
    let mut bytes = vec![0; length.ok_or_else(malformed)?];
    connection.read_exact(&mut bytes)?;
    let is_last = header(&head, "connection").is_some_and(|word| word == "close");
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok((Reply { status, body, bytes, head }, is_last))
}

/// The value of a header, by its lower-case name.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}
