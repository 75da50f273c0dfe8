//! The register: any JSON, replaced whole.
//!
//! Its state is every live write, deletions among them. Which of them stands is the resolver's to
//! say; those that do not stand are the item's open conflicts, so nothing concurrent is dropped.
//! Under a resolver whose choice is for ever, the write that stands may have been replaced by one
//! that stands less: it is kept beside the live ones.

use tombolo_causality::VersionVector;

use crate::delta::{Basis, Incoming};
use crate::{DataType, Entry, JsonText, Live, Operation, OperationError, Written};

/// What one write wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The value, or nothing for a deletion, which is a write like any other.
    pub value: Option<JsonText>,
    /// The deletion on top of which its author wrote, where the resolver counts generations.
    pub generation: Option<Box<Written>>,
}

/// Every live write, and the one that stands where it does not live.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RegisterState {
    /// The writes that no other has replaced.
    pub live: Live<Write>,
    /// The write that stands although another has replaced it; nothing where it lives.
    pub kept: Option<Box<Entry<Write>>>,
}

/// What one change wrote; nothing where it only ends what its context names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterDelta(pub Option<Write>);

impl From<Option<JsonText>> for Write {
    fn from(value: Option<JsonText>) -> Self {
        Self { value, generation: None }
    }
}

impl RegisterState {
    /// The live writes in effect, earliest first, and the kept one.
    pub fn writes(&self) -> impl Iterator<Item = &Entry<Write>> {
        self.live.iter().chain(self.kept.as_deref())
    }

    /// Sees to it that `standing` is there, live or kept.
    pub fn keep(&mut self, standing: Option<Entry<Write>>) {
        let kept = standing.filter(|write| !self.live.holds(&write.dot));
        // What is decided about a write that is replaced arrives in some regions, in others not.
        self.kept = kept.map(|write| Box::new(Entry { settled: None, ..write }));
    }

    /// Whether more than one write is there, so that some have lost, now or before.
    pub(crate) fn is_contested(&self) -> bool {
        self.live.len() > usize::from(self.kept.is_none()) || self.live.has_aside()
    }

    pub(crate) fn operate(
        operation: Operation,
        basis: &Basis,
    ) -> Result<RegisterDelta, OperationError> {
        let value = match operation {
            Operation::Put(value) => Some(value),
            Operation::Delete if basis.is_shown => None,
            Operation::Delete => return Err(OperationError::NoSuchItem),
            other => return Err(other.not_of(DataType::Register)),
        };
        // A deletion opens a generation of its own.
        let generation = basis.generation.filter(|_| value.is_some()).map(Box::new);
        Ok(RegisterDelta(Some(Write { value, generation })))
    }

    pub(crate) fn apply(&mut self, incoming: &Incoming<'_>, delta: &RegisterDelta) {
        self.live.remove(incoming.ctx);
        if let Some(write) = &delta.0 {
            self.live.insert(incoming.entry(write.clone()));
        }
    }

    pub(crate) fn join(&mut self, seen: &VersionVector, other: &Self, other_seen: &VersionVector) {
        self.live.join(seen, &other.live, other_seen);
    }
}
