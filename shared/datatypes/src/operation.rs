//! What a client may ask of an item, and why a data type may refuse it.

use tombolo_causality::Dot;

use crate::{DataType, Element, JsonText, Outcome};

/// One operation on one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Replace the whole value.
    Put(JsonText),
    /// Add to a counter; below zero to take away.
    Increment(i64),
    /// Add elements to a set and remove others.
    Elements {
        /// What is to be there.
        added: Vec<Element>,
        /// What is not to be there.
        removed: Vec<Element>,
    },
    /// Switch a flag to this.
    Switch(bool),
    /// Remove what is shown.
    Delete,
    /// Settle a conflict, or take that back.
    Settle(Settlement),
}

/// A write of an item that has lost, now or when it was settled, and what is to become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The set's element that it wrote; nothing where it wrote the item itself.
    pub element: Option<Element>,
    /// The change that lost.
    pub dot: Dot,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// What becomes of a lost write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is written anew, on top of what stands.
    Restore,
    /// It is let go.
    Dismiss,
    /// It is as it was before it was settled, and so is what stands, unless somebody has written
    /// since.
    Undo,
}

/// How much of one item there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemLimits {
    /// The longest value; of a set the sum over its elements, each with 24 bytes beside its text.
    pub value_bytes_max: usize,
    /// How many values may stand side by side.
    pub siblings_max: usize,
    /// How many lost writes an item keeps, those that were settled too; the next write to it lets
    /// go of the earliest beyond, first of those that were settled.
    pub conflicts_max: usize,
    /// How many bytes of lost values it keeps, one of any size aside.
    pub conflict_bytes_max: usize,
    /// How long it keeps them; the next write after that lets them go.
    pub conflict_ms_max: u64,
}

impl Default for ItemLimits {
    fn default() -> Self {
        Self {
            value_bytes_max: 1 << 20,
            siblings_max: 100,
            conflicts_max: 100,
            conflict_bytes_max: 4 << 20,
            conflict_ms_max: 30 * 86_400_000,
        }
    }
}

impl Operation {
    /// The word for it in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Put(_) => "put",
            Self::Increment(_) => "increment",
            Self::Elements { .. } => "add or remove",
            Self::Switch(_) => "enable or disable",
            Self::Delete => "delete",
            Self::Settle(_) => "settling of conflicts",
        }
    }

    pub(crate) fn not_of(&self, data_type: DataType) -> OperationError {
        OperationError::NotOfThisType { data_type, operation: self.name() }
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
    /// The value is JSON, and not of the kind that the data type holds.
    #[error("a {data_type} holds {holds}", holds = data_type.holds())]
    WrongValue {
        /// The table's data type.
        data_type: DataType,
    },
    /// The set, or what changes of it at once, would be longer than a value may be.
    #[error("the set or this change of it would be longer than {bytes_max} bytes")]
    TooLarge {
        /// How long a value may be.
        bytes_max: usize,
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
    /// What was written first stands for ever.
    #[error("what is written in this table stands for ever")]
    Immutable,
    /// Something was written first, and stands for ever.
    #[error("the item is already written, and what was written first stands")]
    AlreadyWritten,
    /// As many values stand side by side as may.
    #[error("the item would have more than {max} siblings; replace some of them first")]
    TooManySiblings {
        /// How many may stand.
        max: usize,
    },
    /// Nothing is kept of the lost write, or it never was.
    #[error("there is no such conflict")]
    NoSuchConflict,
    /// The conflict was settled before.
    #[error("the conflict is {} already; undo that first", outcome.name())]
    AlreadySettled {
        /// How.
        outcome: Outcome,
    },
    /// There is nothing to undo.
    #[error("the conflict is open, so there is nothing to undo")]
    NotSettled,
    /// What was restored stands until it is outdone or deleted, whatever is taken back.
    #[error("what was restored stands for ever, or until the item is deleted")]
    NotUndoable,
    /// Written anew it would lose again.
    #[error("it would lose again: {reason}")]
    WouldLoseAgain {
        /// To what.
        reason: &'static str,
    },
}
