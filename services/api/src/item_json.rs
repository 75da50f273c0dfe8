//! An item as JSON, written by hand: values are spliced in as the text in which they were sent, so
//! that nothing is parsed and printed again.

use tombolo_replication::Key;
use tombolo_resolvers::{Shown, ShownValue, Siblings, Written};

use crate::rfc3339;

/// Room for everything but key and value.
const AROUND_BYTES: usize = 256;

/// The answer to a read: `{"key":…,"value":…,"version":…,"written_at":…,"written_in":…}`, or with
/// `"siblings":[{"value":…,"written_at":…,"written_in":…},…]` in place of the value. Nothing where
/// nothing is shown.
pub(crate) fn read(key: &Key, shown: Shown<'_>, version: &str) -> Option<Vec<u8>> {
    let mut out = begin(key, shown_bytes(shown));
    let latest = add_shown(&mut out, shown)?;
    add_text(&mut out, "version", version.as_bytes());
    add_written(&mut out, latest);
    out.push(b'}');
    Some(out)
}

/// The answer to a write that replaces: `{"key":…,"version":…}`.
pub(crate) fn replaced(key: &Key, version: &str) -> Vec<u8> {
    let mut out = begin(key, 0);
    add_text(&mut out, "version", version.as_bytes());
    out.push(b'}');
    out
}

/// The answer to an operation: `{"key":…,"value":…,"version":…}`. Nothing where nothing is shown.
pub(crate) fn operated(key: &Key, shown: Shown<'_>, version: &str) -> Option<Vec<u8>> {
    let mut out = begin(key, shown_bytes(shown));
    add_shown(&mut out, shown)?;
    add_text(&mut out, "version", version.as_bytes());
    out.push(b'}');
    Some(out)
}

/// Appends a value.
pub(crate) fn add_value(out: &mut Vec<u8>, value: ShownValue<'_>) {
    match value {
        ShownValue::Json(text) => out.extend_from_slice(text.as_str().as_bytes()),
        ShownValue::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        ShownValue::Boolean(value) => out.extend_from_slice(value.to_string().as_bytes()),
        ShownValue::Set(set) => {
            out.push(b'[');
            for (at, element) in set.elements().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(element.text().as_str().as_bytes());
            }
            out.push(b']');
        }
    }
}

fn begin(key: &Key, value_bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.as_str().len() + value_bytes + AROUND_BYTES);
    out.extend_from_slice(b"{\"key\":");
    // Writing a text into memory does not fail.
    drop(serde_json::to_writer(&mut out, key.as_str()));
    out
}

/// How long the value is, where that is quickly said.
fn shown_bytes(shown: Shown<'_>) -> usize {
    match shown {
        Shown::Value(ShownValue::Json(text), _) => text.as_str().len(),
        _ => 0,
    }
}

/// Adds the value or the siblings; answers the latest of the changes behind it.
fn add_shown(out: &mut Vec<u8>, shown: Shown<'_>) -> Option<Written> {
    match shown {
        Shown::Nothing => None,
        Shown::Value(value, written) => {
            out.extend_from_slice(b",\"value\":");
            add_value(out, value);
            Some(written)
        }
        Shown::Siblings(siblings) => add_siblings(out, siblings),
    }
}

fn add_siblings(out: &mut Vec<u8>, siblings: Siblings<'_>) -> Option<Written> {
    out.extend_from_slice(b",\"siblings\":[");
    for (at, (value, written)) in siblings.values().enumerate() {
        let before: &[u8] = if at > 0 { b",{\"value\":" } else { b"{\"value\":" };
        out.extend_from_slice(before);
        out.extend_from_slice(value.as_str().as_bytes());
        add_written(out, written);
        out.push(b'}');
    }
    out.push(b']');
    siblings.values().last().map(|(_, written)| written)
}

/// Adds when and where something was written.
fn add_written(out: &mut Vec<u8>, written: Written) {
    add_text(out, "written_at", &rfc3339::format(written.stamp.millis()));
    add_text(out, "written_in", written.dot.replica.region.as_str().as_bytes());
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

    fn written() -> Written {
        let replica = ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(1));
        let stamp = HybridTimestamp::new(1_795_539_075_042, 7);
        Written { dot: Dot::new(replica, 1), stamp }
    }

    #[test]
    fn a_value_keeps_its_digits_and_a_key_is_escaped() {
        let value = JsonText::parse(b"{\"n\":123456789012345678901234567890,\"f\":1.0}").unwrap();
        let written = written();
        let key = Key::new("a\"b/\n").unwrap();
        assert_eq!(
            text(read(&key, Shown::Value(ShownValue::Json(&value), written), "AQ").unwrap()),
            r#"{"key":"a\"b/\n","value":{"n":123456789012345678901234567890,"f":1.0},"#.to_owned()
                + r#""version":"AQ","written_at":"2026-11-24T16:51:15.042Z","written_in":"us-east"}"#
        );
    }

    #[test]
    fn answers_to_writes_have_what_the_contract_says() {
        let key = Key::new("hits").unwrap();
        assert_eq!(text(replaced(&key, "AQ")), r#"{"key":"hits","version":"AQ"}"#);
        assert_eq!(
            text(operated(&key, Shown::Value(ShownValue::Integer(-3), written()), "AQ").unwrap()),
            r#"{"key":"hits","value":-3,"version":"AQ"}"#
        );
    }
}
