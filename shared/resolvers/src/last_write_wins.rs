//! The largest (stamp, replica) stands. A deletion is a write like any other.
//!
//! What has lost stays in the state, unseen by readers and named by the conflict log, until a write
//! whose `ctx` holds it. Clocks decide which value stands; they never decide what is kept.

use tombolo_causality::Dot;
use tombolo_datatypes::{Entry, ItemState, JsonText, TypeState};

use crate::{Resolver, Shown, ShownValue, Written};

/// See the module.
#[derive(Debug)]
pub(crate) struct LastWriteWins;

type Write = Entry<Option<JsonText>>;

fn standing(state: &ItemState) -> Option<&Write> {
    match state.value() {
        TypeState::Register(register) => register.live.latest(),
        TypeState::Counter(_) => None,
    }
}

fn written(write: &Write) -> Written {
    Written { dot: write.dot, stamp: write.stamp }
}

impl Resolver for LastWriteWins {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        match standing(state) {
            Some(write @ Entry { value: Some(value), .. }) => {
                Shown::Value(ShownValue::Json(value), written(write))
            }
            _ => Shown::Nothing,
        }
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        standing(state).map(|write| write.dot).into_iter().collect()
    }

    fn lost<'a>(&self, state: &'a ItemState) -> Vec<(Written, Option<&'a JsonText>)> {
        let TypeState::Register(register) = state.value() else { return Vec::new() };
        let beaten = register.live.len().saturating_sub(1);
        let losers = register.live.iter().take(beaten);
        losers.map(|write| (written(write), write.value.as_ref())).collect()
    }
}
