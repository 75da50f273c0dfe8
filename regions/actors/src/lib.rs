//! One region as it runs: actix shells around the sans-IO machines.
//!
//! ```text
//!           api ─ Submit ─▶ Leader ─ Append ─▶ Journal        (a thread each: leader, journal,
//!                           ▲    │                             materializer, links)
//!                           │    ├─ sealed layer ─▶ Materializer
//!                           │    └─ published ─▶ Replication (one per peer) ─ batches ─▶ peer
//!                           └─ Apply ─ Intake ◀─ connections ◀─ batches ─ peer
//! ```
//!
//! An actor translates, calls its machine and performs the outputs; no decision lives here. Every
//! mailbox and channel is bounded, and nothing is sent that may be dropped in silence.

mod attending;
mod backing_up;
mod boot;
mod catching_up;
mod clock;
mod connecting;
mod connection;
mod dialling;
mod error;
mod forks;
mod forwarding;
mod identity_check;
mod intake;
mod journal;
mod leader;
mod links;
mod listener;
mod materializer;
mod members;
pub mod meters;
mod naming;
mod newcomer;
mod observer;
mod ordering;
mod region;
mod replication;
mod restoring;
mod retention;
mod roster;
mod running;
mod serving;
mod shipping;
mod standing;
mod tables;
mod verifying;

pub use backing_up::{BackedUp, BackupError, LastBackups};
pub use error::{MemberError, RouteError, StartError, SubmitError, TableError, UnknownPeer};
pub use forks::{NotRecovered, Recovered, recover_fork};
pub use forwarding::{
    Answer as ForwardAnswer, Answerer, ForwardError, ForwardReply, ForwardRequest,
};
pub use leader::{After, Answer};
pub use links::{LinkState, LinkStatus};
pub use members::MemberAnswer;
pub use observer::{Applied, Observer};
pub use ordering::Reach;
pub use region::{ConcernUnmet, MayWait, MembersNow, PauseError, Region, ResyncError, Routed};
pub use restoring::{NotRestored, restore};
pub use tables::TableAnswer;
pub use tombolo_replication::fork::LeftOver;
pub use verifying::{Verified, VerifyError};
