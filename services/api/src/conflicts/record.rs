//! A conflict record as the contract writes it. Values are spliced in as they were sent.

use serde::Serialize;
use serde_json::value::RawValue;
use tombolo_datatypes::JsonText;
use tombolo_replication::{ConflictRecord, RecordedWrite};

use super::page::Found;
use crate::rfc3339;

/// One record.
#[derive(Debug, Serialize)]
pub(crate) struct Record<'a> {
    pub(crate) id: String,
    pub(crate) table: &'a str,
    pub(crate) key: &'a str,
    pub(crate) path: &'a str,
    pub(crate) kept: Side<'a>,
    pub(crate) lost: Side<'a>,
    pub(crate) resolver: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) state: &'static str,
}

/// One of the writes.
#[derive(Debug, Serialize)]
pub(crate) struct Side<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<&'a RawValue>,
    /// In place of a value, where it removed.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(crate) deleted: bool,
    pub(crate) region: &'a str,
    pub(crate) written_at: String,
}

impl Found {
    /// The record.
    pub(super) fn record(&self) -> Record<'_> {
        Record::of(self.table.name.as_str(), self.key.as_str(), &self.record)
    }
}

impl<'a> Record<'a> {
    /// `record` of the item `key` in `table`.
    pub(crate) fn of(table: &'a str, key: &'a str, record: &'a ConflictRecord) -> Self {
        Self {
            id: record.id.to_string(),
            table,
            key,
            path: &record.path,
            kept: Side::of(&record.kept),
            lost: Side::of(&record.lost),
            resolver: record.resolver.name(),
            reason: record.reason.name(),
            state: record.outcome.name(),
        }
    }
}

impl<'a> Side<'a> {
    fn of(RecordedWrite { value, written }: &'a RecordedWrite) -> Self {
        Self {
            value: value.as_ref().and_then(raw),
            deleted: value.is_none(),
            region: written.dot.replica.region.as_str(),
            written_at: rfc3339::text(written.stamp.millis()),
        }
    }
}

/// The text itself, which was checked when it came in.
pub(crate) fn raw(value: &JsonText) -> Option<&RawValue> {
    serde_json::from_str(value.as_str()).ok()
}
