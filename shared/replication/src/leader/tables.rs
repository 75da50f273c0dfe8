//! Deciding which tables there are, and what they are.
//!
//! Only the leader of the region that orders definitions is asked; the others apply what it decides
//! where it stands in the log. So a condition that holds here holds in the whole cluster.

use std::sync::Arc;

use tombolo_resolvers::ResolverKind;

use super::{Condition, Leader, Refusal, condition};
use crate::idempotency::{GivenAnswer, IdempotencyRecord, NamedRequest, Told};
use crate::{Body, Catalog, Change, Consistency, TableDefinition, TableId, TableName, TableShape};

/// One call on one table, as a client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCommand {
    /// The table's name.
    pub name: TableName,
    /// What is to be done.
    pub operation: TableOperation,
    /// When only.
    pub condition: Option<Condition>,
    /// The request, where the client has given it a name: it is then done once.
    pub request: Option<NamedRequest>,
}

/// What can be done to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableOperation {
    /// Define it, unless an equal one is there.
    Define(TableShape),
    /// Give it another default consistency, where one is named.
    Alter(Option<Consistency>),
    /// Drop it with its items.
    Drop,
}

impl Leader {
    /// Decides a call on a table.
    ///
    /// `Ok(None)` where the table is as asked for already. Whoever names the request has asked
    /// [`Leader::repeated`] before.
    pub fn decide_table(
        &mut self,
        now_ms: u64,
        command: TableCommand,
    ) -> Result<Option<Change>, Refusal> {
        if !self.is_member() {
            return Err(Refusal::NotAMember);
        }
        let TableCommand { name, operation, condition, request } = command;
        let present = self.catalog().by_name(name.as_str());
        let existed = present.is_some();
        if !existed && !matches!(operation, TableOperation::Define(_)) {
            return Err(Refusal::NoSuchTable);
        }
        let version = present.map(|table| table.version()).unwrap_or_default();
        // Nothing of a table stands beside another write: its version is the present one or is not.
        condition::check(condition, ResolverKind::LastWriteWins, &version, existed)?;
        let decided = match operation {
            TableOperation::Define(shape) => self.define(now_ms, &name, &shape)?,
            TableOperation::Alter(None) => None,
            TableOperation::Alter(Some(consistency)) => {
                self.alter(now_ms, name.as_str(), consistency)?
            }
            TableOperation::Drop => Some(self.drop_table(now_ms, name.as_str())?),
        };
        let Some(mut change) = decided else { return Ok(None) };
        if let Some(request) = request {
            let table = self.catalog().by_name(name.as_str()).map(Arc::clone);
            let told = table.map_or(Told::Nothing, Told::Table);
            let answer = GivenAnswer { existed, told, ..GivenAnswer::default() };
            change.idempotency = Some(IdempotencyRecord { request, answer });
            self.applier.remember(&change);
        }
        Ok(Some(change))
    }

    /// Decides the definition of a table.
    ///
    /// `Ok(None)` where an equal one exists.
    pub fn define(
        &mut self,
        now_ms: u64,
        name: &TableName,
        shape: &TableShape,
    ) -> Result<Option<Change>, Refusal> {
        if let Some(existing) = self.catalog().by_name(name.as_str()) {
            return if existing.shape == *shape { Ok(None) } else { Err(Refusal::TableExists) };
        }
        if self.catalog().len() >= Catalog::TABLES_MAX {
            return Err(Refusal::TooManyTables);
        }
        let written = self.next_name(now_ms);
        let (id, name, shape) = (TableId(written.dot), name.clone(), shape.clone());
        let definition = TableDefinition { id, name, shape, altered: None };
        self.applier.define(definition.clone());
        Ok(Some(self.change(written, Body::Define(definition))))
    }

    /// Decides a table's default consistency.
    ///
    /// `Ok(None)` where it is that already.
    pub fn alter(
        &mut self,
        now_ms: u64,
        name: &str,
        consistency: Consistency,
    ) -> Result<Option<Change>, Refusal> {
        let definition = self.catalog().by_name(name).ok_or(Refusal::NoSuchTable)?;
        if definition.shape.consistency == consistency {
            return Ok(None);
        }
        let table = definition.id;
        let written = self.next_name(now_ms);
        self.applier.alter(&table, consistency, written.dot);
        Ok(Some(self.change(written, Body::Alter { table, consistency })))
    }

    /// Decides the end of a table.
    pub fn drop_table(&mut self, now_ms: u64, name: &str) -> Result<Change, Refusal> {
        let id = self.catalog().by_name(name).ok_or(Refusal::NoSuchTable)?.id;
        let written = self.next_name(now_ms);
        self.applier.drop_table(&id);
        Ok(self.change(written, Body::Drop(id)))
    }
}
