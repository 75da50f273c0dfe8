//! Defining, altering and dropping tables: decided in the region that orders definitions, confirmed
//! when all regions hold them durably.
//!
//! A call that its client has named is decided once. Its answer is in the change that did it, so
//! every region that holds the change gives it again, also where the one that orders definitions
//! cannot be reached.

mod words;

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tombolo_causality::{Dot, RegionId};
use tombolo_protocol::{TableReply, TableRequest};
use tombolo_replication::TableDefinition;
use tombolo_replication::idempotency::{KeptRecord, NamedRequest, Told};
use tombolo_replication::leader::{TableCommand, TableOperation};

use crate::error::{SubmitError, TableError};
use crate::leader::{DecideTable, Recall, TableDecision};
use crate::meters::Meters;
use crate::ordering::{Orderer, Ordering, Reach};
use crate::shipping::Question;

/// What became of a call on a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableAnswer {
    /// The change by which the table is as it was asked for.
    pub dot: Dot,
    /// Whether there was a table of that name before.
    pub existed: bool,
    /// The table after it; nothing where it was dropped.
    pub table: Option<Arc<TableDefinition>>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) ordering: Ordering,
    pub(crate) meters: Arc<Meters>,
}

impl Tables {
    /// Has a call decided, and waits until it has arrived as far as `reach` says.
    pub(crate) async fn call(
        &self,
        command: TableCommand,
        reach: Reach,
    ) -> Result<TableAnswer, TableError> {
        let TableCommand { request, name, operation, .. } = &command;
        let (request, name) = (*request, name.clone());
        let creates = matches!(operation, TableOperation::Define(_));
        let drops = matches!(operation, TableOperation::Drop);
        if let Some(kept) = self.recall(request).await? {
            self.meters.repeated.increment();
            self.ordering.confirm(kept.dot, reach).await?;
            return Ok(TableAnswer::of(&kept));
        }
        self.ordering.check_standing()?;
        let decision = match self.ordering.orderer() {
            Orderer::Here => self.decide_here(command).await?,
            Orderer::There(region) => self.ask(region, words::request_of(command)).await?,
        };
        let (TableDecision::Done(dot) | TableDecision::Existing(dot)) = decision;
        self.ordering.confirm(dot, reach).await?;
        // Whatever did it, now or when it was sent before, has arrived with its answer. A region that
        // is stopping by now does not find it, and must not say that nothing was done.
        if let Some(kept) = self.recall(request).await.unwrap_or_default() {
            if matches!(decision, TableDecision::Existing(_)) {
                self.meters.repeated.increment();
            }
            return Ok(TableAnswer::of(&kept));
        }
        let existed = !creates || matches!(decision, TableDecision::Existing(_));
        if drops {
            return Ok(TableAnswer { dot, existed, table: None });
        }
        let table = self.ordering.views.load().catalog().by_name(name.as_str()).cloned();
        Ok(TableAnswer { dot, existed, table: Some(table.ok_or(TableError::Gone)?) })
    }

    /// Decides for a peer that does not order definitions.
    pub(crate) async fn decide_for_peer(&self, asked: TableRequest) -> TableReply {
        let refused = |code: &str| TableReply::Refused { code: code.to_owned() };
        let Some(command) = words::command_of(asked) else { return refused(words::MALFORMED) };
        if self.ordering.orderer() != Orderer::Here {
            return refused(words::UNAVAILABLE);
        }
        match self.decide_here(command).await {
            Ok(TableDecision::Done(dot)) => TableReply::Done { dot },
            Ok(TableDecision::Existing(dot)) => TableReply::Exists { dot },
            Err(SubmitError::Refused(refusal)) => refused(words::code_of(&refusal)),
            Err(_) => refused(words::UNAVAILABLE),
        }
    }

    /// What the same request was answered before, as far as this region has heard.
    async fn recall(
        &self,
        request: Option<NamedRequest>,
    ) -> Result<Option<Arc<KeptRecord>>, TableError> {
        let Some(request) = request else { return Ok(None) };
        let (reply, answer) = oneshot::channel();
        let sent = self.ordering.leader.send(Recall { request, reply }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        Ok(answer.await.unwrap_or(Err(SubmitError::Stopping))?)
    }

    async fn decide_here(&self, command: TableCommand) -> Result<TableDecision, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.ordering.leader.send(DecideTable { command, reply }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        answer.await.unwrap_or(Err(SubmitError::Stopping))
    }

    async fn ask(&self, region: RegionId, what: TableRequest) -> Result<TableDecision, TableError> {
        let unreachable = TableError::OrdererUnreachable { region };
        let (reply, answer) = oneshot::channel();
        if !self.ordering.ask(region, Question::Table { what, reply }).await {
            return Err(unreachable);
        }
        match timeout(self.ordering.wait, answer).await {
            Ok(Ok(TableReply::Done { dot })) => Ok(TableDecision::Done(dot)),
            Ok(Ok(TableReply::Exists { dot })) => Ok(TableDecision::Existing(dot)),
            Ok(Ok(TableReply::Refused { code })) => {
                let refusal = words::refusal_of(&code);
                Err(refusal.map_or(unreachable, |refusal| SubmitError::Refused(refusal).into()))
            }
            Ok(Err(_)) | Err(_) => Err(unreachable),
        }
    }
}

impl TableAnswer {
    /// The answer to a named call that was done, now or before.
    fn of(kept: &KeptRecord) -> Self {
        let answer = &kept.record.answer;
        let table = match &answer.told {
            Told::Table(table) => Some(Arc::clone(table)),
            _ => None,
        };
        Self { dot: kept.dot, existed: answer.existed, table }
    }
}
