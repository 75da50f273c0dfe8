//! What must hold of every reader of bytes from outside, and a mutator that tries it.
//!
//! A target is a plain function of bytes that panics where a property is violated. What is read
//! without complaint must come back from what it is written as; what is refused must be refused in
//! words that a log can hold. Two things drive the same functions:
//!
//! - `tests/smoke.rs`, with every other test: the corpus, and a seeded number of its mutations
//!   ([`Smoke`]), which also holds the memory that each input costs against its length.
//! - libFuzzer, with coverage, for as long as somebody lets it run: `ops/fuzz/run TARGET`.
//!
//! The corpus is the golden vectors of the formats and what lies in `corpus/`, where whatever is
//! found is put. Deliberately absent: time. What is slow shows as a slow test, and in libFuzzer as
//! a timeout.

mod bodies;
mod corpus;
mod frames;
mod journal;
mod mutator;
mod property;
mod settings;
mod shrink;
mod smoke;
mod target;
mod tokens;

pub use bodies::bodies;
pub use corpus::{CorpusError, Seed, of_hex, seeds, to_hex};
pub use frames::frames;
pub use journal::journal;
pub use mutator::Mutator;
pub use settings::settings;
pub use smoke::{Found, Smoke, Tally};
pub use target::{Target, target};
pub use tokens::tokens;
