//! The way out of a forked history.
//!
//! ```text
//!                 ┌─ c+1 … m   what the peers have seen, for ever
//!   1 … c ────────┤
//!                 └─ c+1 … n   what an old copy of the directory wrote before it met them
//! ```
//!
//! A directory that was put back from a copy and written to before it met its peers has named changes
//! that mean something else elsewhere. [`CommonPoint`] finds where the two histories part, and
//! [`Reauthoring`] gives what was written after it new names under a new replica: the same writes,
//! at the same times, upon the same causes, so that they are concurrent with what the peers have, as
//! they were.
//!
//! Deliberately absent: undoing. A state in which both histories could be mixed is given up whole;
//! the peers give it anew.

mod common_point;
mod reauthoring;

pub use self::common_point::{CommonPoint, Step};
pub use self::reauthoring::{LeftOver, Reauthored, Reauthoring};

#[cfg(test)]
mod tests;
