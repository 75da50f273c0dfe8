//! The strategy that every resolver is.

use core::fmt::Debug;

use tombolo_causality::{Dot, HybridTimestamp};
use tombolo_datatypes::{Delta, ItemState, JsonText};

/// Which change wrote something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The change.
    pub dot: Dot,
    /// Its author's hybrid time.
    pub stamp: HybridTimestamp,
}

/// A value as a reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownValue<'a> {
    /// JSON as it was sent.
    Json(&'a JsonText),
    /// A counter's value.
    Integer(i64),
}

/// What an item shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Nothing: never written, or deleted.
    Nothing,
    /// One value, and the latest of the changes behind it.
    Value(ShownValue<'a>, Written),
}

impl Shown<'_> {
    /// Whether there is a value to show.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value(..))
    }
}

/// Decides, from an item's state alone, what stands among concurrent writes.
pub trait Resolver: Debug + Sync {
    /// Joins the delta of change `written` into `state`; answers whether it told anything new.
    ///
    /// The default is the data type's own join, which keeps every live write.
    fn join(&self, state: &mut ItemState, written: Written, delta: &Delta) -> bool {
        state.apply(written.dot, written.stamp, delta)
    }

    /// What a reader of `state` sees.
    fn shown<'a>(&self, state: &'a ItemState) -> Shown<'a>;

    /// The dots that a write on top of `state` replaces, sorted: those behind what is shown.
    ///
    /// Includes a deletion that stands. Excludes what has lost, which stays in the conflict log
    /// until somebody who has seen it ends it.
    fn replaces(&self, state: &ItemState) -> Vec<Dot>;

    /// The live writes that do not stand: the item's open conflicts, in (stamp, dot) order.
    fn lost<'a>(&self, state: &'a ItemState) -> Vec<(Written, Option<&'a JsonText>)>;
}
