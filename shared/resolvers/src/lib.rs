//! What an item shows when regions wrote it at the same time.
//!
//! A [`Resolver`] is a strategy: one file each, chosen per table by the [`ResolverKind`] of its
//! definition. It is commutative, associative and idempotent over the states it joins, depends on
//! nothing but its inputs, and gives the same answer in every region.

mod extreme;
mod first_write_wins;
mod flag_wins;
mod keeping;
mod kind;
mod last_write_wins;
mod merge;
mod resolver;
mod set_wins;
mod settlement;
mod shown;
mod siblings;

pub use kind::{ResolverKind, ResolverKindError};
pub use resolver::Resolver;
pub use shown::{Lost, Reason, Shown, ShownSet, ShownValue, Siblings, Told};
pub use tombolo_datatypes::Written;
