//! Parameters and headers, each with what it takes.

use serde_json::json;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::language::CONSISTENCIES;

/// Where a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter of a request, or a header of either side.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) is_required: bool,
    pub(super) meaning: &'static str,
    pub(super) schema: fn() -> Schema,
}

const fn in_path(name: &'static str, meaning: &'static str, schema: fn() -> Schema) -> Param {
    Param { name, place: Place::Path, is_required: true, meaning, schema }
}

const fn in_query(name: &'static str, meaning: &'static str, schema: fn() -> Schema) -> Param {
    Param { name, place: Place::Query, is_required: false, meaning, schema }
}

const fn header(name: &'static str, meaning: &'static str) -> Param {
    Param { name, place: Place::Header, is_required: false, meaning, schema: text }
}

pub(super) static TABLE: Param = in_path("table", "The table's name.", table_name);
pub(super) static KEY: Param = in_path(
    "key",
    "The item's key: 1 to 512 bytes of UTF-8, percent-encoded; `%2F` is a slash in the key. `.` and \
     `..` are no keys.",
    key,
);
pub(super) static KEY_IN_QUERY: Param = Param {
    is_required: true,
    ..in_query("key", "The item's key, where proxies leave it alone.", key)
};
pub(super) static PEER: Param = in_path("peer", "The other region's name.", text);
pub(super) static TABLE_IN_QUERY: Param =
    in_query("table", "Only this table; all of them without it.", table_name);

/// What a read may ask for.
pub(super) static READ: [&Param; 7] = [
    &in_query("consistency", "How current the answer must be.", consistency),
    &in_query("max_staleness_ms", "How old the answer may be, in ms.", number),
    &in_query("r", "How many regions must answer.", number),
    &in_query("wait_ms", "How long to wait for what is not here yet, in ms.", number),
    &SESSION_IN_QUERY,
    &SESSION,
    &TRACEPARENT,
];

/// What a write may ask for.
pub(super) static WRITE: [&Param; 8] = [
    &in_query("w", "How many regions must have it durably before it is answered.", at_least_one),
    &in_query("timeout_ms", "How long to wait for them, in ms.", number),
    &header("If-Match", "Only where the item's version is this one."),
    &header("If-None-Match", "`*`: only where there is no item."),
    &header("Idempotency-Key", "The same key with the same request is applied once."),
    &SESSION_IN_QUERY,
    &SESSION,
    &TRACEPARENT,
];

static SESSION: Param = header("Tombolo-Session", "The latest session token.");
static SESSION_IN_QUERY: Param =
    in_query("session", "The session token, where headers cannot be set.", text);
static TRACEPARENT: Param = header("traceparent", "The trace that the call belongs to (W3C).");

pub(super) static ETAG: Param = header("ETag", "The item's version in quotes.");
pub(super) static ACKS: Param =
    header("Tombolo-Acks", "The regions that had it durably when it was answered.");
pub(super) static RETRY_AFTER: Param =
    Param { schema: number, ..header("Retry-After", "After how many seconds to try again.") };
pub(super) static ON_EVERY_REPLY: [&Param; 2] = [
    &header("Tombolo-Region", "The region that was asked."),
    &header("Tombolo-Served-By", "The region that answered."),
];

fn text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).build().into()
}

fn table_name() -> Schema {
    let pattern = Some("^[a-z][a-z0-9_-]{0,62}$");
    ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build().into()
}

fn key() -> Schema {
    let builder = ObjectBuilder::new().schema_type(Type::String);
    builder.min_length(Some(1)).max_length(Some(512)).build().into()
}

fn number() -> Schema {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build().into()
}

fn at_least_one() -> Schema {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build().into()
}

fn consistency() -> Schema {
    let builder = ObjectBuilder::new().schema_type(Type::String);
    builder.enum_values(Some(CONSISTENCIES)).default(Some(json!(CONSISTENCIES[0]))).build().into()
}

impl Param {
    pub(super) fn describe(&self) -> Parameter {
        let place = match self.place {
            Place::Path => ParameterIn::Path,
            Place::Query => ParameterIn::Query,
            Place::Header => ParameterIn::Header,
        };
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(place)
            .required(if self.is_required { Required::True } else { Required::False })
            .description(Some(self.meaning))
            .schema(Some((self.schema)()))
            .build()
    }
}
