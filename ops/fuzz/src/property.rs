//! What holds whatever is read.

use core::fmt::{Debug, Display};

/// The longest error, in characters: a log line and an answer hold it.
const ERROR_CHARS_MAX: usize = 1_500;

/// An error says something, in bounded words that cannot drive a terminal.
#[track_caller]
pub(crate) fn check_clear(error: &impl Display) {
    let said = error.to_string();
    assert!(!said.trim().is_empty(), "an error that says nothing");
    assert!(said.chars().count() <= ERROR_CHARS_MAX, "an error of {} bytes", said.len());
    let is_shown = |c: char| !c.is_control() || c == '\n';
    assert!(said.chars().all(is_shown), "an error with control characters: {said:?}");
}

/// What was read can be written, and is read back as the same from what it is written as.
#[track_caller]
pub(crate) fn check_comes_back<Value, Encoded, Unwritable, Unreadable>(
    value: &Value,
    write: impl Fn(&Value) -> Result<Encoded, Unwritable>,
    read: impl Fn(&Encoded) -> Result<Value, Unreadable>,
) where
    Value: Debug + PartialEq,
    Encoded: Debug + PartialEq,
    Unwritable: Display,
    Unreadable: Display,
{
    let encoded = match write(value) {
        Ok(encoded) => encoded,
        Err(error) => unreachable!("what was read cannot be written: {error}: {value:?}"),
    };
    let again = match read(&encoded) {
        Ok(again) => again,
        Err(error) => unreachable!("what was written cannot be read: {error}: {value:?}"),
    };
    assert_eq!(again, *value, "another value comes back");
    // Equal values have equal bytes.
    assert_eq!(write(&again).ok().as_ref(), Some(&encoded), "other bytes for the same value");
}
