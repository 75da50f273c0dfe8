//! Requests that are written once and then patched: the key and the value's stamp are digits of
//! fixed width in place, so that the next request costs a few stores.

use std::fmt;
use std::net::SocketAddr;

use crate::http;

/// The table of all benchmarks.
pub(crate) const TABLE_PATH: &str = "/v1/tables/bench";
/// Where its items are; a key follows.
pub(crate) const ITEMS_PATH: &str = "/v1/tables/bench/items/";
/// The length of every value.
pub(crate) const VALUE_BYTES: usize = 100;

const KEY_DIGITS: usize = 6;
const STAMP_DIGITS: usize = 16;

/// The number of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u32);

/// The number of a write, which no other write of a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) u64);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{:0KEY_DIGITS$}", self.0)
    }
}

/// The value of write `stamp`: a JSON object of [`VALUE_BYTES`].
pub(crate) fn value(stamp: Stamp) -> String {
    const TEXT: &str = "the quick brown fox jumps over the lazy dog and runs off";
    format!("{{\"text\":\"{TEXT}\",\"stamp\":\"{:0STAMP_DIGITS$}\",\"n\":1}}", stamp.0)
}

/// A request with its places to patch.
#[derive(Debug)]
pub(super) struct Request {
    bytes: Vec<u8>,
    key_at: usize,
    stamp_at: Option<usize>,
}

impl Request {
    /// Writes an item.
    pub(super) fn put(server: SocketAddr) -> Self {
        let body = value(Stamp(0));
        let stamp_in_body = body.find(&zeros(STAMP_DIGITS));
        let mut request = Self::new(server, "PUT", Some(&body));
        let body_at = request.bytes.len() - body.len();
        request.stamp_at = stamp_in_body.map(|at| body_at + at);
        request
    }

    /// Reads an item.
    pub(super) fn get(server: SocketAddr) -> Self {
        Self::new(server, "GET", None)
    }

    fn new(server: SocketAddr, method: &str, body: Option<&str>) -> Self {
        let path = format!("{ITEMS_PATH}{}", Key(0));
        let text = http::request(server, method, &path, body);
        let key_at = method.len() + 1 + path.len() - KEY_DIGITS;
        Self { bytes: text.into_bytes(), key_at, stamp_at: None }
    }

    /// The request for this item and this write.
    pub(super) fn aimed(&mut self, key: Key, stamp: Stamp) -> &[u8] {
        write_digits(&mut self.bytes[self.key_at..][..KEY_DIGITS], key.0.into());
        if let Some(at) = self.stamp_at {
            write_digits(&mut self.bytes[at..][..STAMP_DIGITS], stamp.0);
        }
        &self.bytes
    }
}

fn zeros(digits: usize) -> String {
    "0".repeat(digits)
}

fn write_digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> SocketAddr {
        "127.0.0.1:7401".parse().unwrap()
    }

    #[test]
    fn every_value_is_json_of_the_stated_length() {
        for stamp in [0, 9_999_999_999_999_999] {
            let value = value(Stamp(stamp));
            assert_eq!(value.len(), VALUE_BYTES);
            serde_json::from_str::<serde_json::Value>(&value).unwrap();
        }
    }

    #[test]
    fn a_patched_request_is_the_one_written_out() {
        let (key, stamp) = (Key(90_417), Stamp(12_000_300_000_045));
        let path = format!("{ITEMS_PATH}k090417");
        let put = http::request(server(), "PUT", &path, Some(&value(stamp)));
        let mut request = Request::put(server());
        request.aimed(Key(999_999), Stamp(u64::MAX));
        assert_eq!(request.aimed(key, stamp), put.as_bytes());
        let get = http::request(server(), "GET", &path, None);
        assert_eq!(Request::get(server()).aimed(key, stamp), get.as_bytes());
    }
}
