//! The largest value stands, or the smallest, whenever it was written: not only among concurrent
//! writes.
//!
//! A deletion opens a generation; a write belongs to that which its author saw, and a later
//! generation stands over an earlier one. Within it the value decides, in the order of JSON values,
//! then the smallest (stamp, replica). A write that does not reach what stands is durable, and an
//! open conflict, unless it wrote the same.

use core::cmp::Ordering;

use tombolo_causality::Dot;
use tombolo_datatypes::{
    Basis, Delta, Entry, ItemState, JsonText, Presence, TypeState, Write, Written,
};

use crate::shown::has_lost;
use crate::{Lost, Reason, Resolver, Shown, Told, keeping};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extreme {
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

impl Extreme {
    fn order(self) -> keeping::Order {
        match self {
            Self::Max => |one, other| order(one, other, JsonText::cmp_value),
            Self::Min => |one, other| order(one, other, |one, other| other.cmp_value(one)),
        }
    }

    fn standing(self, state: &ItemState) -> Option<&Entry<Write>> {
        keeping::standing(state, self.order())
    }
}

fn order(
    one: &Entry<Write>,
    other: &Entry<Write>,
    values: impl Fn(&JsonText, &JsonText) -> Ordering,
) -> Ordering {
    let generations = generation(one).cmp(&generation(other));
    generations
        .then_with(|| match (&one.value.value, &other.value.value) {
            (Some(one), Some(other)) => values(one, other),
            // The deletion that opened the generation.
            (one, other) => one.is_some().cmp(&other.is_some()),
        })
        .then_with(|| other.written().cmp(&one.written()))
}

/// The generation that a write belongs to; a deletion's is its own.
fn generation(write: &Entry<Write>) -> Option<Written> {
    match write.value.value {
        Some(_) => write.value.generation.as_deref().copied(),
        None => Some(write.written()),
    }
}

impl Resolver for Extreme {
    fn join(&self, state: &mut ItemState, written: Written, delta: &Delta) -> bool {
        keeping::join(state, self.order(), written, delta)
    }

    fn join_states(&self, state: &mut ItemState, other: &ItemState) {
        keeping::join_states(state, self.order(), other);
    }

    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        self.standing(state).map_or(Shown::Nothing, |write| Told::of(write).shown())
    }

    /// What stands, and the live writes of the same value.
    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        let (TypeState::Register(register), Some(stands)) = (state.value(), self.standing(state))
        else {
            return Vec::new();
        };
        let mut dots = register.live.dots(|write| write.value == stands.value.value);
        if let Err(at) = dots.binary_search(&stands.dot) {
            dots.insert(at, stands.dot);
        }
        dots
    }

    fn records<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>> {
        let (TypeState::Register(register), Some(stands)) = (state.value(), self.standing(state))
        else {
            return Vec::new();
        };
        let beyond = match self {
            Self::Max => Reason::LowerThanStanding,
            Self::Min => Reason::HigherThanStanding,
        };
        let (kept, present) = (Told::of(stands), generation(stands));
        let differs = |write: &Entry<Write>| write.value.value != stands.value.value;
        let losers = register.live.all().filter(|write| has_lost(write, differs(write)));
        losers
            .map(|write| {
                let is_present = generation(write) == present;
                let reason = if is_present { beyond } else { Reason::EarlierGeneration };
                let outcome = write.outcome();
                Lost { element: None, lost: Told::of(write), kept, reason, outcome }
            })
            .collect()
    }

    fn basis(&self, state: &ItemState) -> Basis {
        Basis {
            ctx: self.replaces(state),
            is_shown: self.shown(state).is_value(),
            generation: self.standing(state).and_then(generation),
            wins: Presence::Added,
        }
    }
}
