//! An item: its own causal context, and the state of its data type.

use core::fmt;
use core::str::FromStr;

use tombolo_causality::{Dot, HybridTimestamp, ReplicaId, VersionVector};

use crate::delta::Incoming;
use crate::{
    Basis, CounterState, Delta, DeltaBody, Element, FlagState, ItemLimits, Mark, Noted, Operation,
    OperationError, Outcome, RegisterState, SetState, Settled, Write, Written,
};

/// The data types, by the names that a table's definition uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataType {
    /// Any JSON, replaced whole.
    Register,
    /// An integer that is added to.
    Counter,
    /// Scalars that are added and removed.
    Set,
    /// A boolean that is switched.
    Flag,
}

impl DataType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Register, Self::Counter, Self::Set, Self::Flag];

    /// Its name in a table's definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Counter => "counter",
            Self::Set => "set",
            Self::Flag => "flag",
        }
    }

    /// What it takes as a whole value, in words.
    pub(crate) fn holds(self) -> &'static str {
        match self {
            Self::Register => "any JSON",
            Self::Counter => "an integer",
            Self::Set => "an array of strings, numbers, booleans and nulls",
            Self::Flag => "true or false",
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

/// An item as a region knows it. A missing item is "never heard of", never "deleted".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemState {
    pub(crate) context: VersionVector,
    pub(crate) value: TypeState,
}

/// The state of an item's data type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeState {
    /// Of a register.
    Register(RegisterState),
    /// Of a counter.
    Counter(CounterState),
    /// Of a set.
    Set(SetState),
    /// Of a flag.
    Flag(FlagState),
}

impl ItemState {
    /// An item that nobody has touched.
    pub fn new(data_type: DataType) -> Self {
        let value = match data_type {
            DataType::Register => TypeState::Register(RegisterState::default()),
            DataType::Counter => TypeState::Counter(CounterState::default()),
            DataType::Set => TypeState::Set(SetState::default()),
            DataType::Flag => TypeState::Flag(FlagState::default()),
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
            TypeState::Set(_) => DataType::Set,
            TypeState::Flag(_) => DataType::Flag,
        }
    }

    /// The register, for a resolver that keeps in it what must stand.
    pub fn register_mut(&mut self) -> Option<&mut RegisterState> {
        match &mut self.value {
            TypeState::Register(register) => Some(register),
            _ => None,
        }
    }

    /// Whether writes live beside each other of which some may have lost, or were settled, under
    /// whatever resolver.
    pub fn is_contested(&self) -> bool {
        match &self.value {
            TypeState::Register(register) => register.is_contested(),
            TypeState::Counter(_) => false,
            TypeState::Set(set) => set.is_contested(),
            TypeState::Flag(flag) => flag.is_contested(),
        }
    }

    /// What `operation` by `author` does to this item as it stands, which `basis` describes.
    pub fn operate(
        &self,
        author: ReplicaId,
        operation: Operation,
        basis: Basis,
        limits: &ItemLimits,
    ) -> Result<Delta, OperationError> {
        let body = match &self.value {
            TypeState::Register(_) => {
                DeltaBody::Register(RegisterState::operate(operation, &basis)?)
            }
            TypeState::Counter(counter) => DeltaBody::Counter(counter.operate(author, &operation)?),
            TypeState::Set(set) => DeltaBody::Set(set.operate(&operation, &basis, limits)?),
            TypeState::Flag(flag) => return flag.operate(&operation, basis),
        };
        Ok(Delta::new(basis.ctx, body))
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
            (TypeState::Set(state), DeltaBody::Set(body)) => state.apply(&incoming, body),
            (TypeState::Flag(state), DeltaBody::Flag(body)) => state.apply(&incoming, body),
            _ => return false,
        }
        if let Some(settling) = &delta.settling {
            for (write, outcome) in &settling.outcomes {
                let settled = Settled { by: Written { stamp, dot }, outcome: *outcome };
                self.settle(settling.element.as_ref(), write, settled);
            }
        }
        self.context.learn(dot);
        true
    }

    /// What was decided about writes that are still there: element by element, earliest first.
    pub fn marks(&self) -> Vec<Mark<'_>> {
        match &self.value {
            TypeState::Register(register) => {
                let bytes = |write: &Write| write.value.as_ref().map_or(0, |v| v.as_str().len());
                register.live.marks(None, bytes).collect()
            }
            TypeState::Counter(_) => Vec::new(),
            TypeState::Set(set) => {
                let elements = set.elements.iter();
                elements.flat_map(|(element, live)| live.marks(Some(element), |_| 0)).collect()
            }
            TypeState::Flag(flag) => flag.live.marks(None, |_| 0).collect(),
        }
    }

    /// Takes in what [`Self::marks`] tells of a state with the same writes, of which nothing is
    /// settled here; answers whether `marks` are of writes that are there, and in that order.
    pub fn note(&mut self, marks: impl IntoIterator<Item = Noted>) -> bool {
        let mut marks = marks.into_iter().peekable();
        match &mut self.value {
            TypeState::Register(register) => register.live.note(None, &mut marks),
            TypeState::Counter(_) => {}
            TypeState::Set(set) => {
                for (element, live) in &mut set.elements {
                    live.note(Some(element), &mut marks);
                }
            }
            TypeState::Flag(flag) => flag.live.note(None, &mut marks),
        }
        marks.next().is_none()
    }

    /// Notes what was decided about the write of `dot`, unless something later is known; answers
    /// whether there is such a write.
    pub fn settle(&mut self, element: Option<&Element>, dot: &Dot, settled: Settled) -> bool {
        match (&mut self.value, element) {
            (TypeState::Register(register), None) => register.live.settle(dot, settled),
            (TypeState::Flag(flag), None) => flag.live.settle(dot, settled),
            (TypeState::Set(set), Some(element)) => {
                set.elements.get_mut(element).is_some_and(|live| live.settle(dot, settled))
            }
            _ => false,
        }
    }

    /// What was decided about the write of `dot`, of the item itself or of an element; nothing where
    /// there is no such write.
    pub fn outcome(&self, element: Option<&Element>, dot: &Dot) -> Option<Outcome> {
        match (&self.value, element) {
            (TypeState::Register(register), None) => register.live.outcome(dot),
            (TypeState::Flag(flag), None) => flag.live.outcome(dot),
            (TypeState::Set(set), Some(element)) => set.elements.get(element)?.outcome(dot),
            _ => None,
        }
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
            (TypeState::Set(state), TypeState::Set(theirs)) => {
                state.join(&self.context, theirs, &other.context);
            }
            (TypeState::Flag(state), TypeState::Flag(theirs)) => {
                state.join(&self.context, theirs, &other.context);
            }
            _ => return,
        }
        self.context.join(&other.context);
    }
}
