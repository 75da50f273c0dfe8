//! Conflicts, and the history of items.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;
use tombolo_resolvers::{Reason, ResolverKind};
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;

use super::super::parameters::{record_state, words};

/// A page of conflicts.
#[derive(Serialize, ToSchema)]
pub(super) struct Conflicts {
    conflicts: Vec<Conflict>,
    /// The `cursor` of the next page; null where there is none.
    #[schema(required)]
    next: Option<String>,
}

/// A write that has lost to a concurrent one, now or when that was settled.
#[derive(Serialize, ToSchema)]
struct Conflict {
    /// The same in every region.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    id: String,
    table: String,
    key: String,
    /// Where in the item: empty for the item itself, or a slash and the element of a set.
    path: String,
    /// What stands now.
    kept: ConflictSide,
    lost: ConflictSide,
    #[schema(schema_with = resolver)]
    resolver: String,
    /// Why it has lost.
    #[schema(schema_with = reason)]
    reason: String,
    #[schema(schema_with = record_state)]
    state: String,
}

/// One of the writes of a conflict.
#[derive(Serialize, ToSchema)]
struct ConflictSide {
    /// What it wrote.
    #[schema(value_type = Json, required = false)]
    value: Json,
    /// In place of a value, where it removed: true.
    #[schema(required = false)]
    deleted: bool,
    /// Where it was written.
    region: String,
    #[schema(format = DateTime)]
    written_at: String,
}

/// Why an item shows what it shows.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    key: String,
    version: String,
    /// The writes that are behind it, or have lost and not been settled.
    #[schema(max_items = 1000)]
    writes: Vec<HistoryWrite>,
    /// Of a counter: what each replica has added to it since a deletion saw it, in decimal digits.
    #[schema(required = false)]
    totals: BTreeMap<String, String>,
    #[schema(max_items = 1000)]
    conflicts: Vec<Conflict>,
}

/// One write of an item.
#[derive(Serialize, ToSchema)]
struct HistoryWrite {
    /// Where in the item: empty for the item itself, or a slash and the element of a set.
    path: String,
    /// What it wrote, where that is the whole of what is shown at its path.
    #[schema(value_type = Json, required = false)]
    value: Json,
    /// In place of a value, where it removed: true.
    #[schema(required = false)]
    deleted: bool,
    /// The change by its name: replica and sequence.
    change: String,
    region: String,
    #[schema(format = DateTime)]
    written_at: String,
    /// Whether it is behind what is shown.
    stands: bool,
}

fn resolver() -> Schema {
    words(ResolverKind::ALL.map(ResolverKind::name))
}

fn reason() -> Schema {
    words(Reason::ALL.map(Reason::name))
}
