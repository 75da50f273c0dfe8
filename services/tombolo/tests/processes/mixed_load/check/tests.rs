//! That what is lost, doubled or made up is found.

use serde_json::json;

use super::*;
use crate::support::Version;

/// A write of the client in `a` that was shown so many writes of `a` and `b`, its own among them.
fn entry(written: Written, a: u64, b: u64) -> Entry {
    let version = Version::from([("a:1:0", a), ("b:1:0", b)]);
    Entry { region: "a", written, version: Some(version), began: 2 * a, ended: 2 * a + 1 }
}

fn text(text: &str) -> Written {
    Written::Unique(text.to_owned())
}

/// The objection to a value of a register that held `null`, and to what was discarded.
fn objection(entries: &[Entry], value: &Value, lost: &[Value]) -> Option<String> {
    unique(entries, value, &lost.iter().collect::<Vec<_>>(), &Value::Null)
}

#[test]
fn a_text_may_stand_or_be_kept_as_lost_or_be_replaced_by_who_saw_it() {
    let other = Entry { region: "b", ..entry(text("other"), 0, 1) };
    let both = [entry(text("one"), 1, 0), other];
    assert_eq!(objection(&both, &json!("one"), &[json!("other")]), None);
    assert!(objection(&both, &json!("one"), &[]).is_some_and(|told| told.contains("other")));
    assert!(objection(&both, &json!("one"), &[json!("one"), json!("other")]).is_some());
    assert!(objection(&both, &json!("made up"), &[json!("one"), json!("other")]).is_some());
    assert!(objection(&both, &Value::Null, &[json!("one"), json!("other")]).is_some());

    let later = [entry(text("one"), 1, 0), entry(text("two"), 2, 0)];
    assert_eq!(objection(&later, &json!("two"), &[]), None);
    assert!(objection(&later, &json!("one"), &[]).is_some_and(|told| told.contains("two")));
}

#[test]
fn a_text_may_be_gone_only_where_somebody_deleted_it_later() {
    let deleted =
        [entry(text("one"), 1, 0), Entry { version: None, ..entry(Written::Deleted, 2, 0) }];
    assert_eq!(objection(&deleted, &Value::Null, &[]), None);
    let before =
        [Entry { version: None, ..entry(Written::Deleted, 1, 0) }, entry(text("one"), 2, 0)];
    assert!(objection(&before, &Value::Null, &[]).is_some());
    // What nobody knows of may be there, or not.
    let unknown = [entry(text("one"), 1, 0), Entry { version: None, ..entry(text("two"), 2, 0) }];
    for value in ["one", "two"] {
        let lost: &[_] = if value == "two" { &[json!("one")] } else { &[] };
        assert_eq!(objection(&unknown, &json!(value), lost), None);
    }
}

#[test]
fn numbers_elements_and_flags_are_exactly_what_was_acknowledged() {
    let numbers = [entry(Written::Number(7), 1, 0), entry(Written::Number(3), 2, 0)];
    assert_eq!(best(&numbers, &json!(7)), None);
    assert!(best(&numbers, &json!(3)).is_some() && best(&[], &json!(3)).is_some());

    let counts = [entry(Written::Increment(7), 1, 0), entry(Written::Increment(3), 2, 0)];
    assert_eq!(counted(&counts, &json!(10)), None);
    assert!(counted(&counts, &json!(7)).is_some());

    let touch = |element: &str, is_added| Written::Element { element: element.into(), is_added };
    let elements = [
        entry(touch("x", true), 1, 0),
        entry(touch("y", true), 2, 0),
        entry(touch("x", false), 3, 0),
    ];
    assert_eq!(gathered(&elements, &json!(["y"])), None);
    for wrong in [json!([]), json!(["x", "y"]), json!(["y", "z"])] {
        assert!(gathered(&elements, &wrong).is_some(), "{wrong}");
    }

    // Switched off by who had not seen that it was on: it is on.
    let off = Entry { region: "b", ..entry(Written::Switched(false), 0, 1) };
    let flags = [entry(Written::Switched(true), 1, 0), off];
    assert_eq!(switched(&flags, &json!(true)), None);
    assert!(switched(&flags, &json!(false)).is_some());
    let flags = [entry(Written::Switched(true), 1, 0), entry(Written::Switched(false), 2, 0)];
    assert_eq!(switched(&flags, &json!(false)), None);
    assert!(switched(&flags, &json!(true)).is_some());
}
