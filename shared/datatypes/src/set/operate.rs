//! What an operation does to a set as it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::{Element, Presence, SetDelta, SetState, Touch, standing};
use crate::delta::DOT_BYTES;
use crate::{Basis, DataType, ItemLimits, JsonText, Operation, OperationError};

/// What an element takes beside its text, in a delta and in a row.
const ELEMENT_BYTES: usize = 24;

impl SetState {
    pub(crate) fn operate(
        &self,
        operation: &Operation,
        basis: &Basis,
        limits: &ItemLimits,
    ) -> Result<SetDelta, OperationError> {
        let wins = basis.wins;
        let delta = match operation {
            Operation::Elements { added, removed } => {
                let removed = removed.iter().map(|element| (element, Presence::Removed));
                let added = added.iter().map(|element| (element, Presence::Added));
                self.delta(removed.chain(added), wins, true)
            }
            Operation::Put(value) => {
                let listed = listed(value)?;
                let unlisted = self.present(wins).filter(|element| !listed.contains(*element));
                let removed = unlisted.map(|element| (element, Presence::Removed));
                let added = listed.iter().map(|element| (element, Presence::Added));
                self.delta(removed.chain(added), wins, true)
            }
            Operation::Delete if self.live.is_empty() => return Err(OperationError::NoSuchItem),
            Operation::Delete => {
                let removed = self.present(wins).map(|element| (element, Presence::Removed));
                self.delta(removed, wins, false)
            }
            other => return Err(other.not_of(DataType::Set)),
        };
        self.check_size(&delta, wins, limits.value_bytes_max)?;
        Ok(delta)
    }

    /// Writes each of `writes` on top of what stands there; of two for one element the later.
    fn delta<'a>(
        &self,
        writes: impl Iterator<Item = (&'a Element, Presence)>,
        wins: Presence,
        exists: bool,
    ) -> SetDelta {
        let mut touched = BTreeMap::new();
        for (element, presence) in writes {
            let replaced = self.elements.get(element).map(|live| {
                let stands = standing(live, wins);
                live.dots(|presence| Some(*presence) == stands)
            });
            let touch = Touch { replaced: replaced.unwrap_or_default(), presence: Some(presence) };
            touched.insert(element.clone(), touch);
        }
        SetDelta { touched, exists }
    }

    /// A set is a value, and so bounded; and so is what one change says of it.
    fn check_size(
        &self,
        delta: &SetDelta,
        wins: Presence,
        bytes_max: usize,
    ) -> Result<(), OperationError> {
        let too_large = Err(OperationError::TooLarge { bytes_max });
        if delta.bytes() > bytes_max {
            return too_large;
        }
        let added = delta.touched.iter().filter(|(_, t)| t.presence == Some(Presence::Added));
        let added: usize = added.map(|(element, _)| weight(element)).sum();
        if added == 0 {
            return Ok(());
        }
        let others = self.present(wins).filter(|element| !delta.touched.contains_key(*element));
        let others: usize = others.map(weight).sum();
        if others + added > bytes_max { too_large } else { Ok(()) }
    }
}

impl SetDelta {
    /// About how long it is, and no shorter than its encoding.
    pub(crate) fn bytes(&self) -> usize {
        let touched = self.touched.iter();
        touched.map(|(element, touch)| weight(element) + DOT_BYTES * touch.replaced.len()).sum()
    }
}

/// What an element weighs.
pub(crate) fn weight(element: &Element) -> usize {
    element.text().as_str().len() + ELEMENT_BYTES
}

/// The elements of an array of scalars, each once.
fn listed(value: &JsonText) -> Result<BTreeSet<Element>, OperationError> {
    let elements = value.elements().map(|all| all.iter().map(Element::new).collect());
    elements.flatten().ok_or(OperationError::WrongValue { data_type: DataType::Set })
}
