//! The tables of a region, as they are stored beside its state.

use tombolo_causality::ReplicaId;
use tombolo_replication::Catalog;

use crate::definition::{TableV1, decode_table, encode_table};
use crate::envelope::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{at_most, holds};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "catalog";

/// Encodes all tables. Equal catalogs have equal bytes.
pub fn encode_catalog(catalog: &Catalog) -> Result<Vec<u8>, EncodeError> {
    at_most("tables", catalog.len(), Catalog::TABLES_MAX)?;
    let mut replicas = ReplicaTable::default();
    let mut tables: Vec<TableV1<Vec<u8>>> = Vec::with_capacity(catalog.len());
    for table in catalog.iter() {
        tables.push(encode_table(table, &mut replicas)?);
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
    for table in &tables {
        catalog.define(decode_table(table, replicas)?);
    }
    // A name or an id that stands twice has taken another table's place.
    holds(WHAT, catalog.len() == tables.len())?;
    Ok(catalog)
}
