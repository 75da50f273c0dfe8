//! The operations of a PATCH: one object, whose members are applied together.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use tombolo_datatypes::{CounterState, DataType, JsonText, Operation};

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
    let mut by = 0_i128;
    for (name, operand) in &members {
        by += match (data_type, name.as_str()) {
            (DataType::Counter, "increment") => integer("increment", operand)?,
            (DataType::Counter, "decrement") => -integer("decrement", operand)?,
            _ => return Err(Problem::WrongOperation { data_type, operation: name.clone() }),
        };
    }
    i64::try_from(by).map(Operation::Increment).map_err(|_| Problem::NumberTooLarge)
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
}
