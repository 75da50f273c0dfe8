//! Where regions are and how one is set up.
//!
//! - [`settings`]: everything an operator may say about one region, with its unit, default and
//!   allowed range; read from a file and the environment, and refused as a whole when any of it is
//!   wrong.
//! - [`places`]: fifteen places in the world that a region can be named after, with coordinates.
//! - [`latency`]: the round trips that were measured between them.
//!
//! The only I/O is reading the settings file. Nothing here watches it for changes, and nothing
//! opens the addresses or directories that it names.

pub mod latency;
pub mod places;
pub mod settings;

pub use latency::{LatencyMatrix, Rtt};
pub use places::Place;
pub use settings::{Settings, SettingsError};
