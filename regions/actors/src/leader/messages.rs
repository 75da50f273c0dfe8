//! What the leader is told.

use std::time::Instant;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_causality::Dot;
use tombolo_replication::leader::Command;
use tombolo_replication::{Change, Consistency, SealedChange, TableName, TableShape};

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

/// Changes of other regions, in causal order. The reply comes when they are staged and there is
/// room for more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Apply {
    pub(crate) changes: Vec<SealedChange>,
    pub(crate) taken: oneshot::Sender<()>,
}

/// What became of what was asked of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableDecision {
    /// This change defined, altered or dropped the table.
    Done(Dot),
    /// By this earlier change it is as it was asked for.
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

/// Alter a table; only where definitions are ordered. The reply comes when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct AlterTable {
    pub(crate) name: TableName,
    pub(crate) consistency: Consistency,
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
            Ok(None) => self.table_exists(&name, reply),
            Err(refusal) => self.refuse(refusal, reply),
        }
    }
}

impl Handler<AlterTable> for Leader {
    type Result = ();

    fn handle(&mut self, alter: AlterTable, ctx: &mut Self::Context) {
        let AlterTable { name, consistency, reply } = alter;
        if let Some(error) = self.closed() {
            return super::answer(reply, Err(error));
        }
        match self.machine.alter(wall_ms(), name.as_str(), consistency) {
            Ok(Some(change)) => self.decide_table(change, reply, ctx),
            Ok(None) => self.table_exists(&name, reply),
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
