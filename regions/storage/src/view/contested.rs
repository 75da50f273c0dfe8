//! The items that are contested, found without walking all of them.
//!
//! Each layer and the state keep the keys of items that had more than one live write; a key may
//! stand there longer than that is so. What is answered is what this view shows of each.

use core::iter::Peekable;
use core::ops::Bound;
use std::collections::BTreeMap;
use std::sync::Arc;

use tombolo_datatypes::ItemState;
use tombolo_replication::{ItemKey, TableDefinition};

use super::{View, key_of};
use crate::StorageError;
use crate::item_bytes::{TABLE_BYTES, item_bytes, table_bytes};

/// An item whose writes may have lost to each other.
#[derive(Clone, Debug)]
pub struct ContestedItem {
    /// Its table.
    pub table: Arc<TableDefinition>,
    /// The item.
    pub item: ItemKey,
    /// Its state; nothing where it is no longer contested.
    pub state: Option<Arc<ItemState>>,
}

type Keys = Peekable<Box<dyn Iterator<Item = Result<Box<[u8]>, StorageError>>>>;

impl View {
    /// The items of `table`, or of all tables, that the index of contested items names, in the
    /// order in which they are stored: all from `from` on, included.
    ///
    /// Each costs a look-up; those that are no longer contested are named all the same, so that the
    /// caller can bound how many are looked at.
    pub fn contested(
        &self,
        table: Option<&Arc<TableDefinition>>,
        from: Option<&ItemKey>,
    ) -> Result<impl Iterator<Item = Result<ContestedItem, StorageError>> + use<'_>, StorageError>
    {
        let tables: BTreeMap<_, _> = match table {
            Some(table) => [(table_bytes(&table.id), Arc::clone(table))].into(),
            None => self.catalog.iter().map(|t| (table_bytes(&t.id), Arc::clone(t))).collect(),
        };
        let start = match (from, table) {
            (Some(item), _) => Bound::Included(item_bytes(item).into_boxed_slice()),
            (None, Some(table)) => Bound::Included(table_bytes(&table.id)[..].into()),
            (None, None) => Bound::Unbounded,
        };
        let is_one = table.is_some();
        let keys = self.contested_keys(&start)?.map_while(move |key| match key {
            Err(error) => Some(Err(error)),
            Ok(key) => {
                let table = key.first_chunk::<TABLE_BYTES>().and_then(|t| tables.get(t)).cloned();
                // Rows of a dropped table may wait to be emptied; past the one asked for is the end.
                if table.is_none() && is_one { None } else { Some(Ok((key, table))) }
            }
        });
        Ok(keys.filter_map(|found| match found {
            Ok((key, table)) => Some(self.contested_item(&key, table?)),
            Err(error) => Some(Err(error)),
        }))
    }

    fn contested_item(
        &self,
        key: &[u8],
        table: Arc<TableDefinition>,
    ) -> Result<ContestedItem, StorageError> {
        let state = self.get_bytes(key, self.commit)?.filter(|state| state.is_contested());
        let item = ItemKey { table: table.id, key: key_of(key)? };
        Ok(ContestedItem { table, item, state })
    }

    /// The keys that layers and state name, each once, in order.
    fn contested_keys(
        &self,
        from: &Bound<Box<[u8]>>,
    ) -> Result<impl Iterator<Item = Result<Box<[u8]>, StorageError>> + use<>, StorageError> {
        let mut sources: Vec<Keys> = Vec::new();
        for layer in &self.layers {
            let keys = Arc::clone(layer).contested(from.clone()).map(Ok);
            sources.push((Box::new(keys) as Box<dyn Iterator<Item = _>>).peekable());
        }
        let stored = self.snapshot.contested(from.as_ref().map(|key| &**key))?;
        sources.push((Box::new(stored) as Box<dyn Iterator<Item = _>>).peekable());
        Ok(core::iter::from_fn(move || next_of(&mut sources)))
    }
}

/// The smallest key among the sources, taken from each that has it.
fn next_of(sources: &mut [Keys]) -> Option<Result<Box<[u8]>, StorageError>> {
    let mut smallest: Option<Box<[u8]>> = None;
    for source in &mut *sources {
        match source.peek() {
            Some(Err(_)) => return source.next(),
            Some(Ok(key)) if smallest.as_ref().is_none_or(|least| key < least) => {
                smallest = Some(key.clone());
            }
            _ => {}
        }
    }
    let smallest = smallest?;
    for source in sources {
        source.next_if(|key| key.as_ref().is_ok_and(|key| *key == smallest));
    }
    Some(Ok(smallest))
}

#[cfg(test)]
mod tests;
