//! Flags: where one was enabled and disabled at the same time, one side prevails. The other side's
//! live writes are open conflicts.

use tombolo_causality::Dot;
use tombolo_datatypes::{Entry, FlagState, ItemState, TypeState};

use crate::shown::has_lost;
use crate::{Lost, Reason, Resolver, Shown, ShownValue, Told};

/// See the module: which side prevails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlagWins(pub(crate) bool);

impl FlagWins {
    /// The flag and what it shows.
    fn of(self, state: &ItemState) -> Option<(&FlagState, bool)> {
        match state.value() {
            TypeState::Flag(flag) => Some((flag, flag.value(self.0)?)),
            _ => None,
        }
    }
}

fn told(entry: &Entry<bool>) -> Told<'static> {
    Told { written: entry.written(), value: Some(ShownValue::Boolean(entry.value)) }
}

impl Resolver for FlagWins {
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a> {
        let stands = self.of(state).and_then(|(flag, value)| {
            flag.live.iter().rfind(|entry| entry.value == value).map(told)
        });
        stands.map_or(Shown::Nothing, Told::shown)
    }

    fn replaces(&self, state: &ItemState) -> Vec<Dot> {
        let dots = self.of(state).map(|(flag, value)| flag.live.dots(|other| *other == value));
        dots.unwrap_or_default()
    }

    fn records<'a>(&self, state: &'a ItemState) -> Vec<Lost<'a>> {
        let Some((flag, value)) = self.of(state) else { return Vec::new() };
        let stands = flag.live.iter().rfind(|entry| entry.value == value).map(told);
        let losers = flag.live.all().filter(|entry| has_lost(entry, entry.value != value));
        let losers =
            stands.into_iter().flat_map(|kept| losers.clone().map(move |entry| (kept, entry)));
        losers
            .map(|(kept, entry)| Lost {
                element: None,
                lost: told(entry),
                kept,
                reason: Reason::Concurrent,
                outcome: entry.outcome(),
            })
            .collect()
    }
}
