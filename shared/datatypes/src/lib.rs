//! Data types as join-semilattices: their states, operations, deltas and JSON values.
//!
//! A file holds one data type whole. What travels between regions is a [`Delta`]; joining it into
//! an [`ItemState`] twice, late or in another causal order gives the same state. Which of several
//! concurrent values an item then shows is not decided here but by the table's resolver.

mod counter;
mod delta;
mod flag;
mod foreign;
mod item;
mod json;
mod live;
mod operation;
mod register;
mod set;
mod settled;

pub use counter::{CounterDelta, CounterState, Tally};
pub use delta::{Basis, Delta, DeltaBody};
pub use flag::{FlagDelta, FlagState};
pub use foreign::{Disputed, Side};
pub use item::{DataType, ItemState, TypeState};
pub use json::{JsonError, JsonFault, JsonText};
pub use live::{Entry, Live, Written};
pub use operation::{ItemLimits, Operation, OperationError, Settlement, Verdict};
pub use register::{RegisterDelta, RegisterState, Write};
pub use set::{Element, Presence, SetDelta, SetState, Touch, standing};
pub use settled::{Mark, Noted, Outcome, Settled, Settling};
