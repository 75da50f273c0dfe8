//! The tables of a region and its members, as they are stored beside its state.
//!
//! As long as the members are those of the settings nothing is said of them, in version 1.

use tombolo_causality::ReplicaId;
use tombolo_replication::Catalog;

use crate::definition::{TableV1, decode_table, encode_table};
use crate::envelope::{append, take, versioned, whole};
use crate::members::{decode_members, encode_members};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{at_most, holds};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
/// The same with members behind the tables.
const WITH_MEMBERS: u8 = 2;
const WHAT: &str = "catalog";

/// Replicas, and the tables that name them.
type TablesV1<'a> = (Vec<ReplicaId>, Vec<TableV1<&'a [u8]>>);

/// Encodes all tables, and the members. Equal catalogs have equal bytes.
pub fn encode_catalog(catalog: &Catalog) -> Result<Vec<u8>, EncodeError> {
    at_most("tables", catalog.len(), Catalog::TABLES_MAX)?;
    let mut replicas = ReplicaTable::default();
    let mut tables: Vec<TableV1<Vec<u8>>> = Vec::with_capacity(catalog.len());
    for table in catalog.iter() {
        tables.push(encode_table(table, &mut replicas)?);
    }
    holds(WHAT, tables.len() == catalog.len())?;
    let Some(members) = catalog.members() else {
        return append(WHAT, vec![VERSION], &(replicas.into_replicas(), tables));
    };
    let members = encode_members(members, &mut replicas)?;
    append(WHAT, vec![WITH_MEMBERS], &(replicas.into_replicas(), tables, members))
}

/// The inverse of [`encode_catalog`].
pub fn decode_catalog(bytes: &[u8]) -> Result<Catalog, DecodeError> {
    let has_members = bytes.first() == Some(&WITH_MEMBERS);
    let version = if has_members { WITH_MEMBERS } else { VERSION };
    let bytes = versioned(WHAT, version, bytes)?;
    let ((replicas, tables), rest) = take::<TablesV1<'_>>(WHAT, bytes)?;
    let replicas = Replicas::new(&replicas)?;
    at_most("tables", tables.len(), Catalog::TABLES_MAX)?;
    let mut catalog = Catalog::default();
    for table in &tables {
        catalog.define(decode_table(table, replicas)?);
    }
    if has_members {
        catalog.take_members(decode_members(whole(WHAT, rest)?, replicas)?);
    } else if !rest.is_empty() {
        return Err(DecodeError::Trailing { what: WHAT, bytes: rest.len() });
    }
    // A name or an id that stands twice has taken another table's place.
    holds(WHAT, catalog.len() == tables.len())?;
    Ok(catalog)
}
