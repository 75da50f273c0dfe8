//! Everything that a request can be refused for.
//!
//! One variant is one `code` of the contract, or one that was decided further down. What each is
//! answered with stands in one table ([`table`]); how it is written, in [`reply`].

mod reply;
mod table;

use core::time::Duration;

use actix_web::http::Method;
use tombolo_actors::{
    BackupError, MemberError, PauseError, ResyncError, RouteError, SubmitError, TableError,
    VerifyError,
};
use tombolo_causality::RegionId;
use tombolo_datatypes::{DataType, JsonError};
use tombolo_protocol::{DecodeError, EncodeError, SessionTokenError};
use tombolo_replication::{KeyError, TableNameError};
use tombolo_storage::StorageError;

pub(crate) use self::reply::Body;
pub(crate) use self::table::Entry;
use crate::percent::PercentError;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// No resource has that path.
    #[error("no resource has this path")]
    NoSuchRoute,
    /// The resource does not take that method.
    #[error("{} is not among what this resource takes: {allow}", excerpt(method.as_str()))]
    MethodNotAllowed {
        /// The method.
        method: Method,
        /// The `Allow` header.
        allow: &'static str,
    },
    /// A name in the path is not percent-encoded as it should be.
    #[error("the {what} cannot be read: {source}")]
    BadEncoding {
        /// What the name is of.
        what: &'static str,
        /// How it is wrong.
        source: PercentError,
    },
    /// The key is not percent-encoded as it should be.
    #[error("the key cannot be read: {0}")]
    UnreadableKey(#[source] PercentError),
    /// The text is not a key.
    #[error(transparent)]
    BadKey(#[from] KeyError),
    /// `item` was called without the parameter `key`.
    #[error("the parameter `key` is missing")]
    NoKey,
    /// The text is not a table's name.
    #[error(transparent)]
    BadTableName(#[from] TableNameError),
    /// A parameter that cannot be read.
    #[error("the parameter `{name}` cannot be read: {detail}")]
    BadParameter {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A parameter that no call of the contract has.
    #[error("there is no parameter {name:?}; this call reads {}", read.join(", "))]
    UnknownParameter {
        /// Its name.
        name: String,
        /// Those that this call reads.
        read: Vec<&'static str>,
    },
    /// A header that cannot be read.
    #[error("the header `{name}` cannot be read: {detail}")]
    BadHeader {
        /// Its name.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The text is no cursor, or no longer the one that was given out.
    #[error("the cursor cannot be read: {0}")]
    BadCursor(#[source] DecodeError),
    /// A cursor that another listing has given out.
    #[error("the cursor is of another listing")]
    ForeignCursor,
    /// A part of the contract that this version does not have.
    #[error("this version does not have it yet: {what}")]
    NotSupportedYet {
        /// What was asked for.
        what: String,
    },
    /// A linearizable read of a table without a home.
    #[error("`strong` is answered by a table's home, and a multi_leader table has none")]
    StrongNeedsHome,
    /// The body is declared to be something else than JSON.
    #[error("send the header Content-Type: {expected}")]
    MediaType {
        /// What is taken.
        expected: &'static str,
    },
    /// The body is compressed.
    #[error("send the body as it is, without the header Content-Encoding")]
    ContentEncoding,
    /// The body is longer than a value may be.
    #[error("the body is longer than {bytes_max} bytes")]
    TooLarge {
        /// How long it may be.
        bytes_max: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {timeout:?}")]
    BodyTimeout {
        /// How long it may take.
        timeout: Duration,
    },
    /// The body ended before its declared length, or its chunks are malformed.
    #[error("the body ended early or is malformed")]
    BodyIncomplete,
    /// The body is not a JSON value.
    #[error("the body is not JSON as it is taken here: {0}")]
    Json(#[from] JsonError),
    /// The body of a PATCH names no operations.
    #[error("the patch is not taken: {detail}")]
    BadPatch {
        /// What is wrong with it.
        detail: String,
    },
    /// The operation is one of another data type.
    #[error("a {data_type} takes no {operation}")]
    WrongOperation {
        /// The table's data type.
        data_type: DataType,
        /// The operation.
        operation: String,
    },
    /// An operand larger than any counter.
    #[error("a counter holds ±(2^53 - 1), and the number leads out of it from wherever it stands")]
    NumberTooLarge,
    /// A definition that cannot be read, or with a word that means nothing.
    #[error("the definition is not taken: {detail}")]
    BadDefinition {
        /// What is wrong with it.
        detail: String,
    },
    /// A body with a member that it does not have.
    #[error("what is asked for has no member {name:?}")]
    UnknownMember {
        /// The member.
        name: String,
    },
    /// A change of a definition's member that stands for ever.
    #[error("{name:?} of a table never changes")]
    FixedMember {
        /// The member.
        name: &'static str,
    },
    /// A resolver of another data type.
    #[error("a {data_type} is not resolved by {resolver:?} but by {}", fitting.join(", "))]
    ResolverMismatch {
        /// The data type.
        data_type: &'static str,
        /// The resolver.
        resolver: String,
        /// Those that fit.
        fitting: &'static [&'static str],
    },
    /// Fields of a data type that has none.
    #[error("a {data_type} has no fields")]
    FieldsMismatch {
        /// The data type.
        data_type: &'static str,
    },
    /// Regions that are not those of this cluster.
    #[error("the regions do not fit: {detail}")]
    RegionsMismatch {
        /// Which.
        detail: String,
    },
    /// What is asked of a backup cannot be read.
    #[error("the body is to be {{\"path\":\"/…\"}}: {detail}")]
    BadBackup {
        /// What is wrong with it.
        detail: String,
    },
    /// The table does not exist.
    #[error("there is no table {name:?}")]
    NoSuchTable {
        /// Its name.
        name: String,
    },
    /// The item shows nothing.
    #[error("there is no such item")]
    NoSuchItem,
    /// The conflict is settled, or never was.
    #[error("there is no such conflict")]
    NoSuchConflict,
    /// No region can have that name.
    #[error("{name:?} is not a peer of this region")]
    NoSuchPeer {
        /// The name.
        name: String,
    },
    /// No region can have that name.
    #[error("{name:?} is not a member and never was")]
    NoSuchMember {
        /// The name.
        name: String,
    },
    /// What is to be added cannot be read.
    #[error("the member is not taken: {detail}")]
    BadMember {
        /// What is wrong with it.
        detail: String,
    },
    /// A browser was led here under a name that is not this listener's.
    #[error("this listener is not {host:?}; an operator's calls name it by its own address")]
    ForeignHost {
        /// What the request calls it.
        host: String,
    },
    /// A page of another site sent the request.
    #[error("the request comes from a page of {origin:?}")]
    ForeignOrigin {
        /// Where the page is from.
        origin: String,
    },
    /// The token of a session was not issued here, or is damaged.
    #[error(transparent)]
    BadSession(#[from] SessionTokenError),
    /// More regions than there are.
    #[error("w={w} regions, and there are {regions}")]
    WriteConcernTooLarge {
        /// How many were asked for.
        w: u64,
        /// How many there are.
        regions: usize,
    },
    /// Too few regions are known to hold the write.
    #[error("{w} regions were asked for, and only {holders:?} are known to hold it")]
    WriteConcernUnmet {
        /// How many were asked for.
        w: usize,
        /// Those that hold it.
        holders: Vec<RegionId>,
        /// Whether the request has a name: repeated, it is not done again and waits again.
        is_named: bool,
    },
    /// The write was passed on and not answered.
    #[error("{region} was asked to do it, and has not answered")]
    ForwardUnanswered {
        /// Who was asked.
        region: RegionId,
    },
    /// The request is answered nowhere.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The region takes no commands.
    #[error("the region {region} takes no commands")]
    NotReady {
        /// Which.
        region: RegionId,
    },
    /// The region is stopping.
    #[error("the region is stopping")]
    Stopping,
    /// What is stored could not be read.
    #[error("what is stored cannot be read: {0}")]
    Unreadable(#[from] StorageError),
    /// The item's version could not be written, after whatever was asked.
    #[error("the item's version cannot be written: {0}")]
    Version(#[from] EncodeError),
    /// A link was not paused or resumed.
    #[error(transparent)]
    Pause(#[from] PauseError),
    /// The regions were not compared.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A link's ends were not compared.
    #[error(transparent)]
    Resync(#[from] ResyncError),
    /// No backup was written.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The region did not do a write.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// A member was not added or removed, or is not known to be.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A call on a table was not done, or is not known to be.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The beginning of a text from outside, short enough for an error's detail.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(excerpt(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
    }
}
