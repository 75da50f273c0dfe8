//! The tables that exist, by id and by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{TableDefinition, TableId, TableName};

/// All defined tables. Cloning shares the definitions.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Catalog {
    by_id: BTreeMap<TableId, Arc<TableDefinition>>,
    by_name: BTreeMap<TableName, TableId>,
}

impl Catalog {
    /// How many tables a cluster may have.
    pub const TABLES_MAX: usize = 10_000;

    /// The table of that id.
    pub fn by_id(&self, id: &TableId) -> Option<&Arc<TableDefinition>> {
        self.by_id.get(id)
    }

    /// The table of that name.
    pub fn by_name(&self, name: &str) -> Option<&Arc<TableDefinition>> {
        self.by_name.get(name).and_then(|id| self.by_id.get(id))
    }

    /// All tables, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<TableDefinition>> {
        self.by_name.values().filter_map(|id| self.by_id.get(id))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds a table. Definitions come in one order, from the region that orders them, so a name
    /// that is taken was dropped before; should it still be there, the later definition has it.
    pub fn define(&mut self, definition: TableDefinition) {
        let (id, name) = (definition.id, definition.name.clone());
        self.remove(&id);
        if let Some(before) = self.by_name.insert(name, id)
            && before != id
        {
            self.by_id.remove(&before);
        }
        self.by_id.insert(id, Arc::new(definition));
    }

    /// Removes a table; answers whether it was there.
    pub fn remove(&mut self, id: &TableId) -> bool {
        let Some(definition) = self.by_id.remove(id) else { return false };
        self.by_name.remove(&definition.name);
        true
    }
}
