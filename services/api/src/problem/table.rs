//! The one table that maps every refusal to what it is answered with.

use actix_web::http::StatusCode;
use tombolo_actors::{
    BackupError, MemberError, PauseError, ResyncError, RouteError, SubmitError, TableError,
    VerifyError,
};
use tombolo_datatypes::OperationError;
use tombolo_replication::leader::Refusal;
use tombolo_storage::backup::PlaceError;

use super::Problem;

/// What a refusal is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The stable code, in snake case.
    pub(crate) code: &'static str,
    /// The same in words.
    pub(crate) title: &'static str,
    /// Whether repeating this exact request is safe and may succeed.
    pub(crate) retry: Retry,
    /// What became of the request.
    pub(crate) outcome: Outcome,
}

/// Whether repeating this exact request is safe and may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It would be refused again, or might be done twice.
    No,
    /// Yes, at once.
    Yes,
    /// Yes, after a while; named in `Retry-After`.
    Later,
}

/// What became of a refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was done, now or later.
    NotApplied,
    /// It is durable in one region.
    AppliedLocally,
    /// It may have been done, or may be done later.
    Unknown,
}

impl Outcome {
    /// Its word in the answer.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotApplied => "not_applied",
            Self::AppliedLocally => "applied_locally",
            Self::Unknown => "unknown",
        }
    }
}

/// Refused for what it is: nothing was done, and the same would be refused again.
const fn refused(status: StatusCode, code: &'static str, title: &'static str) -> Entry {
    Entry { status, code, title, retry: Retry::No, outcome: Outcome::NotApplied }
}

/// Not now: nothing was done, and a repetition may succeed.
const fn unavailable(code: &'static str, title: &'static str) -> Entry {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Entry { status, code, title, retry: Retry::Later, outcome: Outcome::NotApplied }
}

const OVERLOADED: Entry = unavailable("overloaded", "The region is overloaded");
const STORAGE_FULL: Entry = Entry {
    status: StatusCode::INSUFFICIENT_STORAGE,
    ..unavailable("storage_full", "The region's disk is full")
};
const STARTING: Entry = unavailable("starting", "The region is starting");
const CATCHING_UP: Entry = unavailable("catching_up", "The region catches up with the others");
const STOPPING: Entry = unavailable("stopping", "The region is stopping");
const NO_SUCH_TABLE: Entry = refused(StatusCode::NOT_FOUND, "no_such_table", "No such table");
const NO_SUCH_ITEM: Entry = refused(StatusCode::NOT_FOUND, "no_such_item", "No such item");
const NO_SUCH_CONFLICT: Entry =
    refused(StatusCode::NOT_FOUND, "no_such_conflict", "No such conflict");
const TOO_LARGE: Entry =
    refused(StatusCode::PAYLOAD_TOO_LARGE, "value_too_large", "The value is too large");
const NO_SUCH_PEER: Entry = refused(StatusCode::NOT_FOUND, "no_such_peer", "No such peer");
const NOT_A_MEMBER: Entry =
    refused(StatusCode::CONFLICT, "not_a_member", "The region was removed from its cluster");
const NO_SUCH_MEMBER: Entry = refused(StatusCode::NOT_FOUND, "no_such_member", "No such member");
const BAD_KEY: Entry = refused(StatusCode::BAD_REQUEST, "bad_key", "Not a key");
const TABLE_EXISTS: Entry =
    refused(StatusCode::CONFLICT, "table_exists", "The table exists and is defined otherwise");
const TOO_MANY_TABLES: Entry =
    refused(StatusCode::UNPROCESSABLE_ENTITY, "too_many_tables", "Too many tables");
const VERSION_MISMATCH: Entry =
    refused(StatusCode::PRECONDITION_FAILED, "version_mismatch", "It is not as it was");
const REQUEST_NAME_REUSED: Entry = refused(
    StatusCode::UNPROCESSABLE_ENTITY,
    "idempotency_key_reused",
    "The idempotency key was given to another request",
);
const TOO_MANY_NAMED_REQUESTS: Entry = Entry {
    status: StatusCode::TOO_MANY_REQUESTS,
    ..unavailable("too_many_idempotency_keys", "No room for another idempotency key")
};
const WRONG_OPERATION: Entry = refused(
    StatusCode::UNPROCESSABLE_ENTITY,
    "wrong_type_operation",
    "The table's type has no such operation",
);
const COUNTER_OVERFLOW: Entry = refused(
    StatusCode::UNPROCESSABLE_ENTITY,
    "counter_overflow",
    "The counter would leave its range",
);
/// Found out before anything is changed, so it can be repeated.
const UNREADABLE: Entry = Entry {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "storage_unreadable",
    title: "What is stored cannot be read",
    retry: Retry::Yes,
    outcome: Outcome::NotApplied,
};
const WRITE_UNKNOWN: Entry = Entry {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "storage_failed",
    title: "What was asked may or may not have been done",
    retry: Retry::No,
    outcome: Outcome::Unknown,
};

impl Problem {
    /// What it is answered with.
    pub(crate) fn entry(&self) -> Entry {
        use StatusCode as S;
        let unfit = |code, title| refused(S::UNPROCESSABLE_ENTITY, code, title);
        let malformed = |code, title| refused(S::BAD_REQUEST, code, title);
        match self {
            Self::NoSuchRoute => refused(S::NOT_FOUND, "no_such_route", "No such resource"),
            Self::MethodNotAllowed { .. } => {
                refused(S::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
            }
            Self::BadEncoding { .. } => malformed("bad_path", "Not a path"),
            Self::UnreadableKey(_) | Self::BadKey(_) | Self::NoKey => BAD_KEY,
            Self::BadTableName(_) => malformed("bad_table_name", "Not a table's name"),
            Self::BadParameter { .. } => malformed("bad_parameter", "A parameter cannot be read"),
            Self::UnknownParameter { .. } => malformed("unknown_parameter", "No such parameter"),
            Self::BadHeader { .. } => malformed("bad_header", "A header cannot be read"),
            Self::BadCursor(_) | Self::ForeignCursor => {
                malformed("bad_cursor", "Not a cursor of this listing")
            }
            Self::NotSupportedYet { .. } => unfit("not_supported_yet", "Not in this version"),
            Self::StrongNeedsHome => unfit("strong_needs_home", "The table has no home"),
            Self::MediaType { .. } | Self::ContentEncoding => refused(
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body is not declared as JSON",
            ),
            Self::TooLarge { .. } => TOO_LARGE,
            Self::BodyTimeout { .. } => Entry {
                retry: Retry::Yes,
                ..refused(S::REQUEST_TIMEOUT, "body_timeout", "The body took too long")
            },
            Self::BodyIncomplete => Entry {
                retry: Retry::Yes,
                ..malformed("body_incomplete", "The body did not arrive whole")
            },
            Self::Json(_) => malformed("malformed_json", "The body is not JSON"),
            Self::BadPatch { .. } => malformed("bad_patch", "Not a patch"),
            Self::WrongOperation { .. } => WRONG_OPERATION,
            Self::NumberTooLarge => COUNTER_OVERFLOW,
            Self::BadDefinition { .. } => malformed("bad_definition", "Not a table's definition"),
            Self::UnknownMember { .. } => unfit("unknown_member", "Unknown member"),
            Self::FixedMember { .. } => unfit("fixed_member", "That of a table never changes"),
            Self::ResolverMismatch { .. } => {
                unfit("resolver_mismatch", "The resolver does not fit the type")
            }
            Self::FieldsMismatch { .. } => unfit("fields_mismatch", "The type has no fields"),
            Self::RegionsMismatch { .. } => unfit("regions_mismatch", "The regions do not fit"),
            Self::BadBackup { .. } => malformed("bad_backup", "Not a backup that can be asked for"),
            Self::NoSuchTable { .. } => NO_SUCH_TABLE,
            Self::NoSuchItem => NO_SUCH_ITEM,
            Self::NoSuchConflict => NO_SUCH_CONFLICT,
            Self::NoSuchPeer { .. } | Self::Resync(ResyncError::UnknownPeer(_)) => NO_SUCH_PEER,
            Self::ForeignHost { .. } => refused(S::FORBIDDEN, "foreign_host", "Foreign host"),
            Self::ForeignOrigin { .. } => refused(S::FORBIDDEN, "foreign_origin", "Foreign origin"),
            Self::BadSession(_) => malformed("bad_session_token", "Not a session of this cluster"),
            Self::WriteConcernTooLarge { .. } => {
                unfit("write_concern_too_large", "There are not so many regions")
            }
            Self::WriteConcernUnmet { is_named, .. } => Entry {
                status: S::GATEWAY_TIMEOUT,
                retry: if *is_named { Retry::Yes } else { Retry::No },
                outcome: Outcome::AppliedLocally,
                ..unfit("write_concern_unmet", "Too few regions hold the write in time")
            },
            Self::ForwardUnanswered { .. } => Entry {
                status: S::GATEWAY_TIMEOUT,
                code: "forward_unanswered",
                title: "The region that was asked in this one's place has not answered",
                ..WRITE_UNKNOWN
            },
            Self::Route(error) => route(*error),
            Self::NotReady { .. } => unavailable("not_ready", "The region is not ready"),
            Self::Stopping => STOPPING,
            Self::Verify(error) | Self::Resync(ResyncError::Verify(error)) => verify(*error),
            Self::Backup(error) => backup(error),
            Self::Unreadable(_) => UNREADABLE,
            Self::Version(_) => Entry { code: "version_unwritable", ..WRITE_UNKNOWN },
            Self::Pause(error) => pause(error),
            Self::Submit(error) => submit(error),
            Self::Table(error) => table(error),
            Self::NoSuchMember { .. } => NO_SUCH_MEMBER,
            Self::BadMember { .. } => malformed("bad_member", "Not a member"),
            Self::Member(error) => member(error),
        }
    }
}

fn pause(error: &PauseError) -> Entry {
    match error {
        PauseError::UnknownPeer(_) => NO_SUCH_PEER,
        PauseError::Stopping => STOPPING,
        _ => WRITE_UNKNOWN,
    }
}

fn verify(error: VerifyError) -> Entry {
    match error {
        VerifyError::Running => Entry {
            retry: Retry::Yes,
            ..refused(
                StatusCode::CONFLICT,
                "verify_running",
                "The regions are being compared already",
            )
        },
        VerifyError::CatchingUp => CATCHING_UP,
        // What is not known by name was not begun either.
        _ => STOPPING,
    }
}

fn backup(error: &BackupError) -> Entry {
    let unfit = |code, title| refused(StatusCode::UNPROCESSABLE_ENTITY, code, title);
    let conflict = |code, title| refused(StatusCode::CONFLICT, code, title);
    match error {
        BackupError::NotConfigured => {
            unfit("backups_not_configured", "The region has no directory for backups")
        }
        BackupError::Place(PlaceError::Taken { .. }) => {
            conflict("backup_path_taken", "Something is there already")
        }
        BackupError::Place(_) => {
            unfit("backup_path_refused", "Not a directory that can be written to")
        }
        BackupError::Running => Entry {
            retry: Retry::Yes,
            ..conflict("backup_running", "A backup is being written already")
        },
        BackupError::CatchingUp => CATCHING_UP,
        BackupError::Full => STORAGE_FULL,
        BackupError::Stopping => STOPPING,
        // Nothing of it stays.
        _ => Entry { code: "backup_failed", title: "The backup was not written", ..UNREADABLE },
    }
}

fn submit(error: &SubmitError) -> Entry {
    match error {
        SubmitError::Overloaded => OVERLOADED,
        SubmitError::StorageFull => STORAGE_FULL,
        SubmitError::Starting => STARTING,
        SubmitError::CatchingUp => CATCHING_UP,
        SubmitError::NotAMember => NOT_A_MEMBER,
        SubmitError::Stopping => STOPPING,
        SubmitError::Refused(refusal) => refusal_entry(refusal),
        SubmitError::Unreadable { .. } => UNREADABLE,
        // What is not known by name may have happened.
        _ => WRITE_UNKNOWN,
    }
}

fn route(error: RouteError) -> Entry {
    match error {
        RouteError::Overloaded => OVERLOADED,
        RouteError::Stopping => STOPPING,
        // What is not known by name was not begun either.
        _ => unavailable("stale_replica", "The region is behind what the session has seen"),
    }
}

fn refusal_entry(refusal: &Refusal) -> Entry {
    match refusal {
        Refusal::NoSuchTable => NO_SUCH_TABLE,
        Refusal::TableExists => TABLE_EXISTS,
        Refusal::TooManyTables => TOO_MANY_TABLES,
        Refusal::VersionMismatch => VERSION_MISMATCH,
        Refusal::RequestNameReused => REQUEST_NAME_REUSED,
        Refusal::TooManyNamedRequests => TOO_MANY_NAMED_REQUESTS,
        Refusal::MemberExists => refused(
            StatusCode::CONFLICT,
            "member_exists",
            "The region is a member and has another address",
        ),
        Refusal::NoSuchMember => NO_SUCH_MEMBER,
        Refusal::TooManyMembers => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "too_many_members", "Too many members")
        }
        Refusal::LastMember => {
            refused(StatusCode::CONFLICT, "last_member", "It is the only member")
        }
        Refusal::NotAMember => NOT_A_MEMBER,
        Refusal::Operation(error) => operation(error),
        _ => refused(StatusCode::UNPROCESSABLE_ENTITY, "refused", "Refused"),
    }
}

fn operation(error: &OperationError) -> Entry {
    use OperationError as E;
    let unfit = |code, title| refused(StatusCode::UNPROCESSABLE_ENTITY, code, title);
    let conflict = |code, title| refused(StatusCode::CONFLICT, code, title);
    match error {
        E::NoSuchItem => NO_SUCH_ITEM,
        E::CounterOverflow { .. } => COUNTER_OVERFLOW,
        E::NotOfThisType { .. } => WRONG_OPERATION,
        E::WrongValue { .. } => unfit("wrong_value", "The table's type holds no such value"),
        E::TooLarge { .. } => TOO_LARGE,
        E::Immutable => unfit("immutable", "What is written stands for ever"),
        E::AlreadyWritten => conflict("already_written", "The item is already written"),
        E::TooManySiblings { .. } => conflict("too_many_siblings", "Too many siblings"),
        E::NoSuchConflict => NO_SUCH_CONFLICT,
        E::AlreadySettled { .. } => conflict("already_settled", "The conflict is settled already"),
        E::NotSettled => conflict("not_settled", "The conflict is open"),
        E::NotUndoable => unfit("not_undoable", "What was restored stands for ever"),
        E::WouldLoseAgain { .. } => unfit("would_lose_again", "It would lose again"),
        _ => unfit("refused", "Refused"),
    }
}

fn table(error: &TableError) -> Entry {
    let pending = |outcome| Entry {
        outcome,
        ..unavailable("definition_pending", "Not every region has confirmed the definition")
    };
    match error {
        TableError::Gone => NO_SUCH_TABLE,
        TableError::Pending { .. } => pending(Outcome::AppliedLocally),
        TableError::OrdererUnreachable { .. } => pending(Outcome::Unknown),
        TableError::Submit(error) => submit(error),
        _ => WRITE_UNKNOWN,
    }
}

fn member(error: &MemberError) -> Entry {
    let pending = |outcome| Entry {
        outcome,
        ..unavailable("membership_pending", "Not every member has confirmed it")
    };
    match error {
        MemberError::Pending { .. } => pending(Outcome::AppliedLocally),
        MemberError::RemovalPending { .. } => pending(Outcome::NotApplied),
        MemberError::OrdererUnreachable { .. } => pending(Outcome::Unknown),
        MemberError::AskedToLeave => refused(
            StatusCode::CONFLICT,
            "asked_to_leave",
            "Only a member that stays can be asked to remove another",
        ),
        MemberError::Submit(error) => submit(error),
        _ => WRITE_UNKNOWN,
    }
}

#[cfg(test)]
mod tests;
