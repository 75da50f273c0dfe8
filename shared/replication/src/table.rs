//! What a table is.

use tombolo_causality::{Dot, VersionVector};
use tombolo_datatypes::DataType;
use tombolo_resolvers::ResolverKind;

use crate::{Consistency, TableId, TableName};

/// How a table's writes are replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Any region accepts a write and acknowledges it when it is durable there.
    #[default]
    MultiLeader,
}

impl Strategy {
    /// Its `mode` in a table's definition.
    pub fn mode(self) -> &'static str {
        match self {
            Self::MultiLeader => "multi_leader",
        }
    }
}

/// What a definition asks for: two equal shapes are the same table asked for twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// The data type of its items. Never changes.
    pub data_type: DataType,
    /// What decides among concurrent writes.
    pub resolver: ResolverKind,
    /// How writes are replicated.
    pub strategy: Strategy,
    /// What a read counts on where it does not say.
    pub consistency: Consistency,
}

/// A defined table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// The dot of this definition.
    pub id: TableId,
    /// The name by which clients call it.
    pub name: TableName,
    /// What it is.
    pub shape: TableShape,
    /// The change that altered it last, where one has.
    pub altered: Option<Dot>,
}

impl TableDefinition {
    /// The change by which it is what it is: who has it knows the table as it stands.
    pub fn settled_by(&self) -> Dot {
        self.altered.unwrap_or(self.id.0)
    }

    /// Its version, written as an item's is.
    pub fn version(&self) -> VersionVector {
        let Dot { replica, seq } = self.settled_by();
        [(replica, seq)].into_iter().collect()
    }
}
