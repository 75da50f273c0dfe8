//! A table's definition, as a change carries it and a catalog keeps it: everything by name.

use tombolo_causality::Dot;
use tombolo_replication::{Consistency, Strategy, TableDefinition, TableId, TableName, TableShape};
use tombolo_resolvers::ResolverKind;

use crate::envelope::{append, whole};
use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::rules::{Flaw, holds};
use crate::wire::DefinitionV1;
use crate::{DecodeError, EncodeError};

const WHAT: &str = "definition";

pub(crate) fn encode_definition(definition: &TableDefinition) -> Result<Vec<u8>, EncodeError> {
    check(&definition.shape)?;
    let wire = DefinitionV1 {
        name: definition.name.as_str(),
        data_type: definition.shape.data_type.name(),
        resolver: definition.shape.resolver.name(),
        strategy: definition.shape.strategy.mode(),
        consistency: definition.shape.consistency.name(),
        regions: Vec::new(),
    };
    append(WHAT, Vec::new(), &wire)
}

/// Decodes the definition that change `id` made. What altered it later is told beside it.
pub(crate) fn decode_definition(bytes: &[u8], id: Dot) -> Result<TableDefinition, DecodeError> {
    let wire: DefinitionV1<'_> = whole(WHAT, bytes)?;
    let name = TableName::new(wire.name).map_err(|_| DecodeError::Malformed { what: WHAT })?;
    let unknown = |what| DecodeError::UnknownName { what };
    let data_type = wire.data_type.parse().map_err(|()| unknown("the table's data type"))?;
    let resolver = wire.resolver.parse().map_err(|_| unknown("the table's resolver"))?;
    if wire.strategy != Strategy::MultiLeader.mode() {
        return Err(unknown("the table's replication strategy"));
    }
    if !wire.regions.is_empty() {
        return Err(unknown("a table that some regions only hold"));
    }
    let consistency = decode_consistency(wire.consistency)?;
    let shape = TableShape { data_type, resolver, strategy: Strategy::MultiLeader, consistency };
    check(&shape)?;
    Ok(TableDefinition { id: TableId(id), name, shape, altered: None })
}

/// A table's id, the change that altered it last, and its definition.
pub(crate) type TableV1<Bytes> = (WireDot, Option<WireDot>, Bytes);

/// Encodes a table as it stands.
pub(crate) fn encode_table(
    table: &TableDefinition,
    replicas: &mut ReplicaTable,
) -> Result<TableV1<Vec<u8>>, EncodeError> {
    let id = replicas.dot(table.id.0)?;
    let altered = table.altered.map(|dot| replicas.dot(dot)).transpose()?;
    Ok((id, altered, encode_definition(table)?))
}

/// The inverse of [`encode_table`].
pub(crate) fn decode_table(
    (id, altered, definition): &TableV1<impl AsRef<[u8]>>,
    replicas: Replicas<'_>,
) -> Result<TableDefinition, DecodeError> {
    let altered = altered.map(|dot| replicas.dot(dot)).transpose()?;
    let defined = decode_definition(definition.as_ref(), replicas.dot(*id)?)?;
    Ok(TableDefinition { altered, ..defined })
}

/// Decodes a table's default consistency.
pub(crate) fn decode_consistency(name: &str) -> Result<Consistency, DecodeError> {
    let unknown = |_| DecodeError::UnknownName { what: "the table's default consistency" };
    name.parse().map_err(unknown)
}

/// A resolver of another data type would show nothing of what is written.
fn check(shape: &TableShape) -> Result<(), Flaw> {
    holds(WHAT, ResolverKind::of(shape.data_type).contains(&shape.resolver))
}
