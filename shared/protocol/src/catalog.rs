//! The tables of a region, as they are stored beside its state.

use tombolo_causality::ReplicaId;
use tombolo_replication::Catalog;

use crate::definition::{decode_definition, encode_definition};
use crate::envelope::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::rules::{at_most, holds};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "catalog";

/// A table's id, the change that altered it last, and its definition.
type TableV1<Bytes> = (WireDot, Option<WireDot>, Bytes);

/// Encodes all tables. Equal catalogs have equal bytes.
pub fn encode_catalog(catalog: &Catalog) -> Result<Vec<u8>, EncodeError> {
    at_most("tables", catalog.len(), Catalog::TABLES_MAX)?;
    let mut replicas = ReplicaTable::default();
    let mut tables: Vec<TableV1<Vec<u8>>> = Vec::with_capacity(catalog.len());
    for table in catalog.iter() {
        let id = replicas.dot(table.id.0)?;
        let altered = table.altered.map(|dot| replicas.dot(dot)).transpose()?;
        tables.push((id, altered, encode_definition(table)?));
    }
    holds(WHAT, tables.len() == catalog.len())?;
    append(WHAT, vec![VERSION], &(replicas.into_replicas(), tables))
}

/// The inverse of [`encode_catalog`].
pub fn decode_catalog(bytes: &[u8]) -> Result<Catalog, DecodeError> {
    let (replicas, tables): (Vec<ReplicaId>, Vec<TableV1<&[u8]>>) =
        whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas::new(&replicas)?;
    at_most("tables", tables.len(), Catalog::TABLES_MAX)?;
    let mut catalog = Catalog::default();
    for (id, altered, definition) in &tables {
        let mut definition = decode_definition(definition, replicas.dot(*id)?)?;
        definition.altered = altered.map(|dot| replicas.dot(dot)).transpose()?;
        catalog.define(definition);
    }
    // A name or an id that stands twice has taken another table's place.
    holds(WHAT, catalog.len() == tables.len())?;
    Ok(catalog)
}
