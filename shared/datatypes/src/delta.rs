//! A delta: what one change did to one item, and what it built upon.

use std::collections::BTreeMap;

use tombolo_causality::{Dot, HybridTimestamp};

use crate::{
    CounterDelta, DataType, Element, Entry, FlagDelta, Outcome, Presence, RegisterDelta, SetDelta,
    Settling, Written,
};

/// What a replaced dot takes in a delta, at most.
pub(crate) const DOT_BYTES: usize = 12;

/// What one change did to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The exact dots that it replaces, sorted. Decides what is superseded, never delivery.
    pub ctx: Vec<Dot>,
    /// What it did, by data type.
    pub body: DeltaBody,
    /// What it decided about writes that had lost, where it settles a conflict.
    pub settling: Option<Box<Settling>>,
}

/// What a delta did, by data type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeltaBody {
    /// A write to a register.
    Register(RegisterDelta),
    /// An increment or a reset of a counter.
    Counter(CounterDelta),
    /// Elements added to and removed from a set.
    Set(SetDelta),
    /// A switching of a flag.
    Flag(FlagDelta),
}

impl Delta {
    /// One that writes nothing: it only ends what [`Self::end`] then names. Nothing where the data
    /// type has no writes that could lose.
    pub fn ending(data_type: DataType) -> Option<Self> {
        let body = match data_type {
            DataType::Register => DeltaBody::Register(RegisterDelta(None)),
            DataType::Set => DeltaBody::Set(SetDelta::default()),
            DataType::Flag => DeltaBody::Flag(FlagDelta(None)),
            DataType::Counter => return None,
        };
        Some(Self::new(Vec::new(), body))
    }

    /// One that settles nothing.
    pub fn new(ctx: Vec<Dot>, body: DeltaBody) -> Self {
        Self { ctx, body, settling: None }
    }

    /// Ends the write of `dot` as well: of the item itself, or of an element of a set.
    pub fn end(&mut self, element: Option<&Element>, dot: Dot) {
        let replaced = match (element, &mut self.body) {
            (Some(element), DeltaBody::Set(delta)) => {
                &mut delta.touched.entry(element.clone()).or_default().replaced
            }
            _ => &mut self.ctx,
        };
        if let Err(at) = replaced.binary_search(&dot) {
            replaced.insert(at, dot);
        }
    }

    /// The dots that it ends of the item itself, or of an element of a set.
    pub fn ended(&self, element: Option<&Element>) -> &[Dot] {
        match (element, &self.body) {
            (Some(element), DeltaBody::Set(delta)) => {
                delta.touched.get(element).map_or(&[], |touch| &*touch.replaced)
            }
            _ => &self.ctx,
        }
    }

    /// Decides about the write of `dot`, which is then not ended. All that one delta decides is
    /// about one place.
    pub fn settle(&mut self, element: Option<&Element>, dot: Dot, outcome: Outcome) {
        match (element, &mut self.body) {
            (Some(element), DeltaBody::Set(delta)) => {
                if let Some(touch) = delta.touched.get_mut(element) {
                    touch.replaced.retain(|replaced| *replaced != dot);
                }
            }
            _ => self.ctx.retain(|replaced| *replaced != dot),
        }
        let nothing = || Settling { element: element.cloned(), outcomes: BTreeMap::new() };
        let settling = self.settling.get_or_insert_with(|| Box::new(nothing()));
        settling.outcomes.insert(dot, outcome);
    }

    /// About how long it is, and no shorter than its encoding; a counter's aside, which is short.
    pub fn bytes(&self) -> usize {
        let body = match &self.body {
            DeltaBody::Register(RegisterDelta(write)) => {
                let value = write.as_ref().and_then(|write| write.value.as_ref());
                value.map_or(0, |value| value.as_str().len())
            }
            DeltaBody::Set(delta) => delta.bytes(),
            DeltaBody::Counter(_) | DeltaBody::Flag(_) => 0,
        };
        let settling = self.settling.as_deref().map_or(0, |settling| {
            let element = settling.element.as_ref().map_or(0, crate::set::weight);
            element + (DOT_BYTES + 1) * settling.outcomes.len()
        });
        body + settling + DOT_BYTES * self.ctx.len()
    }

    /// How much longer [`Self::end`] makes it, at most.
    pub fn end_bytes(element: Option<&Element>) -> usize {
        DOT_BYTES + element.map_or(0, crate::set::weight)
    }
}

impl DeltaBody {
    /// The data type it belongs to.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Register(_) => DataType::Register,
            Self::Counter(_) => DataType::Counter,
            Self::Set(_) => DataType::Set,
            Self::Flag(_) => DataType::Flag,
        }
    }
}

/// What the resolver says of the item that an operation builds upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The dots that a write replaces, sorted.
    pub ctx: Vec<Dot>,
    /// Whether there is a value to show.
    pub is_shown: bool,
    /// The deletion whose generation a write belongs to, where the resolver counts them.
    pub generation: Option<Written>,
    /// Which side prevails in a set.
    pub wins: Presence,
}

/// A delta with the name and the time of its change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) dot: Dot,
    pub(crate) stamp: HybridTimestamp,
    pub(crate) ctx: &'a [Dot],
}

impl Incoming<'_> {
    /// What the change wrote, as a live entry.
    pub(crate) fn entry<T>(&self, value: T) -> Entry<T> {
        Entry::new(Written { stamp: self.stamp, dot: self.dot }, value)
    }
}
