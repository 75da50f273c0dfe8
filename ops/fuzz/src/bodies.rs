//! What a client may send: JSON values, and the bodies that are read further.

use core::cmp::Ordering;

use serde_json::Value;
use tombolo_api::bodies::{BodyRefusal, parse_alteration, parse_definition, parse_patch};
use tombolo_causality::RegionId;
use tombolo_datatypes::{DataType, JsonFault, JsonText, Operation};
use tombolo_resolvers::ResolverKind;

use crate::property::check_clear;

/// How far a counter can be moved: from one end of its range to the other.
const MOVE_MAX: i64 = 2 * ((1 << 53) - 1);

/// Reads `bytes` as a value, as a patch of every data type, and as a table's definition.
///
/// # Panics
/// Where a property is violated.
pub fn bodies(bytes: &[u8]) {
    value(bytes);
    for data_type in DataType::ALL {
        match parse_patch(bytes, data_type) {
            Ok(operation) => check_operation(&operation),
            Err(refusal) => check_refusal(&refusal),
        }
    }
    let regions: Vec<_> = ["us-east", "eu-west"].iter().flat_map(|n| RegionId::new(n)).collect();
    match parse_definition(bytes, &regions) {
        Ok(shape) => {
            let fits = ResolverKind::of(shape.data_type).contains(&shape.resolver);
            assert!(fits, "a table whose resolver is of another type");
        }
        Err(refusal) => check_refusal(&refusal),
    }
    if let Err(refusal) = parse_alteration(bytes) {
        check_refusal(&refusal);
    }
}

/// What is taken means what an established parser says, and is stricter only where it says so.
fn value(bytes: &[u8]) {
    let oracle = serde_json::from_slice::<Value>(bytes);
    match (JsonText::parse(bytes), oracle) {
        (Ok(text), oracle) => {
            let again = JsonText::parse(text.as_str().as_bytes());
            assert_eq!(again.as_ref(), Ok(&text), "compacting twice changes something");
            match oracle {
                Ok(oracle) => {
                    let ours = serde_json::from_str::<Value>(text.as_str());
                    assert_eq!(ours.ok(), Some(oracle), "compacting changes what is meant");
                }
                // It keeps numbers as doubles.
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.contains("number out of range"), "taken here alone: {said}");
                }
            }
            check_value(&text);
        }
        (Err(error), oracle) => {
            check_clear(&error);
            assert!(error.offset <= bytes.len(), "a fault past the end");
            let stricter =
                matches!(error.fault, JsonFault::DuplicateName { .. } | JsonFault::TooDeep);
            assert!(oracle.is_err() || stricter, "refused here alone: {error}");
        }
    }
}

fn check_value(text: &JsonText) {
    assert_eq!(text.cmp_value(text), Ordering::Equal, "a value is not itself");
    if let Some(scalar) = text.canonical_scalar() {
        assert_eq!(scalar.canonical_scalar().as_ref(), Some(&scalar), "two canonical forms");
    }
    let Some(elements) = text.elements() else { return };
    let texts: Vec<_> = elements.iter().map(JsonText::as_str).collect();
    assert_eq!(format!("[{}]", texts.join(",")), text.as_str(), "elements are lost");
    for pair in elements.windows(2) {
        let [a, b] = pair else { continue };
        assert_eq!(a.cmp_value(b), b.cmp_value(a).reverse(), "an order of two minds");
        assert_eq!(a.cmp_value(b) == Ordering::Equal, a == b, "equal and not the same");
    }
}

fn check_operation(operation: &Operation) {
    match operation {
        Operation::Increment(by) => {
            assert!((-2 * MOVE_MAX..=2 * MOVE_MAX).contains(by), "no counter moves by {by}");
        }
        Operation::Elements { added, removed } => {
            for elements in [added, removed] {
                assert!(elements.is_sorted_by(|a, b| a < b), "an element twice");
            }
            let both = added.iter().find(|element| removed.contains(element));
            assert_eq!(both, None, "added and removed");
        }
        Operation::Switch(_) => {}
        other => unreachable!("a patch is no {}", other.name()),
    }
}

fn check_refusal(refusal: &BodyRefusal) {
    check_clear(refusal);
    assert!(matches!(refusal.status, 400 | 422), "refused with {refusal}");
    let is_code = |c: char| c.is_ascii_lowercase() || c == '_';
    assert!(refusal.code.chars().all(is_code), "a code that programs cannot hold on to");
}
