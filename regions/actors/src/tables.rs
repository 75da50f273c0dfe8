//! Defining, altering and dropping tables: decided in the region that orders definitions, confirmed
//! when all regions hold them durably.
//!
//! A call that its client has named is decided once. Its answer is in the change that did it, so
//! every region that holds the change gives it again, also where the one that orders definitions
//! cannot be reached.

mod words;

use core::time::Duration;
use std::sync::Arc;

use actix::Addr;
use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tombolo_causality::{Dot, RegionId};
use tombolo_protocol::{TableReply, TableRequest};
use tombolo_replication::TableDefinition;
use tombolo_replication::idempotency::{KeptRecord, NamedRequest, Told};
use tombolo_replication::leader::{TableCommand, TableOperation};
use tombolo_storage::View;

use crate::error::{SubmitError, TableError};
use crate::leader::{DecideTable, Leader, Recall, TableDecision};
use crate::links::Links;
use crate::meters::Meters;
use crate::replication::{AskTables, Replication};
use crate::shipping::TableQuestion;

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

/// Where a call on a table must be known to have arrived before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In every region.
    Everywhere,
    /// In this region, and in every other that confirms it in time.
    AtLeastHere,
    /// In this region.
    Here,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) orderer: RegionId,
    /// The link to the region that orders definitions; nothing where this one does.
    pub(crate) to_orderer: Option<Addr<Replication>>,
    pub(crate) leader: Addr<Leader>,
    pub(crate) links: Arc<Links>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) wait: Duration,
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
            self.confirm(kept.dot, reach).await?;
            return Ok(TableAnswer::of(&kept));
        }
        let decision = match &self.to_orderer {
            None => self.decide_here(command).await?,
            Some(orderer) => self.ask(orderer, words::request_of(command)).await?,
        };
        let (TableDecision::Done(dot) | TableDecision::Existing(dot)) = decision;
        self.confirm(dot, reach).await?;
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
        let table = self.views.load().catalog().by_name(name.as_str()).cloned();
        Ok(TableAnswer { dot, existed, table: Some(table.ok_or(TableError::Gone)?) })
    }

    /// Decides for a peer that does not order definitions.
    pub(crate) async fn decide_for_peer(&self, asked: TableRequest) -> TableReply {
        let refused = |code: &str| TableReply::Refused { code: code.to_owned() };
        let Some(command) = words::command_of(asked) else { return refused(words::MALFORMED) };
        if self.to_orderer.is_some() {
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
        let sent = self.leader.send(Recall { request, reply }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        Ok(answer.await.unwrap_or(Err(SubmitError::Stopping))?)
    }

    async fn decide_here(&self, command: TableCommand) -> Result<TableDecision, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.leader.send(DecideTable { command, reply }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        answer.await.unwrap_or(Err(SubmitError::Stopping))
    }

    async fn ask(
        &self,
        orderer: &Addr<Replication>,
        what: TableRequest,
    ) -> Result<TableDecision, TableError> {
        let unreachable = TableError::OrdererUnreachable { region: self.orderer };
        let (reply, answer) = oneshot::channel();
        let sent = orderer.send(AskTables(TableQuestion { what, reply })).await;
        if !sent.unwrap_or(false) {
            return Err(unreachable);
        }
        match timeout(self.wait, answer).await {
            Ok(Ok(TableReply::Done { dot })) => Ok(TableDecision::Done(dot)),
            Ok(Ok(TableReply::Exists { dot })) => Ok(TableDecision::Existing(dot)),
            Ok(Ok(TableReply::Refused { code })) => {
                let refusal = words::refusal_of(&code);
                Err(refusal.map_or(unreachable, |refusal| SubmitError::Refused(refusal).into()))
            }
            Ok(Err(_)) | Err(_) => Err(unreachable),
        }
    }

    /// Waits until the change `dot` has arrived.
    async fn confirm(&self, dot: Dot, reach: Reach) -> Result<(), TableError> {
        let mut published = self.published.clone();
        let mut acknowledged = self.links.watch_acknowledged();
        let arrived = async {
            while !self.missing(&dot, reach).is_empty() {
                let told = tokio::select! {
                    told = published.changed() => told,
                    told = acknowledged.changed() => told,
                };
                told.map_err(|_| TableError::Submit(SubmitError::Stopping))?;
            }
            Ok(())
        };
        match timeout(self.wait, arrived).await {
            Ok(confirmed) => confirmed,
            // The others hear of it in time.
            Err(_) if reach == Reach::AtLeastHere && self.is_here(&dot) => Ok(()),
            Err(_) => Err(TableError::Pending { regions: self.missing(&dot, reach) }),
        }
    }

    /// Of the regions that are waited for, those that are not known to hold the change `dot`.
    fn missing(&self, dot: &Dot, reach: Reach) -> Vec<RegionId> {
        let own = (!self.is_here(dot)).then_some(self.links.own());
        let others = self.links.iter().filter(|_| reach != Reach::Here);
        let others = others.filter(|link| !link.facts().known.contains(dot));
        own.into_iter().chain(others.map(|link| link.peer)).collect()
    }

    fn is_here(&self, dot: &Dot) -> bool {
        self.views.load().vector().contains(dot)
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
