//! The bodies that are written by hand where they are answered, or only read: as types for the
//! document. A test over real answers holds them to what is written.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::{digests, links, problem, region, tables};

/// Any JSON, at most 64 deep; numbers come back with the digits they were sent with.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Json)]
struct Value(Json);

/// A text.
#[derive(Serialize, ToSchema)]
struct Text(String);

/// An item as it stands.
#[derive(Serialize, ToSchema)]
struct Item {
    key: String,
    #[schema(value_type = Json)]
    value: Json,
    /// What a condition compares.
    version: String,
    /// When what stands was written, by its author's hybrid clock: RFC 3339 with milliseconds.
    #[schema(format = DateTime)]
    written_at: String,
    /// The region in which it was written.
    written_in: String,
}

/// A write that replaced.
#[derive(Serialize, ToSchema)]
struct Written {
    key: String,
    version: String,
}

/// An item after an operation.
#[derive(Serialize, ToSchema)]
struct Operated {
    key: String,
    /// The value after the operation, here.
    #[schema(value_type = Json)]
    value: Json,
    version: String,
}

/// Operations of the table's data type, applied together. What other types take is 422.
#[derive(Serialize, ToSchema)]
struct Operations {
    /// Of a counter.
    #[schema(required = false)]
    increment: i64,
    /// Of a counter.
    #[schema(required = false)]
    decrement: i64,
}

/// A table's definition as it is asked for.
#[derive(Serialize, ToSchema)]
struct TableDefinition {
    /// Which operations its items take, for example `register` or `counter`.
    r#type: String,
    /// Which of concurrent writes stands; the type's first one without it.
    #[schema(required = false)]
    resolver: String,
    #[schema(required = false)]
    strategy: Strategy,
    /// The regions that hold it; all of them without it.
    #[schema(required = false)]
    regions: Vec<String>,
    /// Of a document.
    #[schema(required = false, value_type = Object)]
    fields: Json,
    /// What reads get that ask for nothing.
    #[schema(required = false)]
    consistency: String,
}

/// What of a table's definition can change.
#[derive(Serialize, ToSchema)]
struct TableAlteration {
    /// The present one; others are not in this version.
    #[schema(required = false)]
    strategy: Strategy,
    /// What reads get that ask for nothing.
    #[schema(required = false)]
    consistency: String,
}

/// How writes are replicated.
#[derive(Serialize, ToSchema)]
struct Strategy {
    /// For example `multi_leader`.
    mode: String,
}

/// All schemas, by name.
pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut all = Vec::new();
    add::<Value>(&mut all);
    add::<Text>(&mut all);
    add::<Item>(&mut all);
    add::<Written>(&mut all);
    add::<Operated>(&mut all);
    add::<Operations>(&mut all);
    add::<TableDefinition>(&mut all);
    add::<TableAlteration>(&mut all);
    add::<region::RegionBody<'_>>(&mut all);
    add::<region::Health>(&mut all);
    add::<tables::List<'_>>(&mut all);
    add::<digests::Body>(&mut all);
    add::<links::List>(&mut all);
    add::<problem::Body<'_>>(&mut all);
    all
}

fn add<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}
