//! The sans-IO machines of one region.
//!
//! ```text
//!  client ─ Command ─▶ leader ─ Change ─▶ (journal) ─▶ shipper ─ batch ─▶ … another region …
//!                        ▲                                                      │
//!                        └────────── Apply ◀── intake ◀──────── batch ──────────┘
//! ```
//!
//! Each machine takes (now, input) and returns outputs; it never waits, never looks at a clock and
//! never does I/O. The same code runs in production, in simulation and in tests. An output says
//! whom it is for; whoever drives a machine only delivers.

pub mod acknowledgements;
mod catalog;
pub mod catch_up;
mod chain;
mod change;
pub mod circuit_breaker;
pub mod clock_skew;
mod conflicts;
mod consistency;
mod digest;
mod exceptions;
pub mod fork;
mod history;
pub mod idempotency;
pub mod incarnation;
pub mod intake;
mod key;
pub mod lag;
pub mod leader;
mod membership;
pub mod read_router;
pub mod reconciler;
pub mod retention;
pub mod shipper;
mod span_context;
mod table;

pub use catalog::Catalog;
pub use chain::{RunningHash, StreamPosition, Streams};
pub use change::{Body, Change, ItemDelta, SealedChange};
pub use conflicts::{ConflictId, ConflictIdError, ConflictRecord, RecordedWrite, conflicts};
pub use consistency::{Consistency, UnknownConsistency};
pub use digest::{Digest, Digester};
pub use exceptions::{Exceptions, SetAside};
pub use history::{HistoryWrite, Wrote, history};
pub use idempotency::IdempotencyRecord;
pub use key::{ItemKey, Key, KeyError, TableId, TableName, TableNameError};
pub use membership::{
    Admission, Levelling, Member, MemberAddress, MemberAddressError, MemberCommand, Membership,
    MembershipFlaw, Plan as MemberPlan, Removed,
};
pub use span_context::SpanContext;
pub use table::{Strategy, TableDefinition, TableShape};
