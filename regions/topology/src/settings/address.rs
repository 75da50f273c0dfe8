//! The address at which a peer is dialled: a host by name or number, and a port.
//!
//! Names are not resolved here; only the form is checked.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// `host:port`, where an IPv6 host stands in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    host: String,
    port: u16,
}

/// A text that is not `host:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address has the form {}", PeerAddress::FORM)]
pub struct PeerAddressError;

impl PeerAddress {
    /// The longest host name that DNS carries, in bytes.
    pub const HOST_BYTES_MAX: usize = 253;

    pub(super) const FORM: &'static str = "host:port, an IPv6 host in brackets";

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port. 0 says that it is not known yet, which only a region's own address may say.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for PeerAddress {
    type Err = PeerAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or(PeerAddressError)?;
        // The standard parser would take a sign.
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PeerAddressError);
        }
        let port = port.parse().map_err(|_| PeerAddressError)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bracketed {
            Some(host) if host.parse::<Ipv6Addr>().is_ok() => host,
            None if is_host_name(host) => host,
            _ => return Err(PeerAddressError),
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

fn is_host_name(host: &str) -> bool {
    // The underscore is not a host name's, but container networks use it.
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (1..=PeerAddress::HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(letters)
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_both_kinds_of_numbers_come_back_as_given() {
        for text in ["eu-west.example.com:7403", "10.0.0.1:1", "[::1]:65535", "tombolo_eu:7403"] {
            let address: PeerAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        let address: PeerAddress = "[2001:db8::7]:7403".parse().unwrap();
        assert_eq!((address.host(), address.port()), ("2001:db8::7", 7_403));
    }

    #[test]
    fn a_socket_address_becomes_the_same_text() {
        for text in ["127.0.0.1:7403", "[::1]:0"] {
            let socket: SocketAddr = text.parse().unwrap();
            assert_eq!(PeerAddress::from(socket).to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("{}:1", "a".repeat(PeerAddress::HOST_BYTES_MAX + 1));
        let texts = [
            "",
            "host",
            ":1",
            "host:",
            "host:+1",
            "host:65536",
            "::1:1",
            "[::1:1",
            "[host]:1",
            "ho st:1",
            "http://host:1",
            "[]:1",
            &long,
        ];
        for text in texts {
            assert_eq!(text.parse::<PeerAddress>(), Err(PeerAddressError), "{text:?}");
        }
    }
}
