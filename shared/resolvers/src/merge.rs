//! Everything stands: the data type's own join is the answer, and nothing is ever lost.

use tombolo_causality::Dot;
use tombolo_datatypes::{ItemState, TypeState};

use crate::{Lost, Resolver, Shown, ShownValue};

/// See the module.
#[derive(Debug)]
pub(crate) struct Merge;

impl Resolver for Merge {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        let TypeState::Counter(counter) = state.value() else { return Shown::Nothing };
        match counter.live.latest() {
            Some(latest) => Shown::Value(ShownValue::Integer(counter.value()), latest.written()),
            None => Shown::Nothing,
        }
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        let TypeState::Counter(counter) = state.value() else { return Vec::new() };
        counter.live.dots(|()| true)
    }

    fn records<'a>(&self, _: &'a ItemState) -> Vec<Lost<'a>> {
        Vec::new()
    }
}
