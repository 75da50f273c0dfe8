//! A seeded world to run regions in; today its disk.
//!
//! Everything here is reproducible: the same seed and the same calls give the same outcome. Nothing
//! here is fit for production, and nothing in production depends on it.

pub mod disk;
mod random;

pub use random::Random;
