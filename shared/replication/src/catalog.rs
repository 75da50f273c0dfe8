//! The tables that exist, by id and by name, and who the members are: what one region orders.

use std::collections::BTreeMap;
use std::sync::Arc;

use tombolo_causality::Dot;

use crate::{Consistency, Membership, TableDefinition, TableId, TableName};

/// All defined tables, and the members. Cloning shares the definitions.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Catalog {
    by_id: BTreeMap<TableId, Arc<TableDefinition>>,
    by_name: BTreeMap<TableName, TableId>,
    members: Option<Arc<Membership>>,
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

    /// The members, once the list has changed since the cluster began.
    pub fn members(&self) -> Option<&Arc<Membership>> {
        self.members.as_ref()
    }

    /// Takes a list of members, unless a later one is here.
    pub fn take_members(&mut self, members: Membership) {
        if self.members.as_ref().is_none_or(|before| before.epoch() < members.epoch()) {
            self.members = Some(Arc::new(members));
        }
    }

    /// How many tables there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are no tables.
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

    /// Gives a table, where it is still there, another default consistency, by the change `dot`.
    pub fn alter(&mut self, id: &TableId, consistency: Consistency, dot: Dot) {
        if let Some(definition) = self.by_id.get_mut(id) {
            let definition = Arc::make_mut(definition);
            definition.shape.consistency = consistency;
            definition.altered = Some(dot);
        }
    }

    /// Removes a table; answers whether it was there.
    pub fn remove(&mut self, id: &TableId) -> bool {
        let Some(definition) = self.by_id.remove(id) else { return false };
        self.by_name.remove(&definition.name);
        true
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};
    use tombolo_datatypes::DataType;
    use tombolo_resolvers::ResolverKind;

    use super::*;
    use crate::{Strategy, TableShape};

    fn definition(seq: u64, name: &str) -> TableDefinition {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        let shape = TableShape {
            data_type: DataType::Counter,
            resolver: ResolverKind::Merge,
            strategy: Strategy::MultiLeader,
            consistency: Consistency::Eventual,
        };
        let (id, name) = (TableId(Dot::new(replica, seq)), TableName::new(name).unwrap());
        TableDefinition { id, name, shape, altered: None }
    }

    #[test]
    fn a_name_and_an_id_each_stand_once() {
        let mut catalog = Catalog::default();
        catalog.define(definition(1, "a"));
        catalog.define(definition(2, "a"));
        catalog.define(definition(3, "b"));
        catalog.define(definition(3, "c"));
        let tables: Vec<_> = catalog.iter().map(|t| (t.name.as_str(), t.id.0.seq)).collect();
        assert_eq!(tables, [("a", 2), ("c", 3)]);
        assert_eq!(catalog.len(), 2);
        assert!(catalog.remove(&definition(2, "a").id) && catalog.by_name("a").is_none());
    }

    #[test]
    fn a_table_that_is_altered_keeps_its_id_and_whoever_holds_the_old_catalog_keeps_that() {
        let mut catalog = Catalog::default();
        catalog.define(definition(1, "a"));
        let before = catalog.clone();
        let (id, by) = (definition(1, "a").id, definition(5, "a").id.0);
        catalog.alter(&id, Consistency::Session, by);
        let mut altered = definition(1, "a");
        altered.shape.consistency = Consistency::Session;
        altered.altered = Some(by);
        assert_eq!(catalog.by_name("a").map(|table| &**table), Some(&altered));
        assert_eq!(altered.settled_by(), by);
        assert_eq!(before.by_name("a").map(|table| table.settled_by()), Some(id.0));

        catalog.remove(&id);
        catalog.alter(&id, Consistency::Eventual, by);
        assert!(catalog.is_empty());
    }
}
