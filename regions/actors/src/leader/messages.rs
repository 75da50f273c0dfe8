//! What the leader is told.

use std::time::Instant;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_causality::Dot;
use tombolo_replication::idempotency::NamedRequest;
use tombolo_replication::leader::Command;
use tombolo_replication::{Change, SealedChange, TableName, TableShape};

use super::{Answer, Leader, Waiter};
use crate::clock::wall_ms;
use crate::error::SubmitError;

/// A client's command. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Submit {
    pub(crate) command: Command,
    /// When it was offered.
    pub(crate) offered: Instant,
    pub(crate) reply: oneshot::Sender<Result<Answer, SubmitError>>,
}

/// What was answered to a named request that settled a conflict, if one was done under that name. The
/// reply comes when that is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Recall {
    pub(crate) request: NamedRequest,
    pub(crate) reply: oneshot::Sender<Result<Option<Answer>, SubmitError>>,
}

/// Changes of other regions, in causal order. The reply comes when they are staged and there is
/// room for more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Apply {
    pub(crate) changes: Vec<SealedChange>,
    pub(crate) taken: oneshot::Sender<()>,
}

/// What became of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableDecision {
    /// This change defined or dropped the table.
    Done(Dot),
    /// This earlier change had defined an equal one.
    Existing(Dot),
}

/// Define a table; only where definitions are ordered. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct DefineTable {
    pub(crate) name: TableName,
    pub(crate) shape: TableShape,
    pub(crate) reply: oneshot::Sender<Result<TableDecision, SubmitError>>,
}

/// Drop a table; only where definitions are ordered. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct DropTable {
    pub(crate) name: TableName,
    pub(crate) reply: oneshot::Sender<Result<TableDecision, SubmitError>>,
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

impl Handler<Recall> for Leader {
    type Result = ();

    fn handle(&mut self, Recall { request, reply }: Recall, _: &mut Self::Context) {
        if let Some(error) = self.closed() {
            return super::answer(reply, Err(error));
        }
        match self.repeated(&request) {
            Ok(None) => super::answer(reply, Ok(None)),
            Ok(Some(kept)) => {
                let recalled = Answer::recalled(kept);
                self.when_durable(move |result| {
                    super::answer(reply, result.map(|()| recalled));
                });
            }
            Err(refusal) => self.refuse(refusal, reply),
        }
    }
}

impl Handler<Apply> for Leader {
    type Result = ();

    fn handle(&mut self, Apply { changes, taken }: Apply, ctx: &mut Self::Context) {
        self.apply(changes, ctx);
        self.when_roomy(taken, ctx);
    }
}

impl Handler<DefineTable> for Leader {
    type Result = ();

    fn handle(&mut self, define: DefineTable, ctx: &mut Self::Context) {
        let DefineTable { name, shape, reply } = define;
        if let Some(error) = self.closed() {
            return super::answer(reply, Err(error));
        }
        match self.machine.define(wall_ms(), &name, &shape) {
            Ok(Some(change)) => self.decide_table(change, reply, ctx),
            Ok(None) => {
                let existing = self.machine.catalog().by_name(name.as_str()).map(|t| t.id.0);
                let decision = existing.map(TableDecision::Existing);
                super::answer(reply, decision.ok_or(SubmitError::Stopping));
            }
            Err(refusal) => self.refuse(refusal, reply),
        }
    }
}

impl Handler<DropTable> for Leader {
    type Result = ();

    fn handle(&mut self, DropTable { name, reply }: DropTable, ctx: &mut Self::Context) {
        if let Some(error) = self.closed() {
            return super::answer(reply, Err(error));
        }
        match self.machine.drop_table(wall_ms(), name.as_str()) {
            Ok(change) => self.decide_table(change, reply, ctx),
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
