//! Posts to a collector: one request on a connection of its own, bounded in time.
//!
//! As much HTTP as that takes, on a thread that may block. A client library would be the largest
//! dependency of the program for it.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// How long connecting may take, for each address of the collector.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long sending and being answered may each go without a byte.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// How many bytes of an answer are looked at: the status line.
const STATUS_LINE_BYTES: usize = 12;

/// See the module.
#[derive(Debug)]
pub(super) struct Collector {
    host: String,
    port: u16,
    path: String,
}

impl Collector {
    pub(super) fn new(host: &str, port: u16, path: &str) -> Self {
        Self { host: host.to_owned(), port, path: path.to_owned() }
    }

    /// Posts a protobuf message; an error where it is not known to be taken.
    pub(super) fn post(&self, message: &[u8]) -> io::Result<()> {
        let mut stream = self.connect()?;
        stream.set_write_timeout(Some(SILENCE_MAX))?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        let Self { host, port, path } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/x-protobuf\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            message.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(message)?;
        let mut status = [0; STATUS_LINE_BYTES];
        stream.read_exact(&mut status)?;
        if status.starts_with(b"HTTP/1.") && status[8..].starts_with(b" 2") {
            return Ok(());
        }
        let status = status.escape_ascii();
        Err(io::Error::other(format!("it answered {status}")))
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
