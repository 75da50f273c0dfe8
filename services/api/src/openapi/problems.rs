//! What calls are refused for, by the codes of the [table](crate::problem): the document takes
//! statuses and titles from there, through one sample of each code.

use std::collections::BTreeMap;

use actix_web::http::Method;
use tombolo_actors::{SubmitError, TableError};
use tombolo_causality::RegionId;
use tombolo_datatypes::{DataType, JsonText};
use tombolo_protocol::EncodeError;
use tombolo_replication::TableName;
use tombolo_replication::leader::Refusal;

use crate::percent::{Plus, decode};
use crate::problem::{Entry, Problem};

type Codes = &'static [&'static str];

/// What a call that changes anything is refused for on the admin listener.
pub(super) const OF_OPERATORS: Codes = &["foreign_host", "foreign_origin"];
/// A name of a table in the path.
pub(super) const OF_TABLE: Codes = &["bad_path", "bad_table_name", "no_such_table"];
/// A name of a table in the query.
pub(super) const OF_TABLE_ASKED: Codes =
    &["bad_parameter", "bad_table_name", "no_such_table", "stopping", "storage_unreadable"];
pub(super) const KEY_OF_ITEM: Codes = &["bad_key"];
pub(super) const READ_ASKED: Codes = &["bad_parameter", "not_supported_yet", "strong_needs_home"];
pub(super) const WRITE_ASKED: Codes = READ_ASKED;
pub(super) const READ_ITEM: Codes = &["no_such_item", "storage_unreadable", "version_unwritable"];
pub(super) const JSON_BODY: Codes = &[
    "unsupported_media_type",
    "value_too_large",
    "body_timeout",
    "body_incomplete",
    "malformed_json",
];
pub(super) const WRITE_ITEM: Codes = &[
    "overloaded",
    "starting",
    "stopping",
    "wrong_type_operation",
    "storage_unreadable",
    "storage_failed",
    "version_unwritable",
];
/// What an operation on the item as it stands is refused for.
pub(super) const ITEM: Codes = &["no_such_item", "counter_overflow"];
pub(super) const DEFINE: Codes = &[
    "bad_path",
    "bad_table_name",
    "bad_definition",
    "unknown_member",
    "resolver_mismatch",
    "fields_mismatch",
    "regions_mismatch",
    "table_exists",
    "too_many_tables",
    "definition_pending",
    "overloaded",
    "starting",
    "stopping",
    "storage_failed",
];
pub(super) const ALTER: Codes = &[
    "bad_definition",
    "unknown_member",
    "fixed_member",
    "definition_pending",
    "overloaded",
    "starting",
    "stopping",
    "storage_failed",
];
pub(super) const DROP: Codes =
    &["definition_pending", "overloaded", "starting", "stopping", "storage_failed"];
pub(super) const STEER: &[Codes] = &[&["bad_path", "no_such_peer", "stopping", "storage_failed"]];

/// What `codes` are answered with: each status with what it then means.
pub(super) fn by_status(codes: impl Iterator<Item = &'static str>) -> BTreeMap<u16, String> {
    let mut of_status = BTreeMap::<u16, Vec<String>>::new();
    let entries = entries();
    for code in codes {
        let Some(entry) = entries.iter().find(|entry| entry.code == code) else { continue };
        let words = of_status.entry(entry.status.as_u16()).or_default();
        let word = format!("`{code}`: {}", entry.title);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    of_status.into_iter().map(|(status, words)| (status, words.join("; ") + ".")).collect()
}

/// Every code, with what it is answered with.
pub(super) fn entries() -> Vec<Entry> {
    samples().iter().map(Problem::entry).collect()
}

/// One problem of each code.
fn samples() -> Vec<Problem> {
    let (nothing, none) = (String::new, || "none");
    let region = RegionId::new("us-east").ok();
    let malformed = [
        decode("%", Plus::Literal)
            .err()
            .map(|source| Problem::BadEncoding { what: none(), source }),
        TableName::new("").err().map(Problem::from),
        JsonText::parse(b"").err().map(Problem::from),
        region.map(|region| Problem::NotReady { region }),
    ];
    let data_type = DataType::Register;
    let mut samples = vec![
        Problem::NoSuchRoute,
        Problem::MethodNotAllowed { method: Method::POST, allow: none() },
        Problem::NoKey,
        Problem::BadParameter { name: none(), detail: nothing() },
        Problem::NotSupportedYet { what: nothing() },
        Problem::StrongNeedsHome,
        Problem::MediaType { expected: none() },
        Problem::TooLarge { bytes_max: 0 },
        Problem::BodyTimeout { timeout: core::time::Duration::ZERO },
        Problem::BodyIncomplete,
        Problem::BadPatch { detail: nothing() },
        Problem::WrongOperation { data_type, operation: nothing() },
        Problem::NumberTooLarge,
        Problem::BadDefinition { detail: nothing() },
        Problem::UnknownMember { name: nothing() },
        Problem::FixedMember { name: none() },
        Problem::ResolverMismatch { data_type: none(), resolver: nothing(), fitting: &[] },
        Problem::FieldsMismatch { data_type: none() },
        Problem::RegionsMismatch { detail: nothing() },
        Problem::NoSuchTable { name: nothing() },
        Problem::NoSuchItem,
        Problem::NoSuchPeer { name: nothing() },
        Problem::ForeignHost { host: nothing() },
        Problem::ForeignOrigin { origin: nothing() },
        Problem::Version(EncodeError::Compression),
        Problem::Submit(SubmitError::Overloaded),
        Problem::Submit(SubmitError::Starting),
        Problem::Submit(SubmitError::Stopping),
        Problem::Submit(SubmitError::Unreadable { detail: nothing() }),
        Problem::Submit(SubmitError::Unknown),
        Problem::Submit(SubmitError::Refused(Refusal::TableExists)),
        Problem::Table(TableError::TooMany),
        Problem::Table(TableError::Pending { regions: Vec::new() }),
    ];
    samples.extend(malformed.into_iter().flatten());
    samples
}
