//! An item: its own causal context, and the state of its data type.

use core::fmt;
use core::str::FromStr;

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId, VersionVector};

use crate::{CounterDelta, CounterState, Operation, OperationError, RegisterDelta, RegisterState};

/// The data types, by the names that a table's definition uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataType {
    /// Any JSON, replaced whole.
    Register,
    /// An integer that is added to.
    Counter,
}

impl DataType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Register, Self::Counter];

    /// Its name in a table's definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Counter => "counter",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DataType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|data_type| data_type.name() == name).ok_or(())
    }
}

/// What one change did to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The exact dots that it replaces, sorted. Decides what is superseded, never delivery.
    pub ctx: Vec<Dot>,
    /// What it did, by data type.
    pub body: DeltaBody,
}

/// What a delta did, by data type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeltaBody {
    /// A write to a register.
    Register(RegisterDelta),
    /// An increment or a reset of a counter.
    Counter(CounterDelta),
}

impl DeltaBody {
    /// The data type it belongs to.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Register(_) => DataType::Register,
            Self::Counter(_) => DataType::Counter,
        }
    }
}

/// A delta with the name and the time of its change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) dot: Dot,
    pub(crate) stamp: HybridTimestamp,
    pub(crate) ctx: &'a [Dot],
}

/// An item as a region knows it. A missing item is "never heard of", never "deleted".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemState {
    context: VersionVector,
    value: TypeState,
}

/// The state of an item's data type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeState {
    /// Of a register.
    Register(RegisterState),
    /// Of a counter.
    Counter(CounterState),
}

impl ItemState {
    /// An item that nobody has touched.
    pub fn new(data_type: DataType) -> Self {
        let value = match data_type {
            DataType::Register => TypeState::Register(RegisterState::default()),
            DataType::Counter => TypeState::Counter(CounterState::default()),
        };
        Self { context: VersionVector::new(), value }
    }

    /// From its stored parts.
    pub fn from_parts(context: VersionVector, value: TypeState) -> Self {
        Self { context, value }
    }

    /// Per replica, the highest sequence that touched this item: the item's version.
    pub fn context(&self) -> &VersionVector {
        &self.context
    }

    /// The state of its data type.
    pub fn value(&self) -> &TypeState {
        &self.value
    }

    /// Its data type.
    pub fn data_type(&self) -> DataType {
        match self.value {
            TypeState::Register(_) => DataType::Register,
            TypeState::Counter(_) => DataType::Counter,
        }
    }

    /// What `operation` by `author` does to this item as it stands; `is_shown` is whether the
    /// resolver shows a value, `ctx` what it shows.
    pub fn operate(
        &self,
        author: ReplicaId,
        operation: Operation,
        is_shown: bool,
        ctx: Vec<Dot>,
    ) -> Result<Delta, OperationError> {
        let body = match &self.value {
            TypeState::Register(_) => {
                DeltaBody::Register(RegisterState::operate(operation, is_shown)?)
            }
            TypeState::Counter(counter) => DeltaBody::Counter(counter.operate(author, &operation)?),
        };
        Ok(Delta { ctx, body })
    }

    /// Joins the delta of change `dot`; answers whether it told anything new.
    ///
    /// A dot that has touched this item before is without effect. A delta of another data type is
    /// without effect either: a table's type never changes, the caller has checked it.
    pub fn apply(&mut self, dot: Dot, stamp: HybridTimestamp, delta: &Delta) -> bool {
        if self.context.contains(&dot) {
            return false;
        }
        let incoming = Incoming { dot, stamp, ctx: &delta.ctx };
        match (&mut self.value, &delta.body) {
            (TypeState::Register(state), DeltaBody::Register(body)) => state.apply(&incoming, body),
            (TypeState::Counter(state), DeltaBody::Counter(body)) => state.apply(&incoming, body),
            (TypeState::Register(_) | TypeState::Counter(_), _) => return false,
        }
        self.context.learn(dot);
        true
    }

    /// Joins another region's whole state of this item.
    pub fn join(&mut self, other: &Self) {
        match (&mut self.value, &other.value) {
            (TypeState::Register(state), TypeState::Register(theirs)) => {
                state.join(&self.context, theirs, &other.context);
            }
            (TypeState::Counter(state), TypeState::Counter(theirs)) => {
                state.join(&self.context, theirs, &other.context);
            }
            (TypeState::Register(_) | TypeState::Counter(_), _) => return,
        }
        self.context.join(&other.context);
    }
}
