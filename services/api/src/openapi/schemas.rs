//! The bodies that are written by hand where they are answered, or only read: as types for the
//! document. A test over real answers holds them to what is written.

mod conflicts;
mod items;

use serde::Serialize;
use serde_json::Value as Json;
use tombolo_datatypes::DataType;
use tombolo_replication::Strategy as TableStrategy;
use tombolo_resolvers::ResolverKind;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::parameters;
use crate::{backups, digests, links, members, problem, region, tables, verify};

/// Any JSON, at most 64 deep; numbers come back with the digits they were sent with.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Json)]
struct Value(Json);

/// A text.
#[derive(Serialize, ToSchema)]
struct Text(String);

/// A table's definition as it is asked for: the words that this version has.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TableDefinition {
    /// Which operations its items take.
    #[schema(schema_with = data_type)]
    r#type: String,
    /// Which of concurrent writes stands; the type's first one without it.
    #[schema(required = false, schema_with = resolver)]
    resolver: String,
    #[schema(required = false)]
    strategy: Strategy,
    /// The regions that hold it; all of them without it.
    #[schema(required = false)]
    regions: Vec<String>,
    /// Of a document.
    #[schema(required = false, value_type = Object)]
    fields: Json,
    /// What reads with a session get that ask for nothing.
    #[schema(required = false, schema_with = parameters::consistency)]
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

/// A region that is to take part.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    region: String,
    /// Where the others dial it: host:port.
    replication: String,
}

/// How writes are replicated.
#[derive(Serialize, ToSchema)]
struct Strategy {
    #[schema(schema_with = mode)]
    mode: String,
}

fn data_type() -> Schema {
    parameters::words(DataType::ALL.map(DataType::name))
}

fn resolver() -> Schema {
    parameters::words(ResolverKind::ALL.map(ResolverKind::name))
}

fn mode() -> Schema {
    parameters::words([TableStrategy::MultiLeader.mode()])
}

/// All schemas, by name.
pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut all = Vec::new();
    add::<Value>(&mut all);
    add::<Text>(&mut all);
    add::<items::Item>(&mut all);
    add::<items::Items>(&mut all);
    add::<items::Written>(&mut all);
    add::<items::Operated>(&mut all);
    add::<items::Operations>(&mut all);
    add::<conflicts::History>(&mut all);
    add::<conflicts::Conflicts>(&mut all);
    add::<TableDefinition>(&mut all);
    add::<TableAlteration>(&mut all);
    add::<region::RegionBody<'_>>(&mut all);
    add::<region::Health>(&mut all);
    add::<tables::List<'_>>(&mut all);
    add::<digests::Body>(&mut all);
    add::<verify::Body>(&mut all);
    add::<backups::Asked>(&mut all);
    add::<backups::Body>(&mut all);
    add::<links::List>(&mut all);
    add::<members::List>(&mut all);
    add::<members::Member>(&mut all);
    add::<NewMember>(&mut all);
    add::<problem::Body<'_>>(&mut all);
    all
}

fn add<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}
