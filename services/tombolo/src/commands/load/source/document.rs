//! A whole JSON document of items: an array of them, or an object of keys and values.

use core::fmt;
use std::collections::BTreeSet;
use std::io;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Item, item};
use crate::commands::value::input;
use crate::failure::{Failure, Place};

/// The entries as they stand, a key only where it stands before its value.
struct Entries<'a>(Vec<(Option<String>, &'a RawValue)>);

/// The items in `text`, which the file `name` holds up to `bytes_max` of.
pub(super) fn items(
    name: &str,
    text: &[u8],
    bytes_max: u64,
) -> Result<Vec<Result<Item, Failure>>, Failure> {
    let invalid = |reason: String| input(name, io::Error::new(io::ErrorKind::InvalidData, reason));
    if u64::try_from(text.len()).map_or(true, |bytes| bytes > bytes_max) {
        return Err(invalid(format!(
            "it has more than {bytes_max} bytes; write an item on each line"
        )));
    }
    let entries: Entries<'_> = serde_json::from_slice(text).map_err(|error| {
        invalid(format!("it has neither an item on each line nor is it one JSON document: {error}"))
    })?;
    let mut keys = BTreeSet::new();
    let read = (1..).zip(entries.0).map(|(nth, (key, value))| {
        let place = Place::Entry(nth);
        let Some(key) = key else { return item(place, value.get().as_bytes()) };
        if keys.insert(key.clone()) {
            Ok(Item { place, key, value: value.to_owned() })
        } else {
            Err(Failure::NoItem { place, detail: format!("the key {key:?} stands twice") })
        }
    });
    Ok(read.collect())
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of items, or an object of keys and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(item) = items.next_element()? {
            entries.push((None, item));
        }
        Ok(Entries(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = items.next_entry()? {
            entries.push((Some(key), value));
        }
        Ok(Entries(entries))
    }
}
