//! What a region shows, held against what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ledger::{Entry, Ledger, Written};
use crate::support::{Counter, NAMES, Region, escaped};

/// All items of all tables and all open conflicts, as a region shows them.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    items: BTreeMap<String, BTreeMap<String, Value>>,
    conflicts: BTreeMap<(String, String), Vec<Value>>,
}

const TABLES: [&str; 6] = ["round_trips", "drafts", "best", "hits", "tags", "lit"];

impl Shown {
    pub(super) fn of(region: &Region) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let items = TABLES.map(|table| {
            let all = pages(region, &format!("/v1/tables/{table}/items"), "items");
            (table.to_owned(), all.into_iter().map(|item| (text(&item["key"]), item)).collect())
        });
        let mut conflicts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in pages(region, "/v1/conflicts", "conflicts") {
            let item = (text(&record["table"]), text(&record["key"]));
            conflicts.entry(item).or_default().push(record);
        }
        Self { items: items.into(), conflicts }
    }

    pub(super) fn lost_count(&self) -> usize {
        self.conflicts.values().map(Vec::len).sum()
    }

    fn value(&self, table: &str, key: &str) -> Value {
        self.items[table].get(key).map(|item| item["value"].clone()).unwrap_or_default()
    }

    /// The values that are open conflicts of an item.
    fn lost(&self, table: &str, key: &str) -> Vec<&Value> {
        let records = self.conflicts.get(&(table.to_owned(), key.to_owned()));
        records.into_iter().flatten().map(|record| &record["lost"]["value"]).collect()
    }
}

fn pages(region: &Region, path: &str, member: &str) -> Vec<Value> {
    let (mut all, mut client) = (Vec::new(), region.client());
    let mut cursor = String::new();
    loop {
        let page = client.call("GET", &format!("{path}?limit=1000{cursor}"), None).unwrap();
        let mut page = page.expect(200);
        all.append(page[member].as_array_mut().unwrap());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", escaped(next)),
            None => return all,
        }
    }
}

impl Ledger {
    /// That `shown` is what was acknowledged, and nothing else than that and what is unknown.
    #[track_caller]
    pub(super) fn check(&self, shown: &Shown, loaded: &BTreeMap<String, Value>) {
        for table in TABLES {
            let nothing = BTreeMap::new();
            let writes = self.writes.get(table).unwrap_or(&nothing);
            for key in loaded.keys() {
                let entries = writes.get(key).map_or(&[][..], Vec::as_slice);
                let value = shown.value(table, key);
                let objection = match table {
                    "round_trips" => unique(entries, &value, &shown.lost(table, key), &loaded[key]),
                    "drafts" => unique(entries, &value, &shown.lost(table, key), &Value::Null),
                    "best" => best(entries, &value),
                    "hits" => counted(entries, &value),
                    "tags" => gathered(entries, &value),
                    _ => switched(entries, &value),
                };
                assert!(objection.is_none(), "{table} {key}: {objection:?}");
            }
            assert!(shown.items[table].keys().all(|key| loaded.contains_key(key)), "{table}");
        }
    }
}

/// For each write whether some other has seen it.
///
/// The nth write of a region was seen by those whose version says n of that region, or more.
fn seen(entries: &[Entry]) -> impl Fn(&Entry) -> bool {
    let reached = NAMES.map(|region| {
        let versions = entries.iter().filter_map(|entry| entry.version.as_ref());
        let mut reached: Vec<_> = versions.map(|version| version.latest_of(region)).collect();
        reached.sort_unstable();
        (region, reached)
    });
    let reached = BTreeMap::from(reached);
    move |entry| {
        let Some(version) = &entry.version else { return true };
        let (own, reached) = (version.latest_of(entry.region), &reached[entry.region]);
        // Itself is one of those that have.
        reached.len() - reached.partition_point(|seq| *seq < own) > 1
    }
}

/// Every acknowledged text is there, or is kept as an open conflict, or was replaced by who had
/// seen it, or deleted by who may have.
fn unique(entries: &[Entry], value: &Value, lost: &[&Value], loaded: &Value) -> Option<String> {
    let is_seen = seen(entries);
    let deletes = || entries.iter().filter(|entry| entry.written == Written::Deleted);
    let mut may_stand = vec![loaded];
    let texts = entries.iter().filter_map(|entry| match &entry.written {
        Written::Unique(text) => Some((entry, Value::from(text.clone()))),
        _ => None,
    });
    let texts: Vec<_> = texts.collect();
    for (entry, text) in &texts {
        may_stand.push(text);
        let is_there = value == text || lost.contains(&text);
        let is_deleted = deletes().any(|delete| delete.ended > entry.began);
        if !is_there && !is_seen(entry) && !is_deleted {
            return Some(format!("{text} is lost without a trace"));
        }
        if value == text && lost.contains(&text) {
            return Some(format!("{text} stands and is lost"));
        }
    }
    let was_put = texts.iter().any(|(entry, _)| entry.version.is_some());
    if was_put && deletes().next().is_none() && (value == loaded || value.is_null()) {
        return Some(format!("{value} stands where others were written after it"));
    }
    let mut strange = lost.iter().copied().filter(|lost| !lost.is_null()).chain([value]);
    let strange = strange.find(|value| !may_stand.contains(value));
    let strange = strange.filter(|value| !(value.is_null() && deletes().next().is_some()));
    strange.map(|value| format!("nobody wrote {value}"))
}

/// The largest of all.
fn best(entries: &[Entry], value: &Value) -> Option<String> {
    let number = |entry: &Entry| match entry.written {
        Written::Number(number) => number,
        ref other => unreachable!("{other:?} of a largest value"),
    };
    let acknowledged = entries.iter().filter(|entry| entry.version.is_some()).map(number).max();
    let unknown = entries.iter().filter(|entry| entry.version.is_none()).map(number);
    let unknown = unknown.filter(|number| acknowledged.is_none_or(|largest| *number > largest));
    let may_be: Vec<_> = acknowledged.into_iter().chain(unknown).collect();
    let is_right = match value.as_i64() {
        Some(shown) => may_be.contains(&shown),
        None => acknowledged.is_none(),
    };
    (!is_right).then(|| format!("{value} is none of {may_be:?}"))
}

/// The acknowledged sum and some of what is unknown.
fn counted(entries: &[Entry], value: &Value) -> Option<String> {
    let mut counter = Counter::default();
    for entry in entries {
        let Written::Increment(by) = entry.written else { unreachable!("{entry:?} of a counter") };
        match entry.version {
            Some(_) => counter.acknowledged += by,
            None => counter.unknown.push(by),
        }
    }
    let shown = value.as_i64().unwrap_or_default();
    (!counter.may_be(shown)).then(|| format!("{shown} is not {counter:?}"))
}

/// Each element as the one client that adds and removes it has left it.
fn gathered(entries: &[Entry], value: &Value) -> Option<String> {
    let (mut left, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    for entry in entries {
        let Written::Element { element, is_added } = &entry.written else {
            unreachable!("{entry:?} of a set")
        };
        left.insert(element.as_str(), *is_added);
        if entry.version.is_none() {
            unknown.insert(element.as_str());
        }
    }
    let shown = value.as_array().into_iter().flatten();
    let shown: BTreeSet<_> = shown.map(|element| element.as_str().unwrap()).collect();
    let expected: BTreeSet<_> = left.iter().filter(|(_, is)| **is).map(|(e, _)| *e).collect();
    let mut differ = shown.symmetric_difference(&expected);
    differ.find(|element| !unknown.contains(*element)).map(|e| format!("{e} in {shown:?}"))
}

/// On exactly where somebody enabled it and nobody has seen that who switched it later.
fn switched(entries: &[Entry], value: &Value) -> Option<String> {
    if entries.iter().any(|entry| entry.version.is_none()) {
        return None;
    }
    let is_seen = seen(entries);
    let is_on = |entry: &Entry| entry.written == Written::Switched(true) && !is_seen(entry);
    let expected = match entries {
        [] => Value::Null,
        entries => Value::from(entries.iter().any(is_on)),
    };
    (*value != expected).then(|| format!("{value} is not {expected}"))
}

#[cfg(test)]
mod tests;
