//! The largest (stamp, replica) stands. A deletion is a write like any other.
//!
//! What has lost stays in the state, unseen by readers and named by the conflict log, until a write
//! whose `ctx` holds it. Clocks decide which value stands; they never decide what is kept.

use tombolo_causality::Dot;
use tombolo_datatypes::{Entry, ItemState, TypeState, Write};

use crate::{Lost, Resolver, Shown, Told};

/// See the module.
#[derive(Debug)]
pub(crate) struct LastWriteWins;

fn standing(state: &ItemState) -> Option<&Entry<Write>> {
    match state.value() {
        TypeState::Register(register) => register.live.latest(),
        _ => None,
    }
}

impl Resolver for LastWriteWins {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        standing(state).map_or(Shown::Nothing, |write| Told::of(write).shown())
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        standing(state).map(|write| write.dot).into_iter().collect()
    }

    fn records<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>> {
        let TypeState::Register(register) = state.value() else { return Vec::new() };
        let Some(latest) = register.live.latest() else { return Vec::new() };
        Lost::beside(latest, register)
    }
}
