//! One page of a scan: `{"items":[…],"next":"…"|null}`.

use tombolo_protocol::{encode_cursor, encode_version};
use tombolo_replication::{Key, TableDefinition};
use tombolo_storage::{KeyRange, View};

use crate::item_json;
use crate::problem::Problem;

/// What a page may have and cost at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Items on it.
    pub(super) items: usize,
    /// Its length, unless its first item alone is longer.
    pub(super) bytes: usize,
    /// Rows looked at for it.
    pub(super) rows: usize,
}

/// The items of `table` in `range`, as `view` shows them, and where to go on.
///
/// Where the rows ran out there is nowhere to go on. Where it is not known yet, because the next rows
/// are all of deleted items, there is, and the page that follows may be empty.
pub(super) fn page(
    view: &View,
    table: &TableDefinition,
    range: &KeyRange,
    bounds: Bounds,
) -> Result<Vec<u8>, Problem> {
    let resolver = table.shape.resolver.resolver();
    let mut out = b"{\"items\":[".to_vec();
    let mut items = 0;
    let mut last: Option<Key> = None;
    let mut next = None;
    for (nth, row) in view.scan(&table.id, range)?.enumerate() {
        if nth == bounds.rows {
            next = last;
            break;
        }
        let (key, state) = row?;
        let shown = resolver.shown(&state);
        let version = encode_version(state.context())?;
        if let Some(item) = item_json::read(&key, shown, &version) {
            if items == bounds.items {
                next = last;
                break;
            }
            if items > 0 {
                if out.len() + item.len() > bounds.bytes {
                    next = last;
                    break;
                }
                out.push(b',');
            }
            out.extend_from_slice(&item);
            items += 1;
        }
        last = Some(key);
    }
    out.extend_from_slice(b"],\"next\":");
    match next {
        Some(key) => out.extend([b"\"", encode_cursor(&key).as_bytes(), b"\"}"].concat()),
        None => out.extend_from_slice(b"null}"),
    }
    Ok(out)
}
