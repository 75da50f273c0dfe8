//! Who wrote what, when, and knowing what.
//!
//! Identities (`RegionId`, `ReplicaId`, `Dot`), knowledge (`VersionVector`, `Session`) and time
//! (`HybridTimestamp`, `HybridClock`). Everything here is plain data: the present time and every
//! random number are handed in by the caller.

mod clock;
mod dot;
mod region;
mod replica;
mod session;
mod vector;

pub use clock::{ClockError, HybridClock, HybridTimestamp};
pub use dot::Dot;
pub use region::{RegionId, RegionIdError};
pub use replica::{Incarnation, ParseReplicaError, Partition, ReplicaId};
pub use session::Session;
pub use vector::VersionVector;
