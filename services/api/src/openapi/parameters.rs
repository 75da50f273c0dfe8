//! Parameters and headers, each with what it takes.

use serde_json::json;
use tombolo_datatypes::Outcome;
use tombolo_replication::Consistency;
use utoipa::openapi::Required;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::conflicts;

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

/// One that the answer always has.
const fn always(name: &'static str, meaning: &'static str) -> Param {
    Param { is_required: true, ..header(name, meaning) }
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
pub(super) static MEMBER: Param = in_path("region", "The member's name.", text);
pub(super) static CONFLICT: Param =
    in_path("id", "The conflict, by the id that it has in every region.", conflict_id);
pub(super) static TABLE_IN_QUERY: Param =
    in_query("table", "Only this table; all of them without it.", table_name);

/// Which items a page is of.
pub(super) static RANGE: [&Param; 5] = [
    &in_query("prefix", "Only keys that begin with this.", text),
    &in_query("from", "Only keys from this one on, it included.", text),
    &in_query("to", "Only keys before this one.", text),
    &CURSOR,
    &LIMIT,
];
/// Which conflicts a page is of.
pub(super) static CONFLICTS: [&Param; 5] = [
    &TABLE_IN_QUERY,
    &in_query("key", "Only of this item; goes with `table`.", key),
    &in_query("state", "Only those that are open, or were settled so.", record_state),
    &CURSOR,
    &LIMIT,
];
static CURSOR: Param =
    in_query("cursor", "Where to go on: the `next` of the page before, of the same listing.", text);
static LIMIT: Param = in_query("limit", "How many there may be on the page.", limit);

/// What a read may ask for.
pub(super) static READ: [&Param; 2] = [&CONSISTENCY, &WAIT];
/// What any write may ask for.
pub(super) static WRITE: [&Param; 2] = [
    &in_query(
        "w",
        "How many regions must hold it durably, and show it, before it is answered; 1 without it.",
        at_least_one,
    ),
    &in_query("timeout_ms", "How long to wait for them, in ms; 5000 without it.", number),
];
/// After what a write to an item is decided.
pub(super) static ORDERED: [&Param; 2] = READ;
/// When only, and how often, a write is done.
pub(super) static ONLY: [&Param; 3] = [
    &header(
        "If-Match",
        "Only where the item, or the table, has this version, or one of these, as `ETag` writes \
         them; `*`: only where there is one. Of an item of a `siblings` table it names what is \
         replaced.",
    ),
    &header("If-None-Match", "`*`: only where there is none."),
    &Param {
        schema: request_name,
        ..header(
            "Idempotency-Key",
            "With the same key the same request is done once, and answered as it was the first \
             time.",
        )
    },
];
static CONSISTENCY: Param = in_query(
    "consistency",
    "Not before what the session has written, read, or both; `session` where a token is sent, \
     `eventual` otherwise. Of what it says only `session` orders a write.",
    consistency,
);
static WAIT: Param = in_query(
    "wait_ms",
    "How long to wait, in ms, for what the session has seen and is not here yet, before another \
     region is asked; 1000 without it.",
    number,
);

/// What every call may carry.
pub(super) static ON_EVERY_CALL: [&Param; 2] = [
    &header("Tombolo-Session", "The latest session token, from any region."),
    &in_query("session", "The session token, where headers cannot be set.", text),
];
/// What a call that changes anything may carry.
pub(super) static TRACEPARENT: Param =
    header("traceparent", "The trace that the call belongs to (W3C); carried with the change.");

pub(super) static ETAG: Param = always("ETag", "The version in quotes.");
pub(super) static ACKS: Param =
    always("Tombolo-Acks", "The regions that had it durably when it was answered.");
pub(super) static ACKS_WHERE_UNMET: Param =
    header("Tombolo-Acks", "Where `w` is unmet: the regions that are known to hold the write.");
pub(super) static SCOPE: Param = Param {
    schema: scope,
    ..header(
        "Tombolo-Condition-Scope",
        "How far a condition was checked, where there was one: against this region's state, or \
         where it is decided for all.",
    )
};
pub(super) static RETRY_AFTER: Param =
    Param { schema: number, ..always("Retry-After", "After how many seconds to try again.") };
pub(super) static ACCEPT: Param = header("Accept", "The `Content-Type` to send.");
pub(super) static ACCEPT_ENCODING: Param =
    header("Accept-Encoding", "`identity`, where the body was compressed.");
pub(super) static ON_EVERY_REPLY: [&Param; 4] = [
    &always("Tombolo-Region", "The region that was asked."),
    &always("Tombolo-Served-By", "The region that answered."),
    &always("Tombolo-Session", "The session as it now is: to be sent with the next call."),
    &Param {
        schema: at_least_one,
        ..header("Tombolo-Session-Lost", "How many replicas found no room in the token.")
    },
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

fn limit() -> Schema {
    let builder = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    builder.maximum(Some(1_000)).default(Some(json!(100))).build().into()
}

fn request_name() -> Schema {
    let pattern = Some("^[!-~]{1,255}$");
    ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build().into()
}

fn conflict_id() -> Schema {
    let pattern = Some("^[0-9a-f]{32}$");
    ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build().into()
}

pub(super) fn record_state() -> Schema {
    words(conflicts::STATES.map(Outcome::name))
}

fn scope() -> Schema {
    words(["region", "global"])
}

pub(super) fn consistency() -> Schema {
    words(Consistency::ALL.map(Consistency::name))
}

/// One of these.
pub(super) fn words<const N: usize>(words: [&'static str; N]) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
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

    /// The same as a header of an answer.
    pub(super) fn describe_header(&self) -> Header {
        let mut described = Header::new((self.schema)());
        described.description = Some(self.meaning.to_owned());
        // The field is there in OpenAPI, and not in this model of it.
        described.extensions = self.is_required.then(|| [("required", true)].into_iter().collect());
        described
    }
}
