//! The flag: a boolean that regions may switch at the same time.
//!
//! Its state is every live switching. Which side wins is the resolver's to say. The flag exists
//! while anything lives; a DELETE ends all that its author has and leaves nothing.

use tombolo_causality::VersionVector;

use crate::delta::{Basis, Incoming};
use crate::{DataType, Delta, DeltaBody, Live, Operation, OperationError};

/// Every live switching.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FlagState {
    /// The switchings that no other has replaced.
    pub live: Live<bool>,
}

/// To where one change switched it; nothing where it only ends what its context names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagDelta(pub Option<bool>);

impl FlagState {
    /// What it shows where `wins` prevails; nothing where it does not exist.
    pub fn value(&self, wins: bool) -> Option<bool> {
        let is_there = self.live.iter().any(|entry| entry.value == wins);
        let value = if is_there { wins } else { !wins };
        (!self.live.is_empty()).then_some(value)
    }

    /// Whether both sides live, or did when a conflict was settled.
    pub(crate) fn is_contested(&self) -> bool {
        if self.live.has_aside() {
            return true;
        }
        let mut values = self.live.iter().map(|entry| entry.value);
        values.next().is_some_and(|first| values.any(|value| value != first))
    }

    pub(crate) fn operate(
        &self,
        operation: &Operation,
        basis: Basis,
    ) -> Result<Delta, OperationError> {
        let to = match operation {
            Operation::Switch(to) => *to,
            Operation::Put(value) => match value.as_str() {
                "true" => true,
                "false" => false,
                _ => return Err(OperationError::WrongValue { data_type: DataType::Flag }),
            },
            Operation::Delete if self.live.is_empty() => return Err(OperationError::NoSuchItem),
            Operation::Delete => {
                let body = DeltaBody::Flag(FlagDelta(None));
                let mut ctx: Vec<_> = self.live.all().map(|entry| entry.dot).collect();
                ctx.sort_unstable();
                return Ok(Delta::new(ctx, body));
            }
            other => return Err(other.not_of(DataType::Flag)),
        };
        Ok(Delta::new(basis.ctx, DeltaBody::Flag(FlagDelta(Some(to)))))
    }

    pub(crate) fn apply(&mut self, incoming: &Incoming<'_>, delta: &FlagDelta) {
        self.live.remove(incoming.ctx);
        if let Some(to) = delta.0 {
            self.live.insert(incoming.entry(to));
        }
    }

    pub(crate) fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        self.live.join(seen, &other.live, other_seen);
    }
}
