//! What the leader is asked, and what it answers.

use tombolo_causality::{Dot, VersionVector};
use tombolo_datatypes::{ItemState, Operation, OperationError};
use tombolo_resolvers::{ResolverKind, Shown};

use crate::idempotency::NamedRequest;
use crate::{Change, ConflictRecord, ItemKey, SetAside, SpanContext};

/// One operation on one item, as a client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which item.
    pub item: ItemKey,
    /// What is to be done.
    pub operation: Operation,
    /// When only.
    pub condition: Option<Condition>,
    /// The request, where the client has given it a name: it is then done once.
    pub request: Option<NamedRequest>,
    /// The request's span, where it is traced: it goes with the change.
    pub span: Option<SpanContext>,
}

impl Command {
    /// One without conditions, without a name, and not traced.
    pub fn new(item: ItemKey, operation: Operation) -> Self {
        Self { item, operation, condition: None, request: None, span: None }
    }
}

/// What must hold of an item for a command to be done. Checked against this region's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It shows nothing.
    Absent,
    /// It shows something.
    Present,
    /// It has one of these versions. Where siblings stand side by side it holds of any: the write
    /// then replaces what they name.
    Versions(Vec<VersionVector>),
}

/// A command that was accepted: to be journaled, staged, and answered when durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What goes to the journal and to the other regions.
    pub change: Change,
    /// The item it touches.
    pub item: ItemKey,
    /// The item's state after it.
    pub state: ItemState,
    /// What decides which of its writes stands.
    pub resolver: ResolverKind,
    /// Whether the item showed a value before.
    pub existed: bool,
    /// Whether the answer tells what the item then shows.
    pub tells_value: bool,
    /// The conflict that was settled, as it then is.
    pub settled: Option<Box<ConflictRecord>>,
}

impl Decided {
    /// What the item shows after it.
    pub fn shown(&self) -> Shown<'_> {
        self.resolver.resolver().shown(&self.state)
    }
}

/// Why a command was refused. Nothing was changed, now or later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The table does not exist, or no longer.
    #[error("there is no such table")]
    NoSuchTable,
    /// A different table has that name.
    #[error("a table of that name exists and is defined otherwise")]
    TableExists,
    /// The cluster holds as many tables as it may.
    #[error("there are {max} tables, which is the most", max = crate::Catalog::TABLES_MAX)]
    TooManyTables,
    /// The item, or the table, is not as the client's condition says.
    #[error("the version is another one")]
    VersionMismatch,
    /// Another request was done under that name.
    #[error("the idempotency key was given to another request")]
    RequestNameReused,
    /// There is no room to remember another named request.
    #[error("there is no room to remember more idempotency keys")]
    TooManyNamedRequests,
    /// A region of that name is a member, and is dialled elsewhere.
    #[error("a region of that name is a member and has another address")]
    MemberExists,
    /// No region of that name is or was a member.
    #[error("there is no such member")]
    NoSuchMember,
    /// The cluster has as many members as it may.
    #[error("there are {max} members, which is the most", max = crate::Membership::MEMBERS_MAX)]
    TooManyMembers,
    /// Without it nobody would be left.
    #[error("it is the only member")]
    LastMember,
    /// This region was removed: what it wrote would reach nobody.
    #[error("this region is no longer a member")]
    NotAMember,
    /// The data type refuses the operation.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// What joining a change came to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AppliedChange {
    /// False where the change had been applied before; then nothing else is set.
    pub is_new: bool,
    /// The items that changed, with their states after it.
    pub states: Vec<(ItemKey, ItemState)>,
    /// How many deltas belonged to tables that no longer exist.
    pub of_dropped_tables: usize,
    /// Why it was set aside, where it cannot be applied: it is to be journaled like any other, and
    /// has no effect.
    pub set_aside: Option<SetAside>,
}

/// Why a change of another replica was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotApplied<E> {
    /// Something before it, or that it depends on, is missing: the intake has erred.
    #[error("{dot} was handed over before what it depends on")]
    OutOfOrder {
        /// The change.
        dot: Dot,
    },
    /// It cannot be applied, and as many are set aside as may be.
    #[error(
        "{dot} cannot be applied ({reason}), and {max} changes are set aside, which is the most"
    )]
    TooManyExceptions {
        /// The change.
        dot: Dot,
        /// Why it cannot be applied.
        reason: SetAside,
        /// How many may be set aside.
        max: usize,
    },
    /// A state could not be read.
    #[error("the present state could not be read")]
    State(#[source] E),
}
