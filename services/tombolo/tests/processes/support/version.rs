//! The version of an item, read from outside: which writes have touched it.

use std::collections::BTreeMap;
use std::str;

/// The highest write of each replica that has touched an item; of none where it was never written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Version(BTreeMap<String, u64>);

impl Version {
    /// Reads what an answer calls `version`: the form is in `shared/protocol/FORMAT.md`.
    pub(crate) fn parse(text: &str) -> Self {
        let bytes = decoded(text);
        let mut bytes = bytes.iter().copied();
        assert_eq!(bytes.next(), Some(1), "{text}");
        let entries = 0..number(&mut bytes);
        let entry = |_| {
            let length = usize::try_from(number(&mut bytes)).unwrap();
            let region: Vec<u8> = bytes.by_ref().take(length).collect();
            let (incarnation, partition) = (number(&mut bytes), number(&mut bytes));
            let region = str::from_utf8(&region).unwrap();
            (format!("{region}:{incarnation:016x}:{partition}"), number(&mut bytes))
        };
        let version = Self(entries.map(entry).collect());
        assert_eq!(bytes.next(), None, "{text}");
        version
    }

    /// Whether everything that has touched `other` has touched this one.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|(replica, seq)| self.0.get(replica).is_some_and(|own| own >= seq))
    }

    /// Adds what has touched `other`.
    pub(crate) fn join(&mut self, other: &Self) {
        for (replica, seq) in &other.0 {
            let own = self.0.entry(replica.clone()).or_default();
            *own = (*own).max(*seq);
        }
    }

    /// The number of the latest write of `region`, which has had one life; 0 where it has none. Of
    /// the answer to a write there it is that write.
    pub(crate) fn latest_of(&self, region: &str) -> u64 {
        let own = self.0.iter().filter(|(replica, _)| replica.split(':').next() == Some(region));
        own.map(|(_, seq)| *seq).max().unwrap_or_default()
    }
}

impl<const N: usize> From<[(&str, u64); N]> for Version {
    fn from(entries: [(&str, u64); N]) -> Self {
        Self(entries.map(|(replica, seq)| (replica.to_owned(), seq)).into())
    }
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &mut impl Iterator<Item = u8>) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes.next().unwrap();
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return number;
        }
    }
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.bytes() {
        let value = DIGITS.iter().position(|other| *other == digit).unwrap();
        bits = (bits << 6 | u32::try_from(value).unwrap()) & 0x3fff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn a_version_is_read_as_it_is_written() {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    let replica =
        |region, nonce| ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(nonce));
    let all = [(replica("a", 7), 1), (replica("b-2", u64::MAX), 300), (replica("c", 1), 1 << 40)];
    let text = tombolo_protocol::encode_version(&all.iter().copied().collect()).unwrap();
    let expected = all.map(|(replica, seq)| (replica.to_string(), seq));
    let version = Version::parse(&text);
    assert_eq!(version, Version(expected.into()));
    assert_eq!(["b-2", "b"].map(|region| version.latest_of(region)), [300, 0]);
}
