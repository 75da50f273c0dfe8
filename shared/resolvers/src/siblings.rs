//! Everything that lives stands: concurrent values are shown side by side until somebody who has
//! seen them writes one in their place.
//!
//! A deletion beside a value is not shown, and goes with the next write.

use tombolo_causality::Dot;
use tombolo_datatypes::{
    Basis, ItemLimits, ItemState, Operation, OperationError, RegisterState, TypeState,
};

use crate::{Lost, Resolver, Shown, ShownValue, Siblings as SideBySide};

/// See the module.
#[derive(Debug)]
pub(crate) struct Siblings;

fn register(state: &ItemState) -> Option<&RegisterState> {
    match state.value() {
        TypeState::Register(register) => Some(register),
        _ => None,
    }
}

impl Resolver for Siblings {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        let Some(register) = register(state) else { return Shown::Nothing };
        let siblings = SideBySide(register);
        let mut values = siblings.values();
        match (values.next(), values.next()) {
            (None, _) => Shown::Nothing,
            (Some((value, written)), None) => Shown::Value(ShownValue::Json(value), written),
            (Some(_), Some(_)) => Shown::Siblings(siblings),
        }
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        register(state).map(|register| register.live.dots(|_| true)).unwrap_or_default()
    }

    fn records<'a>(&self, _: &'a ItemState) -> Vec<Lost<'a>> {
        Vec::new()
    }

    fn permit(
        &self,
        state: &ItemState,
        operation: &Operation,
        basis: &Basis,
        limits: &ItemLimits,
    ) -> Result<(), OperationError> {
        let (Operation::Put(_) | Operation::Delete, Some(register)) = (operation, register(state))
        else {
            return Ok(());
        };
        // Deletions count too: one that replaces nothing stays beside what it was to delete.
        let live = register.live.iter();
        let left = live.filter(|write| basis.ctx.binary_search(&write.dot).is_err()).count();
        let max = limits.siblings_max;
        if left < max { Ok(()) } else { Err(OperationError::TooManySiblings { max }) }
    }
}
