//! Where a listing of conflicts goes on: opaque to clients, checked when it comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tombolo_causality::{Dot, HybridTimestamp};
use tombolo_datatypes::Written;
use tombolo_replication::{ConflictId, ItemKey, Key, TableId};

use crate::envelope::{append, versioned, whole};
use crate::rules::holds;
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "conflict cursor";
const CHECKSUM_BYTES: usize = 4;
/// A key, two dots and what is around them.
const TEXT_BYTES_MAX: usize = 2_048;

/// A place in the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictCursor {
    /// The item.
    pub item: ItemKey,
    /// The last record told of it; nothing where none was.
    pub after: Option<(Written, ConflictId)>,
}

#[derive(Serialize, Deserialize)]
struct CursorV1<'a> {
    table: Dot,
    key: &'a str,
    after: Option<(u64, Dot, [u8; 16])>,
}

/// URL-safe text.
pub fn encode_conflict_cursor(cursor: &ConflictCursor) -> Result<String, EncodeError> {
    let ConflictCursor { item: ItemKey { table, key }, after } = cursor;
    let after = after.map(|(Written { stamp, dot }, id)| (stamp.to_bits(), dot, id.0));
    let wire = CursorV1 { table: table.0, key: key.as_str(), after };
    let mut bytes = append(WHAT, vec![VERSION], &wire)?;
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The inverse of [`encode_conflict_cursor`], of any text.
pub fn decode_conflict_cursor(text: &str) -> Result<ConflictCursor, DecodeError> {
    let malformed = DecodeError::Malformed { what: WHAT };
    if text.len() > TEXT_BYTES_MAX {
        return Err(malformed);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed.clone())?;
    let (bytes, checksum) =
        bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(DecodeError::EndsEarly)?;
    holds(WHAT, crc32c::crc32c(bytes).to_le_bytes() == *checksum)?;
    let CursorV1 { table, key, after } = whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    let after = after.map(|(stamp, dot, id)| {
        (Written { stamp: HybridTimestamp::from_bits(stamp), dot }, ConflictId(id))
    });
    let key = Key::new(key).map_err(|_| malformed)?;
    Ok(ConflictCursor { item: ItemKey { table: TableId(table), key }, after })
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    use super::*;

    fn cursor(key: &str) -> ConflictCursor {
        let replica = ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(u64::MAX));
        let dot = Dot::new(replica, u64::MAX);
        let written = Written { stamp: HybridTimestamp::from_bits(u64::MAX), dot };
        let item = ItemKey { table: TableId(dot), key: Key::new(key).unwrap() };
        ConflictCursor { item, after: Some((written, ConflictId([255; 16]))) }
    }

    #[test]
    fn a_cursor_comes_back_and_fits_in_an_address() {
        for cursor in
            [cursor("k"), cursor(&"é".repeat(256)), ConflictCursor { after: None, ..cursor("k") }]
        {
            let text = encode_conflict_cursor(&cursor).unwrap();
            assert!(text.len() <= 1_024);
            assert_eq!(decode_conflict_cursor(&text), Ok(cursor));
        }
    }

    #[test]
    fn any_other_text_is_refused() {
        let text = encode_conflict_cursor(&cursor("k")).unwrap();
        for at in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).unwrap();
            assert!(decode_conflict_cursor(&damaged).is_err(), "{at}");
            assert!(decode_conflict_cursor(&text[..at]).is_err(), "{at}");
        }
        for text in ["", "é", "AAAA", &"A".repeat(3_000)] {
            assert!(decode_conflict_cursor(text).is_err(), "{text}");
        }
    }
}
