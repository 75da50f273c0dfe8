//! The register: any JSON, replaced whole.
//!
//! Its state is every live write, deletions among them. Which of them stands is the resolver's to
//! say; those that do not stand are the item's open conflicts, so nothing concurrent is dropped.

use tombolo_causality::VersionVector;

use crate::item::Incoming;
use crate::{Entry, JsonText, Live, Operation, OperationError};

/// Every live write; `None` is a deletion, which is a write like any other.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RegisterState {
    /// The writes that no other has replaced.
    pub live: Live<Option<JsonText>>,
}

/// One write: the value, or `None` for a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterDelta(pub Option<JsonText>);

impl RegisterState {
    pub(crate) fn operate(
        operation: Operation,
        is_shown: bool,
    ) -> Result<RegisterDelta, OperationError> {
        match operation {
            Operation::Put(value) => Ok(RegisterDelta(Some(value))),
            Operation::Delete if is_shown => Ok(RegisterDelta(None)),
            Operation::Delete => Err(OperationError::NoSuchItem),
            Operation::Increment(_) => Err(OperationError::NotOfThisType {
                data_type: crate::DataType::Register,
                operation: operation.name(),
            }),
        }
    }

    pub(crate) fn apply(&mut self, incoming: &Incoming<'_>, delta: &RegisterDelta) {
        self.live.remove(incoming.ctx);
        self.live.insert(Entry {
            dot: incoming.dot,
            stamp: incoming.stamp,
            value: delta.0.clone(),
        });
    }

    pub(crate) fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        self.live.join(seen, &other.live, other_seen);
    }
}
