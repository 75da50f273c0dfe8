//! What calls are refused for, by the codes of the [table](crate::problem): the document takes
//! statuses and titles from there, through one sample of each code.

use std::collections::BTreeMap;

use actix_web::http::Method;
use tombolo_actors::{BackupError, MemberError, RouteError, SubmitError, TableError, VerifyError};
use tombolo_causality::RegionId;
use tombolo_datatypes::{DataType, JsonText, OperationError, Outcome};
use tombolo_protocol::{EncodeError, SessionTokenError};
use tombolo_replication::TableName;
use tombolo_replication::leader::Refusal;
use tombolo_storage::backup::PlaceError;

use crate::percent::{Plus, decode};
use crate::problem::{Entry, Problem};

type Codes = &'static [&'static str];

/// What a call that changes anything is refused for on the admin listener.
pub(super) const OF_OPERATORS: Codes = &["foreign_host", "foreign_origin"];
/// What any call is refused for: it may carry a session.
pub(super) const OF_EVERY_CALL: Codes = &["bad_session_token", "bad_parameter"];
/// What any call is refused for that rests on what the region holds.
pub(super) const OF_STATE: Codes = &["catching_up"];
/// What a call of the contract is refused for: its parameters are words of it.
pub(super) const OF_THE_CONTRACT: Codes = &["unknown_parameter"];
/// A name of a table in the path.
pub(super) const OF_TABLE: Codes = &["bad_path", "bad_table_name", "no_such_table"];
/// A name of a table in the query.
pub(super) const OF_TABLE_ASKED: Codes =
    &["bad_table_name", "no_such_table", "stopping", "storage_unreadable"];
pub(super) const KEY_OF_ITEM: Codes = &["bad_key"];
/// What is asked for beside the operation, and is not to be had.
pub(super) const PROMISES: Codes = &["bad_parameter", "not_supported_yet", "strong_needs_home"];
/// How many regions a write asks for.
pub(super) const CONCERN: Codes = &["write_concern_too_large"];
/// That they do not hold it in time.
pub(super) const UNMET: Codes = &["write_concern_unmet"];
/// This region is behind what the session has seen, and so is every other that can be asked.
pub(super) const BEHIND: Codes = &["stale_replica", "overloaded", "stopping"];
/// What was passed on for that, and may have been done.
pub(super) const UNANSWERED: Codes = &["forward_unanswered"];
/// A condition, or a name of the request.
pub(super) const ONLY_SO: Codes =
    &["bad_header", "version_mismatch", "idempotency_key_reused", "too_many_idempotency_keys"];
pub(super) const READ_ITEM: Codes = &["no_such_item", "storage_unreadable", "version_unwritable"];
pub(super) const READ_ROWS: Codes = &["storage_unreadable", "version_unwritable"];
pub(super) const JSON_BODY: Codes = &[
    "unsupported_media_type",
    "value_too_large",
    "body_timeout",
    "body_incomplete",
    "malformed_json",
];
pub(super) const WRITE_ITEM: Codes = &[
    "not_a_member",
    "overloaded",
    "storage_full",
    "starting",
    "stopping",
    "storage_unreadable",
    "storage_failed",
    "version_unwritable",
];
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
    "not_a_member",
    "overloaded",
    "storage_full",
    "starting",
    "stopping",
    "storage_failed",
];
pub(super) const ALTER: Codes = &[
    "bad_definition",
    "unknown_member",
    "fixed_member",
    "definition_pending",
    "not_a_member",
    "overloaded",
    "storage_full",
    "starting",
    "stopping",
    "storage_failed",
];
pub(super) const BACK_UP: Codes = &[
    "bad_backup",
    "backups_not_configured",
    "backup_path_refused",
    "backup_path_taken",
    "backup_running",
    "backup_failed",
    "storage_full",
    "stopping",
];
pub(super) const DROP: Codes = &[
    "definition_pending",
    "not_a_member",
    "overloaded",
    "storage_full",
    "starting",
    "stopping",
    "storage_failed",
];
/// What any change of members is refused for.
pub(super) const MEMBERS: Codes = &[
    "membership_pending",
    "not_a_member",
    "catching_up",
    "overloaded",
    "storage_full",
    "starting",
    "stopping",
    "storage_failed",
];
pub(super) const ADD_MEMBER: Codes =
    &["bad_member", "unknown_member", "member_exists", "too_many_members"];
pub(super) const REMOVE_MEMBER: Codes =
    &["bad_path", "no_such_member", "last_member", "asked_to_leave"];
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
        region.map(|region| Problem::ForwardUnanswered { region }),
    ];
    let data_type = DataType::Register;
    let mut samples = vec![
        Problem::NoSuchRoute,
        Problem::MethodNotAllowed { method: Method::POST, allow: none() },
        Problem::NoKey,
        Problem::BadParameter { name: none(), detail: nothing() },
        Problem::UnknownParameter { name: nothing(), read: Vec::new() },
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
        Problem::Verify(VerifyError::Running),
        Problem::Verify(VerifyError::CatchingUp),
        Problem::BadBackup { detail: nothing() },
        Problem::Backup(BackupError::NotConfigured),
        Problem::Backup(BackupError::Place(PlaceError::Taken { path: nothing().into() })),
        Problem::Backup(BackupError::Place(PlaceError::Outside {
            path: nothing().into(),
            root: nothing().into(),
            detail: none(),
        })),
        Problem::Backup(BackupError::Running),
        Problem::Backup(BackupError::Failed { detail: nothing() }),
        Problem::Version(EncodeError::Compression),
        Problem::Submit(SubmitError::Overloaded),
        Problem::Submit(SubmitError::StorageFull),
        Problem::Submit(SubmitError::Starting),
        Problem::Submit(SubmitError::Stopping),
        Problem::Submit(SubmitError::Unreadable { detail: nothing() }),
        Problem::Submit(SubmitError::Unknown),
        Problem::Submit(SubmitError::Refused(Refusal::TableExists)),
        Problem::Submit(SubmitError::Refused(Refusal::VersionMismatch)),
        Problem::Submit(SubmitError::Refused(Refusal::RequestNameReused)),
        Problem::Submit(SubmitError::Refused(Refusal::TooManyNamedRequests)),
        Problem::Route(RouteError::Stale),
        Problem::BadHeader { name: nothing(), detail: nothing() },
        Problem::ForeignCursor,
        Problem::NoSuchConflict,
        Problem::BadSession(SessionTokenError::Damaged),
        Problem::WriteConcernTooLarge { w: 0, regions: 0 },
        Problem::WriteConcernUnmet { w: 0, holders: Vec::new(), is_named: false },
        Problem::Submit(SubmitError::Refused(Refusal::TooManyTables)),
        Problem::Table(TableError::Pending { regions: Vec::new() }),
        Problem::NoSuchMember { name: nothing() },
        Problem::BadMember { detail: nothing() },
        Problem::Member(MemberError::Pending { regions: Vec::new() }),
        Problem::Member(MemberError::AskedToLeave),
        Problem::Submit(SubmitError::NotAMember),
        Problem::Submit(SubmitError::Refused(Refusal::MemberExists)),
        Problem::Submit(SubmitError::Refused(Refusal::TooManyMembers)),
        Problem::Submit(SubmitError::Refused(Refusal::LastMember)),
    ];
    samples.extend(malformed.into_iter().flatten());
    let refused = |error| Problem::Submit(SubmitError::Refused(Refusal::Operation(error)));
    samples.extend(
        [
            OperationError::WrongValue { data_type },
            OperationError::Immutable,
            OperationError::AlreadyWritten,
            OperationError::TooManySiblings { max: 0 },
            OperationError::WouldLoseAgain { reason: none() },
            OperationError::AlreadySettled { outcome: Outcome::Restored },
            OperationError::NotSettled,
            OperationError::NotUndoable,
        ]
        .map(refused),
    );
    samples
}
