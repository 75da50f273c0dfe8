//! Walking the conflicts of a view.

use std::sync::Arc;

use tombolo_datatypes::Outcome;
use tombolo_protocol::ConflictCursor;
use tombolo_replication::{
    ConflictId, ConflictRecord, ItemKey, Key, RecordedWrite, TableDefinition, conflicts,
};
use tombolo_storage::{ContestedItem, StorageError, View};

/// How many items one page looks at, whether they still have conflicts or not.
const ITEMS_MAX: usize = 4_096;

/// How many bytes of values one page answers, one record of any size aside.
const BYTES_MAX: usize = 4 << 20;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) table: Option<Arc<TableDefinition>>,
    /// Only with a table.
    pub(super) key: Option<Key>,
    /// Only those of which this was decided.
    pub(super) outcome: Option<Outcome>,
    pub(super) start: Option<ConflictCursor>,
    pub(super) limit: usize,
}

/// A conflict, and whose it is.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) table: Arc<TableDefinition>,
    pub(super) key: Key,
    pub(super) record: ConflictRecord,
}

/// What is answered.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) found: Vec<Found>,
    /// Where to go on; nothing at the end.
    pub(super) next: Option<ConflictCursor>,
    bytes: usize,
}

/// The next page of what is asked for.
pub(super) fn page(view: &View, asked: &Asked) -> Result<Page, StorageError> {
    let mut page = Page::default();
    if let (Some(table), Some(key)) = (&asked.table, &asked.key) {
        let item = ItemKey { table: table.id, key: key.clone() };
        let state = view.get(&item)?;
        page.take(asked, &ContestedItem { table: Arc::clone(table), item, state });
        return Ok(page);
    }
    let from = asked.start.as_ref().map(|cursor| &cursor.item);
    for (at, item) in view.contested(asked.table.as_ref(), from)?.enumerate() {
        let item = item?;
        if at == ITEMS_MAX {
            page.next = Some(ConflictCursor { item: item.item, after: None });
        } else {
            page.take(asked, &item);
        }
        if page.next.is_some() {
            break;
        }
    }
    Ok(page)
}

/// The conflict of that name.
pub(super) fn find(view: &View, id: ConflictId) -> Result<Option<Found>, StorageError> {
    for item in view.contested(None, None)? {
        let item = item?;
        if let Some(record) = records(&item).into_iter().find(|record| record.id == id) {
            return Ok(Some(Found { table: item.table, key: item.item.key, record }));
        }
    }
    Ok(None)
}

impl Page {
    /// Takes in the records of an item, from where the cursor says, as far as there is room.
    fn take(&mut self, asked: &Asked, item: &ContestedItem) {
        let start = asked.start.as_ref().filter(|cursor| cursor.item == item.item);
        let mut after = start.and_then(|cursor| cursor.after);
        for record in records(item) {
            let place = record.place();
            let is_asked_for = asked.outcome.is_none_or(|outcome| record.outcome == outcome);
            if !is_asked_for || after.is_some_and(|after| place <= after) {
                continue;
            }
            self.bytes += bytes(&record.lost) + bytes(&record.kept);
            let has_room = self.bytes <= BYTES_MAX || self.found.is_empty();
            if self.found.len() == asked.limit || !has_room {
                self.next = Some(ConflictCursor { item: item.item.clone(), after });
                return;
            }
            after = Some(place);
            let (table, key) = (Arc::clone(&item.table), item.item.key.clone());
            self.found.push(Found { table, key, record });
        }
    }
}

fn records(item: &ContestedItem) -> Vec<ConflictRecord> {
    let ItemKey { table, key } = &item.item;
    let state = item.state.as_deref();
    state.map(|state| conflicts(table, key, state, item.table.shape.resolver)).unwrap_or_default()
}

fn bytes(write: &RecordedWrite) -> usize {
    write.value.as_ref().map_or(0, |value| value.as_str().len())
}
