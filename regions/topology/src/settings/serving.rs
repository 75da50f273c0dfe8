//! `[listen]`, `[http]`: where clients and peers find this region, and what it takes of clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::SettingsError;
use super::reference::Allowed;
use super::section::{range, section};
use super::web::{ORIGINS, WebOrigin};

const ADDRESS: Allowed =
    Allowed::Form("ip:port, an IPv6 address in brackets; port 0 takes a free one");

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

section! {
    /// Where this region listens. Until regions authenticate each other, only where nobody but
    /// they can connect.
    "listen" Listen {
        /// Where applications connect.
        "api" api: SocketAddr [None] = loopback(7_401), ADDRESS;
        /// Where operators and metrics collectors connect.
        "admin" admin: SocketAddr [None] = loopback(7_402), ADDRESS;
        /// Where the other regions connect.
        "replication" replication: SocketAddr [None] = loopback(7_403), ADDRESS;
    }
}

section! {
    /// What is taken of applications.
    "http" Http {
        /// Threads that answer requests; 0 takes one for each core.
        "workers" workers: usize [Count] = 0, range(0, 1_024);
        /// The longest value; a longer one is answered 413.
        "value_bytes_max" value_bytes_max: usize [Bytes] = 1 << 20, range(1 << 10, 16 << 20);
        /// How long a request's body may take to arrive.
        "body_timeout_ms" body_timeout: Duration [Milliseconds] = Duration::from_secs(10),
            range(100, 600_000);
        /// Connections at a time, of all applications together; more wait to be accepted.
        "connections_max" connections_max: usize [Count] = 10_000, range(1, 1_000_000);
        /// How long a connection stays open between requests.
        "keep_alive_s" keep_alive: Duration [Seconds] = Duration::from_secs(75), range(1, 3_600);
        /// How long a request may wait here for what its session has seen, whatever it asks for.
        "wait_ms_max" wait_max: Duration [Milliseconds] = Duration::from_secs(10),
            range(0, 600_000);
        /// How long a write may wait for other regions to hold it, whatever it asks for.
        "timeout_ms_max" timeout_max: Duration [Milliseconds] = Duration::from_mins(1),
            range(0, 600_000);
        /// Requests that wait for other regions at a time; past it they are answered 503 with
        /// Retry-After.
        "waiting_requests_max" waiting_requests_max: usize [Count] = 1_024, range(1, 1_048_576);
        /// Pages of other sites that browsers may let call this region (CORS). Only the listener
        /// for applications is opened to them, never the one for operators.
        "cors_allow_origins" cors_allow_origins: Vec<WebOrigin> [None] = Vec::new(), ORIGINS;
    }
}

impl Listen {
    /// Whether each listener can have its port.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let listeners = [
            ("listen.api", self.api),
            ("listen.admin", self.admin),
            ("listen.replication", self.replication),
        ];
        for (index, (second, address)) in listeners.iter().enumerate() {
            let before = &listeners[..index];
            if let Some((first, _)) = before.iter().find(|(_, other)| collide(*other, *address)) {
                return Err(SettingsError::ListenersCollide {
                    first,
                    second,
                    port: address.port(),
                });
            }
        }
        Ok(())
    }
}

/// Whether two listeners would contend: `0.0.0.0` and `[::]` stand for every address.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (everywhere || one.ip() == other.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(api: &str, admin: &str, replication: &str) -> Listen {
        Listen {
            api: api.parse().unwrap(),
            admin: admin.parse().unwrap(),
            replication: replication.parse().unwrap(),
        }
    }

    #[test]
    fn listeners_on_ports_of_their_own_or_on_free_ones_are_accepted() {
        for accepted in [
            Listen::default(),
            listen("127.0.0.1:0", "127.0.0.1:0", "0.0.0.0:0"),
            listen("127.0.0.1:1", "127.0.0.2:1", "[::1]:1"),
        ] {
            assert_eq!(accepted.check().ok(), Some(()), "{accepted:?}");
        }
    }

    #[test]
    fn listeners_that_contend_for_a_port_are_named() {
        let same = listen("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1").check().unwrap_err();
        assert_eq!(
            same.to_string(),
            "listen.api and listen.replication both listen on port 1 of one address; \
             choose another port"
        );
        let everywhere = listen("127.0.0.1:1", "127.0.0.1:2", "[::]:2").check().unwrap_err();
        assert!(matches!(
            everywhere,
            SettingsError::ListenersCollide { first: "listen.admin", port: 2, .. }
        ));
    }
}
