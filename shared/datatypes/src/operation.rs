//! What a client may ask of an item, and why a data type may refuse it.

use crate::{DataType, JsonText};

/// One operation on one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Replace the whole value.
    Put(JsonText),
    /// Add to a counter; below zero to take away.
    Increment(i64),
    /// Remove what is shown.
    Delete,
}

impl Operation {
    /// The word for it in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Put(_) => "put",
            Self::Increment(_) => "increment",
            Self::Delete => "delete",
        }
    }
}

/// Why an operation was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The data type has no such operation.
    #[error("a {data_type} takes no {operation}")]
    NotOfThisType {
        /// The table's data type.
        data_type: DataType,
        /// The operation's name.
        operation: &'static str,
    },
    /// The counter would leave ± (2⁵³ − 1).
    #[error("the counter stands at {value}; {by:+} would leave the range of ±(2^53 - 1)")]
    CounterOverflow {
        /// The value before.
        value: i64,
        /// The increment asked for.
        by: i64,
    },
    /// There is nothing to remove.
    #[error("there is no such item")]
    NoSuchItem,
}
