//! The state of an item that a region joined from another's, as its journal keeps it.

use tombolo_datatypes::ItemState;
use tombolo_replication::{ItemKey, Key, TableId};

use crate::envelope::{append, versioned, whole};
use crate::rules::holds;
use crate::wire::JoinedV1;
use crate::{DecodeError, EncodeError, decode_row, encode_row};

const VERSION: u8 = 1;
const WHAT: &str = "joined item";

/// An item with the state that came of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedItem {
    /// Which item.
    pub item: ItemKey,
    /// Its state from then on, until the next record that concerns it.
    pub state: ItemState,
}

/// Encodes the state that came of joining.
pub fn encode_joined_item(item: &ItemKey, state: &ItemState) -> Result<Vec<u8>, EncodeError> {
    let row = encode_row(state)?;
    let (table, key) = (item.table.0, item.key.as_str());
    holds(WHAT, table.seq > 0)?;
    append(WHAT, vec![VERSION], &JoinedV1 { table, key, row: &row })
}

/// The inverse of [`encode_joined_item`].
pub fn decode_joined_item(bytes: &[u8]) -> Result<JoinedItem, DecodeError> {
    let wire: JoinedV1<'_> = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    holds(WHAT, wire.table.seq > 0)?;
    let key = Key::new(wire.key).map_err(|_| DecodeError::Malformed { what: "key" })?;
    let item = ItemKey { table: TableId(wire.table), key };
    Ok(JoinedItem { item, state: decode_row(wire.row)? })
}
