//! An item as JSON, written by hand: values are spliced in as the text in which they were sent, so
//! that nothing is parsed and printed again.

use tombolo_replication::Key;
use tombolo_resolvers::{ShownValue, Written};

use crate::rfc3339;

/// Room for everything but key and value.
const AROUND_BYTES: usize = 256;

/// The answer to a read:
/// `{"key":…,"value":…,"version":…,"written_at":…,"written_in":…}`.
pub(crate) fn read(key: &Key, value: ShownValue<'_>, version: &str, written: Written) -> Vec<u8> {
    let mut out = begin(key, value_bytes(value));
    add_value(&mut out, value);
    add_text(&mut out, "version", version.as_bytes());
    add_text(&mut out, "written_at", &rfc3339::format(written.stamp.millis()));
    add_text(&mut out, "written_in", written.dot.replica.region.as_str().as_bytes());
    out.push(b'}');
    out
}

/// The answer to a write that replaces: `{"key":…,"version":…}`.
pub(crate) fn replaced(key: &Key, version: &str) -> Vec<u8> {
    let mut out = begin(key, 0);
    add_text(&mut out, "version", version.as_bytes());
    out.push(b'}');
    out
}

/// The answer to an operation: `{"key":…,"value":…,"version":…}`.
pub(crate) fn operated(key: &Key, value: ShownValue<'_>, version: &str) -> Vec<u8> {
    let mut out = begin(key, value_bytes(value));
    add_value(&mut out, value);
    add_text(&mut out, "version", version.as_bytes());
    out.push(b'}');
    out
}

fn begin(key: &Key, value_bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.as_str().len() + value_bytes + AROUND_BYTES);
    out.extend_from_slice(b"{\"key\":");
    // Writing a text into memory does not fail.
    drop(serde_json::to_writer(&mut out, key.as_str()));
    out
}

fn value_bytes(value: ShownValue<'_>) -> usize {
    match value {
        ShownValue::Json(text) => text.as_str().len(),
        ShownValue::Integer(_) => 0,
    }
}

fn add_value(out: &mut Vec<u8>, value: ShownValue<'_>) {
    out.extend_from_slice(b",\"value\":");
    match value {
        ShownValue::Json(text) => out.extend_from_slice(text.as_str().as_bytes()),
        ShownValue::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
    }
}

/// Adds a member whose text needs no escapes.
fn add_text(out: &mut Vec<u8>, name: &str, text: &[u8]) {
    for part in [b",\"", name.as_bytes(), b"\":\"", text, b"\""] {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId, ReplicaId};
    use tombolo_datatypes::JsonText;

    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_value_keeps_its_digits_and_a_key_is_escaped() {
        let value = JsonText::parse(b"{\"n\":123456789012345678901234567890,\"f\":1.0}").unwrap();
        let replica = ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(1));
        let stamp = HybridTimestamp::new(1_795_539_075_042, 7);
        let written = Written { dot: Dot::new(replica, 1), stamp };
        let key = Key::new("a\"b/\n").unwrap();
        assert_eq!(
            text(read(&key, ShownValue::Json(&value), "AQ", written)),
            r#"{"key":"a\"b/\n","value":{"n":123456789012345678901234567890,"f":1.0},"#.to_owned()
                + r#""version":"AQ","written_at":"2026-11-24T16:51:15.042Z","written_in":"us-east"}"#
        );
    }

    #[test]
    fn answers_to_writes_have_what_the_contract_says() {
        let key = Key::new("hits").unwrap();
        assert_eq!(text(replaced(&key, "AQ")), r#"{"key":"hits","version":"AQ"}"#);
        assert_eq!(
            text(operated(&key, ShownValue::Integer(-3), "AQ")),
            r#"{"key":"hits","value":-3,"version":"AQ"}"#
        );
    }
}
