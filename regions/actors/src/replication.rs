//! The replication actor of one peer: keeps a connection to it, or waits to try again.
//!
//! The circuit breaker says when to try. Pausing ends the connection at once and outlives a
//! restart; while the peer says that it has paused the link, it is asked now and then whether it
//! still does. Questions wait for the link, unless it is paused. When the peer is no longer a member
//! it ends.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::mpsc;
use tombolo_protocol::RefusalCode;
use tombolo_replication::circuit_breaker::{CircuitBreaker, State};
use tombolo_replication::shipper::{Limits, Shipper};
use tombolo_storage::journal::JournalReader;

use crate::clock::{monotonic_ms, random};
use crate::connection::ConnectionError;
use crate::shipping::{Question, Shipping};
use crate::standing::Standing;

/// See the module.
#[derive(Debug)]
pub(crate) struct Replication {
    standing: Arc<Standing>,
    shipping: Shipping,
    limits: Limits,
    journal: JournalReader,
    breaker: CircuitBreaker,
    /// The connection under way, and how questions reach it.
    connection: Option<(SpawnHandle, mpsc::Sender<Question>)>,
    attempt: Option<SpawnHandle>,
    /// Counts the attempts that were scheduled: what belongs to an earlier one has no say any more.
    /// A cancelled timer that is due at that moment still fires, and one attempt too many would be
    /// two connections that replace each other for ever.
    turn: u64,
    /// Questions for the next connection.
    waiting: Vec<Question>,
}

/// The link was paused or resumed here, or has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct PauseChanged;

/// Where the peer needs what the journal no longer holds: end the connection and make another one,
/// on which it is told so again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct ConnectAnew;

/// The peer dialled us: it is there, and has not paused the link.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct PeerCalled;

/// Ask the peer, now or when the link is up again; false where it is paused or too much
/// waits. The asker says how long by closing its end.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub(crate) struct Ask(pub(crate) Question);

/// Questions that may wait on one connection, or for one.
const QUESTIONS_MAX: usize = 64;

impl Replication {
    pub(crate) fn new(
        standing: Arc<Standing>,
        shipping: Shipping,
        limits: Limits,
        journal: JournalReader,
        breaker: CircuitBreaker,
    ) -> Self {
        Self {
            standing,
            shipping,
            limits,
            journal,
            breaker,
            connection: None,
            attempt: None,
            turn: 0,
            waiting: Vec::new(),
        }
    }

    fn schedule(&mut self, ctx: &mut Context<Self>) {
        self.show_breaker();
        if self.connection.is_some() {
            return;
        }
        if let Some(attempt) = self.attempt.take() {
            ctx.cancel_future(attempt);
        }
        self.turn += 1;
        if self.shipping.link.is_closed() {
            return;
        }
        let Some(at_ms) = self.breaker.attempt_at_ms() else { return };
        let wait = core::time::Duration::from_millis(at_ms.saturating_sub(monotonic_ms()));
        let turn = self.turn;
        self.attempt = Some(ctx.run_later(wait, move |actor, ctx| {
            if actor.turn == turn {
                actor.attempt = None;
                actor.attempt(ctx);
            }
        }));
    }

    fn attempt(&mut self, ctx: &mut Context<Self>) {
        self.breaker.attempt();
        self.show_breaker();
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        let shipping = self.shipping.clone();
        let tail = (**shipping.views.load().vector()).clone();
        let shipper = Shipper::new(shipping.own.region, tail, self.limits)
            .beginning_with(shipping.link.since);
        let (address, turn) = (ctx.address(), self.turn);
        let connected = move || {
            // A full mailbox delays what is shown, nothing else.
            address.try_send(Connected { turn }).ok();
        };
        let run = shipping.run(shipper, self.journal.log(), asked, connected);
        let ended = run.into_actor(self).map(move |ended, actor, ctx| {
            if actor.turn == turn {
                actor.ended(&ended, ctx);
            }
        });
        self.connection = Some((ctx.spawn(ended), questions));
    }

    fn ended(&mut self, ended: &ConnectionError, ctx: &mut Context<Self>) {
        self.connection = None;
        let link = Arc::clone(&self.shipping.link);
        {
            let mut facts = link.facts();
            let changed = facts.reason.as_deref() != Some(&*ended.to_string());
            facts.reason = Some(ended.to_string());
            facts.in_flight_bytes = 0;
            facts.paused_by_peer =
                matches!(ended, ConnectionError::Refused { code: RefusalCode::Paused, .. });
            if changed {
                tracing::info!(peer = %link.peer, reason = %ended, "the link is down");
            }
        }
        if matches!(ended, ConnectionError::Refused { code: RefusalCode::Removed, .. }) {
            self.standing.tell(link.peer);
        }
        if link.facts().paused_by_peer {
            self.waiting.clear();
        }
        self.breaker.failed(monotonic_ms(), random().unwrap_or_default());
        self.schedule(ctx);
    }

    fn show_breaker(&self) {
        self.shipping.link.facts().breaker = self.breaker.state();
    }
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Connected {
    turn: u64,
}

impl Actor for Replication {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.schedule(ctx);
    }
}

impl Handler<Connected> for Replication {
    type Result = ();

    fn handle(&mut self, Connected { turn }: Connected, _: &mut Self::Context) {
        if turn != self.turn {
            return;
        }
        self.breaker.heard(monotonic_ms());
        {
            let mut facts = self.shipping.link.facts();
            facts.reason = None;
            facts.paused_by_peer = false;
        }
        self.show_breaker();
        if let Some((_, questions)) = &self.connection {
            // No more wait than a connection takes.
            self.waiting.drain(..).for_each(|question| drop(questions.try_send(question)));
        }
        tracing::info!(peer = %self.shipping.link.peer, "the link is up");
    }
}

impl Handler<PauseChanged> for Replication {
    type Result = ();

    fn handle(&mut self, _: PauseChanged, ctx: &mut Self::Context) {
        if self.shipping.link.is_closed() {
            self.waiting.clear();
            if let Some((handle, _)) = self.connection.take() {
                ctx.cancel_future(handle);
                self.breaker.failed(monotonic_ms(), 0);
                tracing::info!(peer = %self.shipping.link.peer, reason = "paused or removed", "the link is down");
            }
            if self.shipping.link.has_ended() {
                return ctx.stop();
            }
        } else {
            self.breaker.try_now(monotonic_ms());
        }
        self.schedule(ctx);
    }
}

impl Handler<ConnectAnew> for Replication {
    type Result = ();

    fn handle(&mut self, _: ConnectAnew, ctx: &mut Self::Context) {
        let link = &self.shipping.link;
        if !link.facts().needs_snapshot || link.is_closed() {
            return;
        }
        if let Some((handle, _)) = self.connection.take() {
            ctx.cancel_future(handle);
            self.breaker.failed(monotonic_ms(), 0);
            tracing::info!(peer = %link.peer, reason = "made anew", "the link is down");
        }
        self.breaker.try_now(monotonic_ms());
        self.schedule(ctx);
    }
}

impl Handler<PeerCalled> for Replication {
    type Result = ();

    fn handle(&mut self, _: PeerCalled, ctx: &mut Self::Context) {
        self.shipping.link.facts().paused_by_peer = false;
        if self.connection.is_none() {
            self.breaker.try_now(monotonic_ms());
            self.schedule(ctx);
        }
    }
}

impl Handler<Ask> for Replication {
    type Result = bool;

    fn handle(&mut self, Ask(question): Ask, _: &mut Self::Context) -> bool {
        let link = &self.shipping.link;
        if link.is_closed() || link.facts().paused_by_peer {
            return false;
        }
        match &self.connection {
            Some((_, questions)) if self.breaker.state() == State::Closed => {
                questions.try_send(question).is_ok()
            }
            _ => {
                self.waiting.retain(|waiting| !waiting.is_closed());
                let has_room = self.waiting.len() < QUESTIONS_MAX;
                self.waiting.extend(has_room.then_some(question));
                has_room
            }
        }
    }
}
