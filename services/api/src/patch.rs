//! The operations of a PATCH: one object, whose members are applied together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use tombolo_datatypes::{CounterState, DataType, Element, JsonText, Operation};

use crate::language::OPERATIONS;
use crate::problem::{Problem, excerpt};

/// Reads what `text` asks of an item of `data_type`.
pub(crate) fn parse(text: &JsonText, data_type: DataType) -> Result<Operation, Problem> {
    if !text.as_str().starts_with('{') {
        return Err(bad("it is not an object"));
    }
    let members = serde_json::from_str(text.as_str());
    let members: BTreeMap<String, &RawValue> =
        members.map_err(|error| bad(format!("it cannot be read: {error}")))?;
    if let Some(name) = members.keys().find(|name| !OPERATIONS.contains(&name.as_str())) {
        let known = OPERATIONS.join(", ");
        return Err(bad(format!("{:?} is none of the operations {known}", excerpt(name))));
    }
    if members.is_empty() {
        return Err(bad("it names no operation"));
    }
    let wrong = |name: &str| Err(Problem::WrongOperation { data_type, operation: name.to_owned() });
    let fits = |name: &&String| operations(data_type).contains(&name.as_str());
    if let Some(name) = members.keys().find(|name| !fits(name)) {
        return wrong(name);
    }
    let operand = |name: &str| members.get(name).copied();
    match data_type {
        DataType::Counter => increment(operand("increment"), operand("decrement")),
        DataType::Set => elements(operand("add"), operand("remove")),
        DataType::Flag => switch(operand("enable"), operand("disable")),
        // It has no operations, so there is nothing left.
        DataType::Register => wrong("patch"),
    }
}

/// The operations of a PATCH that a data type has.
fn operations(data_type: DataType) -> &'static [&'static str] {
    match data_type {
        DataType::Register => &[],
        DataType::Counter => &["increment", "decrement"],
        DataType::Set => &["add", "remove"],
        DataType::Flag => &["enable", "disable"],
    }
}

fn increment(up: Option<&RawValue>, down: Option<&RawValue>) -> Result<Operation, Problem> {
    let up = up.map_or(Ok(0), |operand| integer("increment", operand))?;
    let down = down.map_or(Ok(0), |operand| integer("decrement", operand))?;
    i64::try_from(up - down).map(Operation::Increment).map_err(|_| Problem::NumberTooLarge)
}

fn elements(added: Option<&RawValue>, removed: Option<&RawValue>) -> Result<Operation, Problem> {
    let added = added.map_or(Ok(BTreeSet::new()), |operand| scalars("add", operand))?;
    let removed = removed.map_or(Ok(BTreeSet::new()), |operand| scalars("remove", operand))?;
    if let Some(both) = added.intersection(&removed).next() {
        return Err(bad(format!("it adds and removes {}", excerpt(both.text().as_str()))));
    }
    let (added, removed) = (added.into_iter().collect(), removed.into_iter().collect());
    Ok(Operation::Elements { added, removed })
}

fn switch(on: Option<&RawValue>, off: Option<&RawValue>) -> Result<Operation, Problem> {
    let is_true = |operand: Option<&RawValue>| operand.is_some_and(|o| o.get() == "true");
    match (on, off) {
        (Some(_), Some(_)) => Err(bad("it enables and disables")),
        (operand, None) if is_true(operand) => Ok(Operation::Switch(true)),
        (None, operand) if is_true(operand) => Ok(Operation::Switch(false)),
        _ => Err(bad("`enable` and `disable` take nothing but true")),
    }
}

/// The elements that `operand` lists.
fn scalars(operation: &str, operand: &RawValue) -> Result<BTreeSet<Element>, Problem> {
    let takes =
        || bad(format!("`{operation}` takes an array of strings, numbers, booleans, nulls"));
    let elements = JsonText::from_checked(operand.get()).elements().ok_or_else(takes)?;
    elements.iter().map(|value| Element::new(value).ok_or_else(takes)).collect()
}

/// The integer that `operand` writes: digits alone, so that no reader rounds it.
fn integer(operation: &str, operand: &RawValue) -> Result<i128, Problem> {
    let text = operand.get();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad(format!("`{operation}` takes an integer, not {}", excerpt(text))));
    }
    // Wider than a counter can be moved from one end to the other is no operand at all.
    let number = text.parse::<i64>().map_err(|_| Problem::NumberTooLarge)?;
    if number.unsigned_abs() > 2 * CounterState::VALUE_MAX.unsigned_abs() {
        return Err(Problem::NumberTooLarge);
    }
    Ok(number.into())
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::BadPatch { detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, data_type: DataType) -> Result<Operation, &'static str> {
        let text = JsonText::parse(text.as_bytes()).unwrap();
        parse(&text, data_type).map_err(|problem| problem.entry().code)
    }

    #[test]
    fn a_counter_is_moved_by_the_sum_of_what_is_asked() {
        for (text, by) in [
            (r#"{"increment":3}"#, 3),
            (r#"{"decrement":2}"#, -2),
            (r#"{"increment":-3}"#, -3),
            (r#"{"increment":5,"decrement":7}"#, -2),
            (r#"{"increment":-0}"#, 0),
            (r#"{"increment":9007199254740991}"#, 9_007_199_254_740_991),
        ] {
            assert_eq!(parsed(text, DataType::Counter), Ok(Operation::Increment(by)), "{text}");
        }
    }

    #[test]
    fn what_is_no_integer_is_bad_and_what_is_too_large_does_not_fit() {
        for text in [
            r#"{"increment":1.5}"#,
            r#"{"increment":3.0}"#,
            r#"{"increment":1e3}"#,
            r#"{"increment":"3"}"#,
            r#"{"increment":null}"#,
            r#"{"increment":[1]}"#,
            r#"{"raise":1}"#,
            r#"{"increment":1,"raise":1}"#,
            "{}",
            "[]",
            "3",
        ] {
            assert_eq!(parsed(text, DataType::Counter), Err("bad_patch"), "{text}");
        }
        for text in [
            r#"{"increment":99999999999999999999999999}"#,
            r#"{"decrement":9223372036854775808}"#,
            r#"{"increment":9223372036854775807}"#,
        ] {
            assert_eq!(parsed(text, DataType::Counter), Err("counter_overflow"), "{text}");
        }
    }

    #[test]
    fn an_operation_of_another_type_does_not_fit() {
        let wrong = Err("wrong_type_operation");
        assert_eq!(parsed(r#"{"add":["a"]}"#, DataType::Counter), wrong);
        assert_eq!(parsed(r#"{"increment":1,"enable":true}"#, DataType::Counter), wrong);
        assert_eq!(parsed(r#"{"increment":1}"#, DataType::Register), wrong);
        assert_eq!(parsed("{}", DataType::Register), Err("bad_patch"));
    }

    #[test]
    fn elements_are_added_and_removed_together_each_once() {
        let element =
            |text: &str| Element::new(&JsonText::parse(text.as_bytes()).unwrap()).unwrap();
        let expected = Operation::Elements {
            added: vec![element("1"), element(r#""a""#)],
            removed: vec![element("null")],
        };
        let text = r#"{"remove":[null],"add":["\u0061",1,"a"]}"#;
        assert_eq!(parsed(text, DataType::Set), Ok(expected));
        let nothing = Operation::Elements { added: vec![], removed: vec![] };
        assert_eq!(parsed(r#"{"add":[]}"#, DataType::Set), Ok(nothing));
    }

    #[test]
    fn what_is_no_element_or_both_added_and_removed_is_bad() {
        for text in [
            r#"{"add":"a"}"#,
            r#"{"add":[["a"]]}"#,
            r#"{"remove":[{}]}"#,
            r#"{"add":["a"],"remove":["b","\u0061"]}"#,
            r#"{"add":["a"],"raise":1}"#,
        ] {
            assert_eq!(parsed(text, DataType::Set), Err("bad_patch"), "{text}");
        }
        assert_eq!(parsed(r#"{"enable":true}"#, DataType::Set), Err("wrong_type_operation"));
    }

    #[test]
    fn a_flag_is_switched_one_way_by_true_alone() {
        assert_eq!(parsed(r#"{"enable":true}"#, DataType::Flag), Ok(Operation::Switch(true)));
        assert_eq!(parsed(r#"{"disable":true}"#, DataType::Flag), Ok(Operation::Switch(false)));
        for text in [
            r#"{"enable":false}"#,
            r#"{"disable":1}"#,
            r#"{"enable":true,"disable":true}"#,
            r#"{"enable":true,"disable":false}"#,
        ] {
            assert_eq!(parsed(text, DataType::Flag), Err("bad_patch"), "{text}");
        }
        assert_eq!(parsed(r#"{"add":[]}"#, DataType::Flag), Err("wrong_type_operation"));
    }
}
