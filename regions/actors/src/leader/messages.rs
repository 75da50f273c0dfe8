//! What the leader is told.

use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_causality::Dot;
use tombolo_replication::idempotency::{KeptRecord, NamedRequest};
use tombolo_replication::leader::{Command, MemberDecision, Refusal, TableCommand};
use tombolo_replication::{Change, MemberCommand, SealedChange, Streams, TableName};

use super::{Answer, Leader, Waiter};
use crate::clock::wall_ms;
use crate::error::SubmitError;
use crate::members::MembersDecision;

/// A client's command. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Submit {
    pub(crate) command: Command,
    /// When it was offered.
    pub(crate) offered: Instant,
    pub(crate) reply: oneshot::Sender<Result<Answer, SubmitError>>,
}

/// Changes of other regions, in causal order. The reply comes when they are staged and there is
/// room for more, or at once where not all of them are taken.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Apply {
    pub(crate) changes: Vec<SealedChange>,
    pub(crate) taken: oneshot::Sender<Result<(), NotTaken>>,
}

/// A change was not taken, and neither was what came behind it.
#[derive(Debug)]
pub(crate) struct NotTaken {
    /// The change.
    pub(crate) dot: Dot,
    /// Why.
    pub(crate) detail: String,
    /// Where the region stands.
    pub(crate) streams: Streams,
}

/// What became of what was asked of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableDecision {
    /// This change defined, altered or dropped the table.
    Done(Dot),
    /// By this earlier change it is as it was asked for, or was when the same request was done.
    Existing(Dot),
}

/// A call on a table; only where definitions are ordered. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct DecideTable {
    pub(crate) command: TableCommand,
    pub(crate) reply: oneshot::Sender<Result<TableDecision, SubmitError>>,
}

/// A call on members; only where they are ordered. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct DecideMembers {
    pub(crate) command: MemberCommand,
    pub(crate) reply: oneshot::Sender<Result<MembersDecision, SubmitError>>,
}

/// What a named request was answered, here or in another region. The reply comes when that is
/// durable here.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Recall {
    pub(crate) request: NamedRequest,
    pub(crate) reply: oneshot::Sender<Result<Option<Arc<KeptRecord>>, SubmitError>>,
}

/// Answer when everything decided so far is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Settle {
    pub(crate) reply: oneshot::Sender<Result<(), SubmitError>>,
}

/// Make everything durable, move it into the state, and end.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Stop {
    pub(crate) done: oneshot::Sender<()>,
}

impl Handler<Submit> for Leader {
    type Result = ();

    fn handle(&mut self, submit: Submit, ctx: &mut Self::Context) {
        self.submit(submit, ctx);
    }
}

impl Handler<Apply> for Leader {
    type Result = ();

    fn handle(&mut self, Apply { changes, taken }: Apply, ctx: &mut Self::Context) {
        match self.apply(changes, ctx) {
            Ok(()) => self.when_roomy(move || super::answer(taken, Ok(())), ctx),
            Err(not_taken) => super::answer(taken, Err(not_taken)),
        }
    }
}

impl Handler<DecideTable> for Leader {
    type Result = ();

    fn handle(&mut self, decide: DecideTable, ctx: &mut Self::Context) {
        let DecideTable { command, reply } = decide;
        if let Some(error) = self.closed() {
            return super::answer(reply, Err(error));
        }
        if let Some(request) = &command.request {
            match self.machine.repeated(wall_ms(), request) {
                Ok(None) => {}
                Ok(Some(kept)) => {
                    let decision = TableDecision::Existing(kept.dot);
                    return self.when_durable(move |result| {
                        super::answer(reply, result.map(|()| decision));
                    });
                }
                Err(refusal) => return self.refuse(refusal, reply),
            }
        }
        let name = command.name.clone();
        match self.machine.decide_table(wall_ms(), command) {
            Ok(Some(change)) => self.decide_table(change, reply, ctx),
            Ok(None) => self.table_exists(&name, reply),
            Err(refusal) => self.refuse(refusal, reply),
        }
    }
}

impl Handler<DecideMembers> for Leader {
    type Result = ();

    fn handle(&mut self, decide: DecideMembers, ctx: &mut Self::Context) {
        let DecideMembers { command, reply } = decide;
        if let Some(error) = self.closed() {
            return super::answer(reply, Err(error));
        }
        let founding = Arc::clone(self.roster.founding());
        match self.machine.decide_members(wall_ms(), &founding, command) {
            Ok(MemberDecision::Change(change)) => {
                let decision = MembersDecision::Done(change.dot);
                let waiter = Waiter::Other(Box::new(move |result: Result<(), SubmitError>| {
                    super::answer(reply, result.map(|()| decision));
                }));
                self.stage(*change, None, ctx, waiter);
            }
            // That may not be durable yet, which whoever asked finds out by waiting for the change.
            Ok(MemberDecision::AsIs(by)) => {
                super::answer(reply, Ok(MembersDecision::AsIs(by)));
            }
            Err(refusal) => self.refuse(refusal, reply),
        }
    }
}

impl Handler<Recall> for Leader {
    type Result = ();

    fn handle(&mut self, Recall { request, reply }: Recall, _: &mut Self::Context) {
        // Nothing is written for it: room is not what it needs.
        if self.is_failed || self.stopping.is_some() {
            return super::answer(reply, Err(SubmitError::Stopping));
        }
        match self.machine.repeated(wall_ms(), &request) {
            // Whether there is room for another is for whoever decides.
            Ok(None) | Err(Refusal::TooManyNamedRequests) => super::answer(reply, Ok(None)),
            Ok(Some(kept)) => {
                self.when_durable(move |result| super::answer(reply, result.map(|()| Some(kept))));
            }
            Err(refusal) => self.refuse(refusal, reply),
        }
    }
}

impl Handler<Settle> for Leader {
    type Result = ();

    fn handle(&mut self, Settle { reply }: Settle, _: &mut Self::Context) {
        self.when_durable(move |result| super::answer(reply, result));
    }
}

impl Handler<Stop> for Leader {
    type Result = ();

    fn handle(&mut self, Stop { done }: Stop, ctx: &mut Self::Context) {
        if self.is_failed {
            // Dropping `done` says that it was no stop in good order.
            return ctx.stop();
        }
        self.stopping = Some(done);
        self.flush(ctx);
    }
}

impl Leader {
    /// Nothing is to be done: the table is what was asked for. That may not be durable yet, which
    /// whoever asked finds out by waiting for the change it is so by.
    fn table_exists(
        &self,
        name: &TableName,
        reply: oneshot::Sender<Result<TableDecision, SubmitError>>,
    ) {
        let table = self.machine.catalog().by_name(name.as_str());
        let decision = table.map(|table| TableDecision::Existing(table.settled_by()));
        super::answer(reply, decision.ok_or(SubmitError::Stopping));
    }

    fn decide_table(
        &mut self,
        change: Change,
        reply: oneshot::Sender<Result<TableDecision, SubmitError>>,
        ctx: &mut Context<Self>,
    ) {
        let decision = TableDecision::Done(change.dot);
        let waiter = Waiter::Other(Box::new(move |result: Result<(), SubmitError>| {
            super::answer(reply, result.map(|()| decision));
        }));
        self.stage(change, None, ctx, waiter);
    }
}
