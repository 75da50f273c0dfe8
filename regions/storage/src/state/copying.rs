//! Writing a state file from the beginning, in the order of its keys: for copies of a region.
//!
//! What is written piece by piece is no state before [`State::conclude`] has said of when it is.

use tombolo_protocol::row_is_contested;
use tombolo_replication::Catalog;
use tombolo_replication::idempotency::KeptRecord;

use super::{CONTESTED, ITEMS, Materialized, State, requests, write_meta};
use crate::StorageError;
use crate::item_bytes::ItemBytes;

/// An item's key and its encoded state.
pub(crate) type Row = (ItemBytes, Vec<u8>);

impl State {
    /// Adds items, durably.
    pub(crate) fn add_rows(&self, rows: &[Row]) -> Result<(), StorageError> {
        let transaction = self.database.begin_write()?;
        {
            let mut items = transaction.open_table(ITEMS)?;
            let mut contested = transaction.open_table(CONTESTED)?;
            for (key, row) in rows {
                items.insert(&**key, &**row)?;
                if row_is_contested(row) {
                    contested.insert(&**key, ())?;
                }
            }
        }
        Ok(transaction.commit()?)
    }

    /// Adds answers to named requests, durably.
    pub(crate) fn add_requests(&self, records: &[KeptRecord]) -> Result<(), StorageError> {
        let transaction = self.database.begin_write()?;
        requests::write(&transaction, records, 0)?;
        Ok(transaction.commit()?)
    }

    /// Says what all that was added is the state of, in one durable two-phase commit.
    pub(crate) fn conclude(&self, of: &Materialized) -> Result<(), StorageError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_two_phase_commit(true);
        // Without an item, too, whoever reads finds its tables.
        transaction.open_table(ITEMS)?;
        transaction.open_table(CONTESTED)?;
        write_meta(&transaction, &Catalog::default(), of)?;
        Ok(transaction.commit()?)
    }
}
