//! The tables of a region, as they are stored beside its state.

use tombolo_causality::ReplicaId;
use tombolo_replication::Catalog;

use crate::change::{decode_definition, encode_definition};
use crate::error::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "catalog";

/// Encodes all tables.
pub fn encode_catalog(catalog: &Catalog) -> Result<Vec<u8>, EncodeError> {
    let mut replicas = ReplicaTable::default();
    let mut tables: Vec<(WireDot, Vec<u8>)> = Vec::with_capacity(catalog.len());
    for table in catalog.iter() {
        tables.push((replicas.dot(table.id.0), encode_definition(table)?));
    }
    append(vec![VERSION], &(replicas.into_replicas(), tables))
}

/// The inverse of [`encode_catalog`].
pub fn decode_catalog(bytes: &[u8]) -> Result<Catalog, DecodeError> {
    let (replicas, tables): (Vec<ReplicaId>, Vec<(WireDot, &[u8])>) =
        whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let replicas = Replicas(&replicas);
    let mut catalog = Catalog::default();
    for (id, definition) in tables {
        catalog.define(decode_definition(definition, replicas.dot(id)?)?);
    }
    Ok(catalog)
}
