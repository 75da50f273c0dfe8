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

mod backing_up;
mod boot;
mod catching_up;
mod clock;
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
pub mod meters;
mod naming;
mod observer;
mod region;
mod replication;
mod restoring;
mod retention;
mod running;
mod serving;
mod shipping;
mod tables;
mod verifying;

pub use backing_up::{BackedUp, BackupError, LastBackups};
pub use error::{RouteError, StartError, SubmitError, TableError, UnknownPeer};
pub use forks::{NotRecovered, Recovered, recover_fork};
pub use forwarding::{
    Answer as ForwardAnswer, Answerer, ForwardError, ForwardReply, ForwardRequest,
};
pub use leader::{After, Answer};
pub use links::{LinkState, LinkStatus};
pub use observer::{Applied, Observer};
pub use region::{ConcernUnmet, MayWait, PauseError, Region, ResyncError, Routed};
pub use restoring::{NotRestored, restore};
pub use tables::{Reach, TableAnswer};
pub use tombolo_replication::fork::LeftOver;
pub use verifying::{Verified, VerifyError};
