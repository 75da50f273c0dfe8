//! Sets: where an element was added and removed at the same time, one side prevails.
//!
//! `add_wins`: it is present exactly when some adding of it was seen by no removing. `remove_wins`:
//! exactly when it was added and every removing of it was seen by some adding. The other side's
//! live writes are open conflicts of that element.

use tombolo_causality::Dot;
use tombolo_datatypes::{Basis, Element, ItemState, Live, Presence, SetState, TypeState, standing};

use crate::shown::has_lost;
use crate::{Lost, Reason, Resolver, Shown, ShownSet, ShownValue, Told};

/// See the module: which side prevails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetWins(pub(crate) Presence);

fn set(state: &ItemState) -> Option<&SetState> {
    match state.value() {
        TypeState::Set(set) => Some(set),
        _ => None,
    }
}

impl Resolver for SetWins {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        let Some(set) = set(state) else { return Shown::Nothing };
        let latest = set.live.latest();
        latest.map_or(Shown::Nothing, |latest| {
            let value = ShownValue::Set(ShownSet { state: set, wins: self.0 });
            Shown::Value(value, latest.written())
        })
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        set(state).map(|set| set.live.dots(|()| true)).unwrap_or_default()
    }

    fn records<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>> {
        let elements = set(state).into_iter().flat_map(|set| &set.elements);
        elements.flat_map(|(element, live)| lost_of(element, live, self.0)).collect()
    }

    fn basis(&self, state: &ItemState) -> Basis {
        Basis {
            ctx: self.replaces(state),
            is_shown: self.shown(state).is_value(),
            generation: None,
            wins: self.0,
        }
    }
}

fn lost_of<'a>(
    element: &'a Element,
    live: &'a Live<Presence>,
    wins: Presence,
) -> impl Iterator<Item = Lost<'a>> {
    let told = |entry: &tombolo_datatypes::Entry<Presence>| Told {
        written: entry.written(),
        value: (entry.value == Presence::Added).then(|| ShownValue::Json(element.text())),
    };
    let stands = standing(live, wins);
    let kept = live.iter().rfind(|entry| Some(entry.value) == stands).map(told);
    kept.into_iter().flat_map(move |kept| {
        let losers = live.all().filter(move |entry| has_lost(entry, Some(entry.value) != stands));
        losers.map(move |entry| Lost {
            element: Some(element),
            lost: told(entry),
            kept,
            reason: Reason::Concurrent,
            outcome: entry.outcome(),
        })
    })
}
