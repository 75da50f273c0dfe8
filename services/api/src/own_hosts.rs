//! Whether a call that changes something was meant for this listener and sent by its operator.
//!
//! A browser can be made to send requests to addresses that only its user can reach: from a page of
//! another site (then `Origin` names that site), or under a name of the attacker's that suddenly
//! points here (DNS rebinding: then `Host` names the attacker). Programs send no `Origin` and call
//! the listener by its address. Names other than those of the loopback interface are known here
//! only where the settings allow them (`admin.hosts_allowed`), such as a proxy's: then its pages may
//! call too, from their scheme's own port or the one that they call.

use core::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::{self, HeaderMap};
use tombolo_topology::settings::HostName;

use crate::problem::{Problem, excerpt};

/// A host and a port, as an authority writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

/// Refuses what names another host than this listener, or comes from a page of one.
pub(crate) fn check(
    headers: &HeaderMap,
    listener: IpAddr,
    names: &[HostName],
) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    let called =
        Authority::parse(host).filter(|called| called.is_own(listener) || called.is_among(names));
    let called = called.ok_or_else(|| Problem::ForeignHost { host: excerpt(host) })?;
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let page = match origin.split_once("://") {
        Some(("http", page)) => Authority::parse(page).map(|page| (page.with_port_or(80), 80)),
        Some(("https", page)) => Authority::parse(page).map(|page| (page.with_port_or(443), 443)),
        _ => None,
    };
    let is_own = |(page, port): (Authority<'_>, u16)| {
        let called_port = called.with_port_or(80).port;
        if page.is_among(names) {
            page.port == Some(port) || page.port == called_port
        } else {
            page.is_own(listener) && page.port == called_port
        }
    };
    if page.is_some_and(is_own) {
        Ok(())
    } else {
        Err(Problem::ForeignOrigin { origin: excerpt(origin) })
    }
}

impl<'a> Authority<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let host_end = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, port) = text.split_at(host_end);
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if port.is_empty() => None,
            None => return None,
        };
        Some(Self { host, port })
    }

    fn with_port_or(self, default: u16) -> Self {
        Self { port: self.port.or(Some(default)), ..self }
    }

    fn is_among(self, names: &[HostName]) -> bool {
        names.iter().any(|name| self.host.eq_ignore_ascii_case(name.as_str()))
    }

    fn is_own(self, listener: IpAddr) -> bool {
        let v6 = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let ip = match v6 {
            Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => self.host.parse::<IpAddr>().ok().filter(IpAddr::is_ipv4),
        };
        match ip.map(|ip| ip.to_canonical()) {
            Some(ip) => ip.is_loopback() || ip == listener.to_canonical(),
            None => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn code(host: Option<&'static str>, origin: Option<&'static str>) -> &'static str {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        let names = ["db.example".parse().unwrap()];
        let checked = check(&headers, "10.0.0.5".parse().unwrap(), &names);
        checked.err().map_or("ok", |problem| problem.entry().code)
    }

    #[test]
    fn programs_that_call_the_listener_by_its_address_are_let_in() {
        for host in
            ["localhost:7402", "LOCALHOST", "127.0.0.1:7402", "127.1.2.3", "[::1]:7402", "10.0.0.5"]
        {
            assert_eq!(code(Some(host), None), "ok", "{host}");
        }
    }

    #[test]
    fn another_name_is_refused_wherever_it_points() {
        for host in [
            "",
            "evil.example",
            "evil.example:7402",
            "localhost.evil.example",
            "10.0.0.6:7402",
            "127.0.0.1.evil.example",
            "evil@localhost",
            "localhost:x",
            "[::1",
            "[::1]x",
            "::1",
            "[127.0.0.1]",
        ] {
            assert_eq!(code(Some(host), None), "foreign_host", "{host}");
        }
        assert_eq!(code(None, None), "foreign_host");
    }

    #[test]
    fn a_name_that_is_allowed_may_be_called_and_call_by_its_own_port() {
        for host in ["db.example", "DB.example:7402"] {
            assert_eq!(code(Some(host), None), "ok", "{host}");
            for origin in ["https://db.example", "http://db.example"] {
                assert_eq!(code(Some(host), Some(origin)), "ok", "{origin}");
            }
        }
        let (host, rewritten) = (Some("db.example:7402"), Some("127.0.0.1:7402"));
        assert_eq!(code(host, Some("https://db.example:7402")), "ok");
        assert_eq!(code(rewritten, Some("https://db.example")), "ok");
        for origin in ["https://db.example:8443", "https://a.db.example", "https://evil.example"] {
            assert_eq!(code(host, Some(origin)), "foreign_origin", "{origin}");
        }
    }

    #[test]
    fn only_pages_of_this_listener_may_call() {
        let host = Some("127.0.0.1:7402");
        for origin in ["http://127.0.0.1:7402", "http://localhost:7402", "http://[::1]:7402"] {
            assert_eq!(code(host, Some(origin)), "ok", "{origin}");
        }
        assert_eq!(code(Some("localhost"), Some("http://localhost")), "ok");
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://evil.example:7402",
            "http://localhost",
            "http://localhost:3000",
            "https://localhost",
            "file://localhost:7402",
            "localhost:7402",
        ] {
            assert_eq!(code(host, Some(origin)), "foreign_origin", "{origin}");
        }
    }
}
