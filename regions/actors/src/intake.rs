//! The intake's actor: one for the region, because what is held back from one peer may come from
//! another.
//!
//! It hands over one run of changes at a time and leaves its mailbox alone until the leader has
//! taken it: what arrives faster than it can be applied waits in the peers' sockets.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_causality::RegionId;
use tombolo_protocol::{Frame, RefusalCode};
use tombolo_replication::SealedChange;
use tombolo_replication::intake::{Input, Intake as Machine, Output, Refusal};

use crate::clock::{monotonic_ms, wall_ms};
use crate::leader::{Apply, Leader, NotTaken};
use crate::links::Links;
use crate::meters::Meters;

/// See the module.
#[derive(Debug)]
pub(crate) struct Intake {
    machine: Machine,
    leader: Addr<Leader>,
    links: Arc<Links>,
    meters: Arc<Meters>,
}

/// Something arrived. Refused where the link must be closed for it.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Arrived(pub(crate) Input);

/// Batches that may wait in the mailbox, all peers together.
const MAILBOX_BATCHES_MAX: usize = 16;

impl Intake {
    pub(crate) fn new(
        machine: Machine,
        leader: Addr<Leader>,
        links: Arc<Links>,
        meters: Arc<Meters>,
    ) -> Self {
        Self { machine, leader, links, meters }
    }
}

impl Actor for Intake {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_BATCHES_MAX);
    }
}

impl Handler<Arrived> for Intake {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, Arrived(input): Arrived, ctx: &mut Self::Context) -> Self::Result {
        let from = match input {
            Input::Received { peer, .. } | Input::Heard { peer, .. } | Input::Lost { peer } => {
                Some(peer)
            }
            Input::Adopted { .. } => None,
        };
        let outputs = self.machine.handle(monotonic_ms(), wall_ms(), input);
        let performed = self.perform(from, outputs, ctx);
        self.meters.held_back_bytes.set(self.machine.held_bytes() as u64);
        performed
    }
}

impl Intake {
    /// Performs what the machine wants after something of `from`, where a peer's it was.
    fn perform(
        &mut self,
        from: Option<RegionId>,
        outputs: Vec<Output>,
        ctx: &mut Context<Self>,
    ) -> Result<(), Refusal> {
        let mut refused = Ok(());
        for output in outputs {
            match output {
                Output::Apply(changes) => self.hand_over(from, changes, ctx),
                Output::Ask { peer, origin, after, up_to } => {
                    let frame = Frame::Ask { origin, after, up_to };
                    let sent = self.links.get(&peer).is_some_and(|link| link.try_send(frame));
                    if !sent {
                        // Asked again when the peer is next heard.
                        tracing::debug!(%peer, %origin, "missing changes could not be asked for");
                    }
                }
                Output::Refuse { peer, reason } => {
                    tracing::warn!(%peer, %reason, "a batch was refused");
                    refused = Err(reason);
                }
            }
        }
        refused
    }

    fn hand_over(
        &mut self,
        from: Option<RegionId>,
        changes: Vec<SealedChange>,
        ctx: &mut Context<Self>,
    ) {
        let (taken, is_taken) = oneshot::channel();
        let apply = self.leader.send(Apply { changes, taken });
        let taken = async { apply.await.ok().and(is_taken.await.ok()) };
        ctx.wait(taken.into_actor(self).map(move |taken, actor, ctx| match taken {
            Some(Ok(())) => {}
            Some(Err(not_taken)) => actor.not_taken(from, &not_taken, ctx),
            // The leader has ended; nothing can be taken in any more.
            None => ctx.stop(),
        }));
    }

    /// Goes back to where the leader stands, and ends the connection on which it came.
    fn not_taken(&mut self, from: Option<RegionId>, not_taken: &NotTaken, ctx: &mut Context<Self>) {
        let NotTaken { dot, detail, streams } = not_taken;
        let refusal =
            Frame::Refused { code: RefusalCode::TooManyExceptions, detail: detail.clone() };
        let link = from.and_then(|from| self.links.get(&from));
        if !link.is_some_and(|link| link.try_send(refusal)) {
            tracing::debug!(%dot, "the connection of what was not taken has ended");
        }
        let outputs = self.machine.go_back(monotonic_ms(), *dot, streams);
        // It asks, and refuses nothing.
        self.perform(from, outputs, ctx).ok();
        self.meters.held_back_bytes.set(self.machine.held_bytes() as u64);
    }
}
