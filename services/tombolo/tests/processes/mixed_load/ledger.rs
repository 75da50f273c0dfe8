//! What was written, and what became of it.

use std::collections::BTreeMap;

use crate::support::Version;

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// A text that nobody else writes.
    Unique(String),
    Number(i64),
    Deleted,
    Increment(i64),
    Element {
        element: String,
        is_added: bool,
    },
    Switched(bool),
}

/// A write that was done, or may have been.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) region: &'static str,
    pub(super) written: Written,
    /// What the answer showed; nothing where there was none.
    pub(super) version: Option<Version>,
    /// When it was asked and answered, in one count of all such moments.
    pub(super) began: u64,
    pub(super) ended: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By table and key, each client's in its own order.
    pub(super) writes: BTreeMap<&'static str, BTreeMap<String, Vec<Entry>>>,
    /// Operations that are answered or may be done, reads among them.
    pub(super) done: u64,
    /// What was refused, by its code.
    pub(super) refused: BTreeMap<String, u64>,
}

impl Ledger {
    pub(super) fn write(&mut self, table: &'static str, key: String, entry: Entry) {
        self.writes.entry(table).or_default().entry(key).or_default().push(entry);
    }

    pub(super) fn refuse(&mut self, code: &str) {
        *self.refused.entry(code.to_owned()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        for (table, items) in other.writes {
            for (key, entries) in items {
                self.writes.entry(table).or_default().entry(key).or_default().extend(entries);
            }
        }
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.done += other.done;
    }
}
