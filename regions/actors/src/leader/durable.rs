//! Waiting for the journal.

use core::pin::Pin;
use core::task::{Context as TaskContext, Poll, ready};

use actix::prelude::*;
use tombolo_storage::journal::Position;

use super::{InFlight, Leader};
use crate::clock::instant;

/// Ends when the group under way is durable and published.
///
/// The request to the journal lives in the actor, so that this future can be spawned (the leader
/// goes on deciding) and waited for (it does not) for one and the same group.
#[derive(Debug)]
pub(super) struct Durable;

impl ActorFuture<Leader> for Durable {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        leader: &mut Leader,
        ctx: &mut Context<Leader>,
        task: &mut TaskContext<'_>,
    ) -> Poll<()> {
        let Some(in_flight) = &mut leader.in_flight else { return Poll::Ready(()) };
        let result = ready!(in_flight.append.as_mut().poll(task));
        if let Some(in_flight) = leader.in_flight.take() {
            match result {
                Ok(Ok(end)) => leader.durable(in_flight, end, ctx),
                Ok(Err(error)) => leader.lost(in_flight, &error),
                Err(error) => leader.lost(in_flight, &error),
            }
        }
        Poll::Ready(())
    }
}

impl Leader {
    /// Shows the group, tells everyone who waits for it, and hands over the next.
    fn durable(&mut self, in_flight: InFlight, end: Position, ctx: &mut Context<Self>) {
        let now = instant();
        let sealed = self.overlay.publish(&in_flight.group, end);
        for waiter in in_flight.waiting {
            waiter.tell(Ok(now), &self.meters);
        }
        self.published.send_modify(|published| *published += 1);
        if let Some(sealed) = sealed {
            self.materialize(sealed, ctx);
        }
        self.flush(ctx);
    }

    fn lost(&mut self, in_flight: InFlight, error: &(dyn std::error::Error + 'static)) {
        let InFlight { waiting, .. } = in_flight;
        self.gathering.extend(waiting);
        self.fail(error);
    }
}
