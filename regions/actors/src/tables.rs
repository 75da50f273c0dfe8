//! Defining, altering and dropping tables: decided in the region that orders definitions, confirmed
//! when all regions hold them durably.

use core::time::Duration;
use std::sync::Arc;

use actix::{Addr, Handler, Message};
use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tombolo_causality::{Dot, RegionId};
use tombolo_protocol::{TableReply, TableRequest};
use tombolo_replication::leader::Refusal;
use tombolo_replication::{Consistency, Strategy, TableDefinition, TableName, TableShape};
use tombolo_resolvers::ResolverKind;
use tombolo_storage::View;

use crate::error::{SubmitError, TableError};
use crate::leader::{AlterTable, DefineTable, DropTable, Leader, TableDecision};
use crate::links::Links;
use crate::replication::{AskTables, Replication};
use crate::shipping::TableQuestion;

/// What became of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defined {
    /// The table is new.
    Created(Arc<TableDefinition>),
    /// An equal one was there.
    Existing(Arc<TableDefinition>),
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
    pub(crate) wait: Duration,
}

impl Tables {
    /// Defines a table and waits until every region holds it.
    pub(crate) async fn define(
        &self,
        name: TableName,
        shape: TableShape,
    ) -> Result<Defined, TableError> {
        let wanted = name.clone();
        let decision = if self.to_orderer.is_none() {
            self.define_here(name, shape).await?
        } else {
            let data_type = shape.data_type.name().to_owned();
            let resolver = shape.resolver.name().to_owned();
            let consistency = shape.consistency.name().to_owned();
            let name = name.as_str().to_owned();
            self.ask(TableRequest::Define { name, data_type, resolver, consistency }).await?
        };
        let (TableDecision::Done(dot) | TableDecision::Existing(dot)) = decision;
        self.confirm(dot).await?;
        let view = self.views.load();
        let definition = view.catalog().by_name(wanted.as_str()).cloned();
        let definition = definition.ok_or(TableError::NoSuchTable)?;
        Ok(match decision {
            TableDecision::Done(_) => Defined::Created(definition),
            TableDecision::Existing(_) => Defined::Existing(definition),
        })
    }

    /// Gives a table another default consistency and waits until every region has it so.
    pub(crate) async fn alter(
        &self,
        name: TableName,
        consistency: Consistency,
    ) -> Result<Arc<TableDefinition>, TableError> {
        let wanted = name.clone();
        let decision = if self.to_orderer.is_none() {
            self.alter_here(name, consistency).await?
        } else {
            let (name, consistency) = (name.as_str().to_owned(), consistency.name().to_owned());
            self.ask(TableRequest::Alter { name, consistency }).await?
        };
        let (TableDecision::Done(dot) | TableDecision::Existing(dot)) = decision;
        self.confirm(dot).await?;
        let view = self.views.load();
        view.catalog().by_name(wanted.as_str()).cloned().ok_or(TableError::NoSuchTable)
    }

    /// Drops a table and waits until it is gone here.
    pub(crate) async fn drop_table(&self, name: TableName) -> Result<(), TableError> {
        let decision = if self.to_orderer.is_none() {
            self.drop_here(name).await?
        } else {
            self.ask(TableRequest::Drop { name: name.as_str().to_owned() }).await?
        };
        let (TableDecision::Done(dot) | TableDecision::Existing(dot)) = decision;
        match self.confirm(dot).await {
            // Gone here; the others hear of it in time.
            Err(TableError::Pending { .. }) if self.views.load().vector().contains(&dot) => Ok(()),
            confirmed => confirmed,
        }
    }

    /// Decides for a peer that does not order definitions.
    pub(crate) async fn decide_for_peer(&self, request: TableRequest) -> TableReply {
        let refused = |code: &str| TableReply::Refused { code: code.to_owned() };
        let decision = match request {
            TableRequest::Define { name, data_type, resolver, consistency } => {
                let (Ok(name), Ok(data_type), Ok(resolver), Ok(consistency)) = (
                    TableName::new(&name),
                    data_type.parse(),
                    resolver.parse(),
                    consistency.parse(),
                ) else {
                    return refused("malformed");
                };
                if !ResolverKind::of(data_type).contains(&resolver) {
                    return refused("malformed");
                }
                let strategy = Strategy::MultiLeader;
                self.define_here(name, TableShape { data_type, resolver, strategy, consistency })
                    .await
            }
            TableRequest::Alter { name, consistency } => {
                let (Ok(name), Ok(consistency)) = (TableName::new(&name), consistency.parse())
                else {
                    return refused("malformed");
                };
                self.alter_here(name, consistency).await
            }
            TableRequest::Drop { name } => match TableName::new(&name) {
                Ok(name) => self.drop_here(name).await,
                Err(_) => return refused("malformed"),
            },
        };
        match decision {
            Ok(TableDecision::Done(dot)) => TableReply::Done { dot },
            Ok(TableDecision::Existing(dot)) => TableReply::Exists { dot },
            Err(TableError::Exists) => refused("table_exists"),
            Err(TableError::TooMany) => refused("too_many_tables"),
            Err(TableError::NoSuchTable) => refused("no_such_table"),
            Err(_) => refused("unavailable"),
        }
    }

    async fn define_here(
        &self,
        name: TableName,
        shape: TableShape,
    ) -> Result<TableDecision, TableError> {
        self.decide_here(|reply| DefineTable { name, shape, reply }).await
    }

    async fn alter_here(
        &self,
        name: TableName,
        consistency: Consistency,
    ) -> Result<TableDecision, TableError> {
        self.decide_here(|reply| AlterTable { name, consistency, reply }).await
    }

    async fn drop_here(&self, name: TableName) -> Result<TableDecision, TableError> {
        self.decide_here(|reply| DropTable { name, reply }).await
    }

    async fn decide_here<M>(
        &self,
        what: impl FnOnce(oneshot::Sender<Result<TableDecision, SubmitError>>) -> M,
    ) -> Result<TableDecision, TableError>
    where
        M: Message<Result = ()> + Send + 'static,
        Leader: Handler<M>,
    {
        if self.to_orderer.is_some() {
            return Err(TableError::OrdererUnreachable { region: self.orderer });
        }
        let (reply, answer) = oneshot::channel();
        let sent = self.leader.send(what(reply)).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        decided(answer).await
    }

    async fn ask(&self, what: TableRequest) -> Result<TableDecision, TableError> {
        let unreachable = TableError::OrdererUnreachable { region: self.orderer };
        let Some(orderer) = &self.to_orderer else { return Err(unreachable) };
        let (reply, answer) = oneshot::channel();
        let sent = orderer.send(AskTables(TableQuestion { what, reply })).await;
        if !sent.unwrap_or(false) {
            return Err(unreachable);
        }
        match timeout(self.wait, answer).await {
            Ok(Ok(TableReply::Done { dot })) => Ok(TableDecision::Done(dot)),
            Ok(Ok(TableReply::Exists { dot })) => Ok(TableDecision::Existing(dot)),
            Ok(Ok(TableReply::Refused { code })) => Err(match &*code {
                "table_exists" => TableError::Exists,
                "too_many_tables" => TableError::TooMany,
                "no_such_table" => TableError::NoSuchTable,
                _ => unreachable,
            }),
            Ok(Err(_)) | Err(_) => Err(unreachable),
        }
    }

    /// Waits until this region and every peer hold the change `dot`.
    async fn confirm(&self, dot: Dot) -> Result<(), TableError> {
        let mut published = self.published.clone();
        let mut acknowledged = self.links.watch_acknowledged();
        let everyone = async {
            while !self.missing(&dot).is_empty() {
                let told = tokio::select! {
                    told = published.changed() => told,
                    told = acknowledged.changed() => told,
                };
                told.map_err(|_| TableError::Submit(SubmitError::Stopping))?;
            }
            Ok(())
        };
        match timeout(self.wait, everyone).await {
            Ok(confirmed) => confirmed,
            Err(_) => Err(TableError::Pending { regions: self.missing(&dot) }),
        }
    }

    /// The regions that are not known to hold the change `dot`.
    fn missing(&self, dot: &Dot) -> Vec<RegionId> {
        let view = self.views.load();
        let own = (!view.vector().contains(dot)).then_some(self.links.own());
        let peers = self.links.iter().filter(|link| !link.facts().known.contains(dot));
        own.into_iter().chain(peers.map(|link| link.peer)).collect()
    }
}

async fn decided(
    answer: oneshot::Receiver<Result<TableDecision, SubmitError>>,
) -> Result<TableDecision, TableError> {
    match answer.await {
        Ok(Ok(decision)) => Ok(decision),
        Ok(Err(SubmitError::Refused(Refusal::TableExists))) => Err(TableError::Exists),
        Ok(Err(SubmitError::Refused(Refusal::TooManyTables))) => Err(TableError::TooMany),
        Ok(Err(SubmitError::Refused(Refusal::NoSuchTable))) => Err(TableError::NoSuchTable),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(SubmitError::Stopping.into()),
    }
}
