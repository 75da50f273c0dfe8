//! Where a region is asked: `http://host:port`.

use core::fmt;
use core::str::FromStr;

use ureq::http::Uri;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: u16,
}

/// Why a text is not an address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// It is no URL.
    #[error("not a URL; one such as http://127.0.0.1:7401 is taken")]
    Malformed,
    /// Another scheme than http.
    #[error("{scheme} is not spoken here, only http")]
    Scheme {
        /// Which.
        scheme: String,
    },
    /// Something follows the port, or a user precedes the host.
    #[error("only a host and a port are taken")]
    Surplus,
}

const HTTP: &str = "http";

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("{HTTP}://{text}") };
        let uri: Uri = whole.parse().map_err(|_| AddressError::Malformed)?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if scheme != HTTP {
            return Err(AddressError::Scheme { scheme: scheme.to_owned() });
        }
        let authority = uri.authority().ok_or(AddressError::Malformed)?;
        let has_user = authority.as_str().contains('@');
        if has_user || uri.path() != "/" || uri.query().is_some() {
            return Err(AddressError::Surplus);
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str() == authority.host() => 80,
            None => return Err(AddressError::Malformed),
        };
        Ok(Self { host: authority.host().to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HTTP}://{}:{}", self.host, self.port)
    }
}

impl Address {
    /// The address one port further, where the admin listener is unless it is configured
    /// otherwise.
    pub(crate) fn next_port(&self) -> Self {
        Self { host: self.host.clone(), port: self.port.wrapping_add(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, AddressError> {
        text.parse::<Address>().map(|address| address.to_string())
    }

    #[test]
    fn a_host_and_a_port_are_enough() {
        for (text, address) in [
            ("http://127.0.0.1:7401", "http://127.0.0.1:7401"),
            ("localhost:7411/", "http://localhost:7411"),
            ("http://[::1]:7401/", "http://[::1]:7401"),
            ("db.example", "http://db.example:80"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_would_be_dropped_silently_is_refused() {
        let scheme = AddressError::Scheme { scheme: "https".to_owned() };
        assert_eq!(read("https://localhost:1"), Err(scheme));
        for text in ["http://localhost:1/v1", "http://me@localhost:1", "localhost:1?x=1"] {
            assert_eq!(read(text), Err(AddressError::Surplus), "{text}");
        }
        for text in ["", "http://", "localhost:", "localhost:99999", "a b"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn operators_are_one_port_further() {
        let api: Address = "http://[::1]:7411".parse().unwrap();
        assert_eq!(api.next_port().to_string(), "http://[::1]:7412");
    }
}
