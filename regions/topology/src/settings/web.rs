//! `[admin]`, `[telemetry]`: what browsers may do with a region, and where it tells of its work.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::field::written_as_text;
use super::reference::Allowed;
use super::section::{range, section};

/// Where a page comes from, as a browser's `Origin` header says it: scheme, host and, where it is
/// not the scheme's own, port. `*` stands for every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

/// A host's name, without a port: letters, digits, `-` and `.`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

/// Where an OpenTelemetry collector takes traces over HTTP, or that none is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtlpEndpoint {
    /// Nothing is exported.
    Off,
    /// To this collector.
    Collector {
        /// Its host: a name, or an address (of IPv6 without brackets).
        host: String,
        /// Its port.
        port: u16,
        /// The path that is posted to.
        path: String,
    },
}

/// A text that is not of the form that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form that is asked for")]
pub struct WebTextError;

/// The longest name of a host, in bytes.
const HOST_BYTES_MAX: usize = 253;
/// The port on which collectors take OTLP over HTTP.
const OTLP_PORT: u16 = 4_318;
/// The path on which they take traces.
const OTLP_PATH: &str = "/v1/traces";

pub(super) const ORIGINS: Allowed = Allowed::Form(
    "up to 64 of scheme://host or scheme://host:port, without a path, or * for every page; in the \
     environment separated by commas",
);
const HOSTS: Allowed = Allowed::Form(
    "up to 64 names without a port, in lower case; in the environment separated by commas",
);
const ENDPOINT: Allowed = Allowed::Form(
    "http://host, http://host:port or http://host:port/path (port 4318 and /v1/traces where they \
     are left out), or an empty text for none",
);

impl WebOrigin {
    /// Whether a page whose `Origin` header is `origin` is meant.
    pub fn allows(&self, origin: &str) -> bool {
        self.is_any() || self.0 == origin
    }

    /// Whether every page is meant.
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl HostName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= HOST_BYTES_MAX && text.split('.').all(is_label)
}

/// The host and the port of `authority`, an IPv6 host without its brackets.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        (is_host_name(host) || host.parse::<Ipv4Addr>().is_ok()).then_some(())?;
        (host, port)
    };
    match port.strip_prefix(':') {
        Some(port) => Some((host, Some(port.parse().ok().filter(|port| *port > 0)?))),
        None => port.is_empty().then_some((host, None)),
    }
}

impl FromStr for WebOrigin {
    type Err = WebTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_origin = || {
            let (scheme, authority) = text.split_once("://")?;
            (!scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_lowercase())).then_some(())?;
            host_and_port(authority)
        };
        if text == "*" || is_origin().is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(WebTextError)
        }
    }
}

impl FromStr for HostName {
    type Err = WebTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_host_name(text) { Ok(Self(text.to_owned())) } else { Err(WebTextError) }
    }
}

impl FromStr for OtlpEndpoint {
    type Err = WebTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::Off);
        }
        let rest = text.strip_prefix("http://").ok_or(WebTextError)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = host_and_port(authority).ok_or(WebTextError)?;
        if !path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
            return Err(WebTextError);
        }
        let path = if path.len() > 1 { path } else { OTLP_PATH };
        let (host, path) = (host.to_owned(), path.to_owned());
        Ok(Self::Collector { host, port: port.unwrap_or(OTLP_PORT), path })
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => Ok(()),
            Self::Collector { host, port, path } if host.contains(':') => {
                write!(f, "http://[{host}]:{port}{path}")
            }
            Self::Collector { host, port, path } => write!(f, "http://{host}:{port}{path}"),
        }
    }
}

written_as_text!(OtlpEndpoint);

section! {
    /// What is taken of operators.
    "admin" Admin {
        /// Names under which the admin listener is called beside its own address and those of the
        /// loopback interface, such as a proxy's. Calls that change anything are refused under any
        /// other name (403).
        "hosts_allowed" hosts_allowed: Vec<HostName> [None] = Vec::new(), HOSTS;
    }
}

section! {
    /// Where a region tells of its work beside its log and its metrics.
    "telemetry" Telemetry {
        /// The OpenTelemetry collector that is sent a trace of each write, over HTTP.
        "otlp_endpoint" otlp_endpoint: OtlpEndpoint [None] = OtlpEndpoint::Off, ENDPOINT;
        /// Traces that wait to be sent; past it they are dropped, and counted.
        "otlp_queue_traces_max" otlp_queue_traces_max: usize [Count] = 4_096, range(1, 1 << 20);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_no_path() {
        for good in ["*", "http://localhost:3000", "https://a.example", "http://[::1]:80"] {
            assert_eq!(good.parse::<WebOrigin>().unwrap().to_string(), good);
        }
        for bad in ["", "a.example", "https://", "https://a/", "https://A", "https://a:", "*.b"] {
            assert_eq!(bad.parse::<WebOrigin>(), Err(WebTextError), "{bad}");
        }
        let own: WebOrigin = "https://a.example".parse().unwrap();
        assert!(own.allows("https://a.example") && !own.allows("https://a.example:8443"));
    }

    #[test]
    fn a_host_is_a_name_without_a_port() {
        assert_eq!("db.example".parse::<HostName>().unwrap().as_str(), "db.example");
        for bad in ["", "a:1", "a..b", "A", "a/b", "http://a"] {
            assert_eq!(bad.parse::<HostName>(), Err(WebTextError), "{bad}");
        }
    }

    #[test]
    fn a_collector_has_the_usual_port_and_path_where_none_is_given() {
        for (given, whole) in [
            ("", ""),
            ("http://collector", "http://collector:4318/v1/traces"),
            ("http://10.0.0.1:9/", "http://10.0.0.1:9/v1/traces"),
            ("http://[::1]/x", "http://[::1]:4318/x"),
        ] {
            assert_eq!(given.parse::<OtlpEndpoint>().unwrap().to_string(), whole);
        }
        for bad in ["collector", "https://collector", "http://", "http://a:0", "http://a/b c"] {
            assert_eq!(bad.parse::<OtlpEndpoint>(), Err(WebTextError), "{bad}");
        }
    }
}
