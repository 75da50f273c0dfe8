//! Data types as join-semilattices: their states, operations, deltas and JSON values.
//!
//! A file holds one data type whole. What travels between regions is a [`Delta`]; joining it into
//! an [`ItemState`] twice, late or in another causal order gives the same state. Which of several
//! concurrent values an item then shows is not decided here but by the table's resolver.

mod counter;
mod item;
mod json;
mod live;
mod operation;
mod register;

pub use counter::{CounterDelta, CounterState, Tally};
pub use item::{DataType, Delta, DeltaBody, ItemState, TypeState};
pub use json::{JsonError, JsonFault, JsonText};
pub use live::{Entry, Live};
pub use operation::{Operation, OperationError};
pub use register::{RegisterDelta, RegisterState};
