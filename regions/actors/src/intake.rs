//! The intake's actor: one for the region, because what is held back from one peer may come from
//! another.
//!
//! It hands over one run of changes at a time and leaves its mailbox alone until the leader has
//! taken it: what arrives faster than it can be applied waits in the peers' sockets.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_protocol::Frame;
use tombolo_replication::intake::{Input, Intake as Machine, Output, Refusal};

use crate::clock::{monotonic_ms, wall_ms};
use crate::leader::{Apply, Leader};
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
        let mut refused = Ok(());
        for output in self.machine.handle(monotonic_ms(), wall_ms(), input) {
            match output {
                Output::Apply(changes) => {
                    let (taken, is_taken) = oneshot::channel();
                    let apply = self.leader.send(Apply { changes, taken });
                    let taken = async { apply.await.is_ok() && is_taken.await.is_ok() };
                    ctx.wait(taken.into_actor(self).map(|is_taken, _, ctx| {
                        if !is_taken {
                            // The leader has ended; nothing can be taken in any more.
                            ctx.stop();
                        }
                    }));
                }
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
        self.meters.held_back_bytes.set(self.machine.held_bytes() as u64);
        refused
    }
}
