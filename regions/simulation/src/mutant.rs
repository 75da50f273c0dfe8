//! Known bugs, planted one at a time, to see that the promises alone find them.
//!
//! The code of production is not touched: what is planted is what the shell around its machines, its
//! disk or its network could get wrong, at the seam where the world performs what the machines have
//! decided. No check knows of any of them.

use core::fmt;
use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, VersionVector};
use tombolo_datatypes::{DeltaBody, ItemState, RegisterDelta, TypeState};
use tombolo_replication::intake::Input;
use tombolo_replication::leader::Command;
use tombolo_replication::{Body, ItemKey, SealedChange};
use tombolo_storage::Writer;

use crate::around::Around;
use crate::region::Waiter;

/// A bug that somebody had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mutant {
    /// The journal's sync does nothing, and says that it did.
    DroppedSync,
    /// A client is told of its write before the write is durable.
    AcknowledgedEarly,
    /// Of two writes of one stamp the one that arrives wins: `>=` for `>`.
    TieToTheLatecomer,
    /// A directory that has forgotten something goes on under its old incarnation.
    IncarnationReused,
    /// Changes are shown as they come, whatever their authors had seen.
    NotHeldBack,
    /// A removal forgets what it removed before everybody has seen it.
    RemovalForgotten,
    /// The name of a request is lost on its way: a repetition is done again.
    RetryDoneTwice,
    /// A frame that is not understood is passed over, and the connection goes on.
    UnknownPassedOver,
    /// A read is answered at once, whatever its session has seen.
    SessionIgnored,
}

impl Mutant {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::DroppedSync,
        Self::AcknowledgedEarly,
        Self::TieToTheLatecomer,
        Self::IncarnationReused,
        Self::NotHeldBack,
        Self::RemovalForgotten,
        Self::RetryDoneTwice,
        Self::UnknownPassedOver,
        Self::SessionIgnored,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::DroppedSync => "dropped sync",
            Self::AcknowledgedEarly => "acknowledged early",
            Self::TieToTheLatecomer => "tie to the latecomer",
            Self::IncarnationReused => "incarnation reused",
            Self::NotHeldBack => "not held back",
            Self::RemovalForgotten => "removal forgotten",
            Self::RetryDoneTwice => "retry done twice",
            Self::UnknownPassedOver => "unknown frame passed over",
            Self::SessionIgnored => "session ignored",
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Around {
    pub(crate) fn is_planted(&self, mutant: Mutant) -> bool {
        self.plan.mutant == Some(mutant)
    }

    /// What arrives, as the intake is told of it.
    pub(crate) fn as_arrived(&self, mut input: Input) -> Input {
        if let Input::Received { batch, .. } = &mut input
            && self.is_planted(Mutant::NotHeldBack)
        {
            for sealed in &mut batch.changes {
                sealed.change.deps = Arc::default();
            }
        }
        input
    }

    /// A change of another region, as the leader joins it.
    pub(crate) fn as_applied(
        &self,
        mut sealed: SealedChange,
        writer: &Writer<Waiter>,
    ) -> SealedChange {
        if self.is_planted(Mutant::TieToTheLatecomer) {
            let stamp = sealed.change.stamp;
            let Body::Items(deltas) = &sealed.change.body else { return sealed };
            let has_equal = deltas.iter().any(|delta| {
                let item = ItemKey { table: delta.table, key: delta.key.clone() };
                let state = writer.overlay().latest(&item).ok().flatten();
                state.is_some_and(|state| stamps(&state).any(|other| other == stamp))
            });
            if has_equal {
                sealed.change.stamp = HybridTimestamp::from_bits(stamp.to_bits() + 1);
            }
        }
        if self.is_planted(Mutant::RemovalForgotten)
            && let Body::Items(deltas) = &mut sealed.change.body
        {
            for delta in deltas {
                if matches!(delta.delta.body, DeltaBody::Register(RegisterDelta(None))) {
                    delta.delta.ctx.clear();
                }
            }
        }
        sealed
    }

    /// A command as the leader decides it.
    pub(crate) fn as_submitted(&self, command: Command) -> Command {
        if self.is_planted(Mutant::RetryDoneTwice) {
            return Command { request: None, ..command };
        }
        command
    }

    /// What a request requires of the region that answers it.
    pub(crate) fn as_required(&self, required: VersionVector) -> VersionVector {
        if self.is_planted(Mutant::SessionIgnored) { VersionVector::new() } else { required }
    }

    /// Whether the incarnation lives on.
    pub(crate) fn keeps_incarnation(&self, lives_on: bool) -> bool {
        lives_on || self.is_planted(Mutant::IncarnationReused)
    }
}

fn stamps(state: &ItemState) -> impl Iterator<Item = HybridTimestamp> + '_ {
    let register = match state.value() {
        TypeState::Register(register) => Some(register),
        _ => None,
    };
    register.into_iter().flat_map(|register| register.live.iter().map(|entry| entry.stamp))
}
