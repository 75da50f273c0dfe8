//! A seeded world to run regions in: many of them in one thread and one time, on the machines and
//! the storage that run in production, over a network, clocks and disks that fail.
//!
//! ```text
//!            seed ─▶ Plan ─▶ World ─▶ Outcome { violation, trace, coverage }
//!                              │
//!    clients ─ requests ─▶ regions ─ frames ─▶ network ─▶ regions
//!                              │                 (delay, cuts, damage)
//!                              └─ Writer, Journal, State ─▶ SimulatedDisk
//!                                                             (power cuts, lies, errors)
//!    Truth: every change that became durable anywhere, and what the promises make of it
//! ```
//! The same seed gives the same world, call by call. Nothing here is fit for production, and
//! nothing of a region as it runs depends on it.

mod around;
mod campaign;
mod clients;
mod clock;
mod coverage;
pub mod disk;
mod invariant;
mod mutant;
mod network;
mod plan;
mod queue;
mod random;
mod recovery;
mod region;
mod request;
mod seeds;
mod trace;
mod truth;
mod world;

pub use campaign::{Caught, Failed, Tally, campaign, hunt, shrink};
pub use coverage::{Coverage, FaultKind, PathKind};
pub use invariant::{Invariant, Violation};
pub use mutant::Mutant;
pub use plan::{Plan, Tuning};
pub use random::Random;
pub use seeds::known_seeds;
pub use trace::Trace;
pub use world::{Outcome, run};
