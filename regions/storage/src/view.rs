//! The immutable view from which every read, scan, token and digest is served.
//!
//! (overlay layers, redb snapshot, vector, tables), made anew by each group of changes when it is
//! durable and swapped in at once. Whoever holds a view sees one state, however long it looks.

mod contested;
mod listing;

use core::ops::Bound;
use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, VersionVector};
use tombolo_datatypes::ItemState;
use tombolo_protocol::RegionPosition;
use tombolo_replication::{Catalog, Digest, Digester, ItemKey, Key, TableId};

pub use self::contested::ContestedItem;
pub use self::listing::{ListingLimits, RequestsBehind, StatesOfSpan};
use crate::item_bytes::{TABLE_BYTES, after_prefix, item_bytes, table_bytes};
use crate::layer::Layer;
use crate::state::{Entry, Snapshot};
use crate::{KeyRange, StorageError};

/// See the module.
#[derive(Debug)]
pub struct View {
    pub(crate) commit: u64,
    /// Newest first.
    pub(crate) layers: Vec<Arc<Layer>>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) position: Arc<RegionPosition>,
    pub(crate) vector: Arc<VersionVector>,
    pub(crate) catalog: Arc<Catalog>,
}

impl View {
    /// The tables.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What is shown: all of it is durable.
    pub fn vector(&self) -> &Arc<VersionVector> {
        &self.vector
    }

    /// How far every stream has come, with its running hash.
    pub fn position(&self) -> &Arc<RegionPosition> {
        &self.position
    }

    /// About how much memory the overlay takes that is shown here, in bytes.
    pub fn overlay_bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.bytes()).sum()
    }

    /// Of how many layers it consists, the one that is written to included.
    pub fn overlay_layers(&self) -> usize {
        self.layers.len()
    }

    /// The largest stamp among what is shown.
    pub fn stamp_floor(&self) -> HybridTimestamp {
        self.position.stamp_floor
    }

    /// The state of one item; nothing where it was never heard of.
    pub fn get(&self, item: &ItemKey) -> Result<Option<Arc<ItemState>>, StorageError> {
        self.get_bytes(&item_bytes(item), self.commit)
    }

    pub(crate) fn get_bytes(
        &self,
        key: &[u8],
        commit: u64,
    ) -> Result<Option<Arc<ItemState>>, StorageError> {
        match self.layers.iter().find_map(|layer| layer.get(key, commit)) {
            Some(state) => Ok(Some(state)),
            None => self.snapshot.get(key),
        }
    }

    /// The items of a table within `range`, in key order, deleted ones included. Reads as it goes:
    /// who stops early has not paid for the rest.
    pub fn scan(
        &self,
        table: &TableId,
        range: &KeyRange,
    ) -> Result<
        impl Iterator<Item = Result<(Key, Arc<ItemState>), StorageError>> + use<>,
        StorageError,
    > {
        let prefix = table_bytes(table);
        let stored = |key: &str| [&prefix[..], key.as_bytes()].concat().into_boxed_slice();
        let entries = self.entries(&range.start().map(stored))?;
        let range = range.clone();
        let is_within =
            move |key: &[u8]| key.strip_prefix(&prefix[..]).is_some_and(|key| range.reaches(key));
        let of_table =
            entries.take_while(move |entry| entry.as_ref().map_or(true, |(key, _)| is_within(key)));
        Ok(of_table.map(|entry| {
            let (bytes, state) = entry?;
            Ok((key_of(&bytes)?, state))
        }))
    }

    /// The digest of a table, or of all of them in the order of their ids, and how many items it
    /// covers. Walks everything.
    pub fn digest(&self, table: Option<&TableId>) -> Result<(Digest, u64), StorageError> {
        let mut digester = Digester::default();
        let mut tables: Vec<_> = self.catalog.iter().map(|definition| definition.id).collect();
        tables.sort_unstable();
        for id in tables.iter().filter(|id| table.is_none_or(|wanted| wanted == *id)) {
            let prefix = table_bytes(id);
            let end = after_prefix(prefix);
            for entry in self.entries(&Bound::Included(prefix[..].into()))? {
                let (key, state) = entry?;
                if end.is_some_and(|end| *key >= end[..]) {
                    break;
                }
                digester.add(&key, &state);
            }
        }
        Ok((digester.finish(), digester.items()))
    }

    /// All entries from `from` on in key order: of each item the newest that this view shows.
    fn entries(
        &self,
        from: &Bound<Box<[u8]>>,
    ) -> Result<impl Iterator<Item = Entry> + use<>, StorageError> {
        let mut sources: Vec<core::iter::Peekable<Box<dyn Iterator<Item = Entry>>>> = Vec::new();
        for layer in &self.layers {
            let entries = Arc::clone(layer).iter(from.clone(), self.commit).map(Ok);
            sources.push((Box::new(entries) as Box<dyn Iterator<Item = Entry>>).peekable());
        }
        let stored = self.snapshot.scan(from.as_ref().map(|key| &**key))?;
        sources.push((Box::new(stored) as Box<dyn Iterator<Item = Entry>>).peekable());
        Ok(core::iter::from_fn(move || next_of(&mut sources)))
    }
}

/// The key of a stored item.
fn key_of(bytes: &[u8]) -> Result<Key, StorageError> {
    let text = bytes.get(TABLE_BYTES..).and_then(|bytes| core::str::from_utf8(bytes).ok());
    let key = text.and_then(|text| Key::new(text).ok());
    key.ok_or_else(|| StorageError::Mismatched { detail: "a stored key is none".to_owned() })
}

/// The smallest key among the sources; where several have it, the first (newest) one's entry.
fn next_of(sources: &mut [core::iter::Peekable<Box<dyn Iterator<Item = Entry>>>]) -> Option<Entry> {
    let mut smallest: Option<(usize, Box<[u8]>)> = None;
    for (at, source) in sources.iter_mut().enumerate() {
        match source.peek() {
            Some(Err(_)) => return source.next(),
            Some(Ok((key, _))) if smallest.as_ref().is_none_or(|(_, least)| key < least) => {
                smallest = Some((at, key.clone()));
            }
            _ => {}
        }
    }
    let (at, key) = smallest?;
    for source in &mut sources[at + 1..] {
        if source.peek().is_some_and(|entry| entry.as_ref().is_ok_and(|(k, _)| *k == key)) {
            source.next();
        }
    }
    sources[at].next()
}

#[cfg(test)]
mod tests;
