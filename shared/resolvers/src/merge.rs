//! Everything stands: the data type's own join is the answer, and nothing is ever lost.

use tombolo_causality::Dot;
use tombolo_datatypes::{ItemState, JsonText, TypeState};

use crate::{Resolver, Shown, ShownValue, Written};

/// See the module.
#[derive(Debug)]
pub(crate) struct Merge;

impl Resolver for Merge {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        let TypeState::Counter(counter) = state.value() else { return Shown::Nothing };
        match counter.live.latest() {
            Some(latest) => Shown::Value(
                ShownValue::Integer(counter.value()),
                Written { dot: latest.dot, stamp: latest.stamp },
            ),
            None => Shown::Nothing,
        }
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        let TypeState::Counter(counter) = state.value() else { return Vec::new() };
        let mut dots: Vec<_> = counter.live.iter().map(|entry| entry.dot).collect();
        dots.sort_unstable();
        dots
    }

    fn lost<'a>(&self, _: &'a ItemState) -> Vec<(Written, Option<&'a JsonText>)> {
        Vec::new()
    }
}
