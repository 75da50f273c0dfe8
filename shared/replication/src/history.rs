//! Why an item shows what it shows: the writes that live in it, as they were written.

use tombolo_datatypes::{Element, ItemState, JsonText, Presence, TypeState, Written};
use tombolo_resolvers::ResolverKind;

use crate::conflicts::path;

/// A write that lives in an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryWrite {
    /// Where in the item, as in a [`ConflictRecord`](crate::ConflictRecord).
    pub path: String,
    /// The change, and when.
    pub written: Written,
    /// What it wrote.
    pub wrote: Wrote,
    /// Whether it stands; if not, it is an open conflict.
    pub stands: bool,
}

/// What a write wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// This value.
    Value(JsonText),
    /// Nothing: it removed.
    Removal,
    /// A part of a sum.
    Part,
}

/// At most `max` of the writes that live in `state`: of the item, or element by element.
pub fn history(state: &ItemState, resolver: ResolverKind, max: usize) -> Vec<HistoryWrite> {
    let lost = resolver.resolver().lost(state);
    let told = |element: Option<&Element>, written, wrote| HistoryWrite {
        path: path(element),
        written,
        wrote,
        stands: !lost.iter().any(|l| l.lost.written == written && l.element == element),
    };
    let value = |text: &JsonText| Wrote::Value(text.clone());
    match state.value() {
        TypeState::Register(register) => {
            let writes = register.writes().take(max).map(|entry| {
                let wrote = entry.value.value.as_ref().map_or(Wrote::Removal, value);
                told(None, entry.written(), wrote)
            });
            writes.collect()
        }
        TypeState::Counter(counter) => {
            let parts = counter.live.iter().take(max);
            parts.map(|entry| told(None, entry.written(), Wrote::Part)).collect()
        }
        TypeState::Set(set) => {
            let entries = set.elements.iter();
            let entries = entries.flat_map(|(e, live)| live.iter().map(move |entry| (e, entry)));
            let writes = entries.take(max).map(|(element, entry)| {
                let wrote = match entry.value {
                    Presence::Added => value(element.text()),
                    Presence::Removed => Wrote::Removal,
                };
                told(Some(element), entry.written(), wrote)
            });
            writes.collect()
        }
        TypeState::Flag(flag) => {
            let entries = flag.live.iter().take(max);
            entries
                .map(|entry| told(None, entry.written(), Wrote::Value(JsonText::from(entry.value))))
                .collect()
        }
    }
}
