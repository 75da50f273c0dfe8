//! The one order of all JSON values, the same in every region.
//!
//! null < boolean < number < string < array < object; false < true; numbers by their exact value;
//! strings by their characters, escapes resolved; arrays element by element, then the shorter
//! first; objects member by member in the order of their names, each by name and then value, then
//! the one with fewer first. Values that mean the same are ordered by their bytes.

use core::cmp::Ordering;

use super::escapes::unescaped;
use super::number;
use super::tree::{Node, parse};

/// Compares two checked, compact texts.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    let kinds = kind(one).cmp(&kind(other));
    let values = kinds.then_with(|| match (quoted(one), quoted(other)) {
        (Some(one), Some(other)) => unescaped(one).cmp(&unescaped(other)),
        _ => cmp_nodes(&parse(one), &parse(other)),
    });
    values.then_with(|| one.cmp(other))
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// The place of a text's kind in the order.
fn kind(text: &str) -> u8 {
    match text.as_bytes().first() {
        Some(b't' | b'f') => 1,
        Some(b'-' | b'0'..=b'9') => 2,
        Some(b'"') => 3,
        Some(b'[') => 4,
        Some(b'{') => 5,
        _ => 0,
    }
}

/// Recurses as deep as a value may be nested.
fn cmp_nodes(one: &Node<'_>, other: &Node<'_>) -> Ordering {
    match (one, other) {
        (Node::Boolean(one), Node::Boolean(other)) => one.cmp(other),
        (Node::Number(one), Node::Number(other)) => number::compare(one, other),
        (Node::Text(one), Node::Text(other)) => one.cmp(other),
        (Node::Array(ones), Node::Array(others)) => {
            first_unequal(ones.iter().zip(others).map(|(one, other)| cmp_nodes(one, other)))
                .then_with(|| ones.len().cmp(&others.len()))
        }
        (Node::Object(ones), Node::Object(others)) => {
            let members = ones.iter().zip(others);
            first_unequal(members.map(|((name, value), (other_name, other_value))| {
                name.cmp(other_name).then_with(|| cmp_nodes(value, other_value))
            }))
            .then_with(|| ones.len().cmp(&others.len()))
        }
        _ => rank(one).cmp(&rank(other)),
    }
}

fn rank(node: &Node<'_>) -> u8 {
    match node {
        Node::Null => 0,
        Node::Boolean(_) => 1,
        Node::Number(_) => 2,
        Node::Text(_) => 3,
        Node::Array(_) => 4,
        Node::Object(_) => 5,
    }
}

fn first_unequal(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_and_what_is_within_them_ascend() {
        let ascending = [
            "null",
            "false",
            "true",
            "-1e400",
            "-0",
            "0",
            "0.0",
            "1",
            "1.0",
            "1e400",
            r#""""#,
            r#""Z""#,
            r#""\u0061""#,
            r#""a""#,
            r#""ab""#,
            r#""é""#,
            r#""😀""#,
            "[]",
            "[null]",
            "[1]",
            "[1,0]",
            "[1,[]]",
            "[2]",
            "{}",
            r#"{"a":1}"#,
            r#"{"a":1,"b":0}"#,
            r#"{"b":0,"a":1.0}"#,
            r#"{"a":2}"#,
            r#"{"b":null}"#,
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (beside, other) in ascending.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&beside), "{one} {other}");
            }
        }
    }

    #[test]
    fn members_in_another_order_mean_the_same_and_are_told_apart_by_their_bytes() {
        let (one, other) = (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#);
        assert!(cmp_nodes(&parse(one), &parse(other)).is_eq());
        assert_eq!(compare(one, other), Ordering::Less);
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            r"-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,2})?(e-?[0-9]{1,2})?",
            prop::sample::select(vec![r#""""#, r#""a""#, r#""\u0061""#, r#""b\n""#, r#""é""#])
                .prop_map(str::to_owned),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let member = (prop::sample::select(vec!["a", "b", "c"]), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(|all| format!("[{}]", all.join(","))),
                prop::collection::vec(member, 0..3).prop_map(|mut all| {
                    all.sort_by_key(|(name, _)| *name);
                    all.dedup_by_key(|(name, _)| *name);
                    let all: Vec<_> = all
                        .iter()
                        .rev()
                        .map(|(name, value)| format!("\"{name}\":{value}"))
                        .collect();
                    format!("{{{}}}", all.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in value(), b in value(), c in value()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b).is_eq(), a == b);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le(), "{} {} {}", a, b, c);
            }
        }
    }
}
