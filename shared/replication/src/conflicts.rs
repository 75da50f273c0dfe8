//! The conflict log of an item: one record for each live write that does not stand, or did not when
//! it was settled.
//!
//! A pure function of the item's state and its table's resolver, so that equal vectors have equal
//! logs: nothing is kept beside the state that could differ. A record goes with a write that names
//! what has lost.

use core::fmt;
use core::str::FromStr;

use tombolo_datatypes::{Element, ItemState, JsonText, Outcome, Settlement, Verdict, Written};
use tombolo_resolvers::{Reason, ResolverKind, Shown, ShownValue, Told};

use crate::{ItemKey, Key, TableId};

/// A conflict by its name, the same in every region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConflictId(pub [u8; 16]);

/// A write as a record tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedWrite {
    /// What it wrote; nothing where it removed.
    pub value: Option<JsonText>,
    /// The change, and when.
    pub written: Written,
}

/// A write that has lost, and what stands in its place now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRecord {
    /// Its name: a hash of table, key, path and the change that lost.
    pub id: ConflictId,
    /// Where in the item it was written: empty for the item itself, or a slash and the element of
    /// a set, escaped as in a JSON pointer (RFC 6901).
    pub path: String,
    /// The element of a set that the path names.
    pub element: Option<Element>,
    /// What has lost.
    pub lost: RecordedWrite,
    /// What stands.
    pub kept: RecordedWrite,
    /// What decided.
    pub resolver: ResolverKind,
    /// Why.
    pub reason: Reason,
    /// What was decided about it: open, restored or dismissed.
    pub outcome: Outcome,
}

/// Why a text does not name a conflict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a conflict is named by 32 hexadecimal digits")]
pub struct ConflictIdError;

/// The conflicts of an item, open and settled, by (stamp, dot) of what has lost, then by id.
pub fn conflicts(
    table: &TableId,
    key: &Key,
    state: &ItemState,
    resolver: ResolverKind,
) -> Vec<ConflictRecord> {
    if !state.is_contested() {
        return Vec::new();
    }
    let lost = resolver.resolver().records(state);
    let records = lost.into_iter().map(|lost| {
        let writes = (lost.lost.into(), lost.kept.into());
        let why = (lost.reason, lost.outcome);
        ConflictRecord::new((table, key), lost.element.cloned(), writes, resolver, why)
    });
    let mut records: Vec<_> = records.collect();
    records.sort_by_key(ConflictRecord::place);
    records
}

/// The record of the conflict that `settlement` has settled: as it is `after`, or, where it is then
/// a conflict no more, as it was `before`, with what came of it.
pub(crate) fn settled(
    item: &ItemKey,
    (before, after): (&ItemState, &ItemState),
    resolver: ResolverKind,
    settlement: &Settlement,
) -> Option<Box<ConflictRecord>> {
    let find = |state| {
        let mut records = conflicts(&item.table, &item.key, state, resolver).into_iter();
        records.find(|record| {
            record.lost.written.dot == settlement.dot && record.element == settlement.element
        })
    };
    let record = find(after).or_else(|| {
        let mut record = find(before)?;
        record.outcome = match settlement.verdict {
            Verdict::Restore => Outcome::Restored,
            Verdict::Dismiss => Outcome::Dismissed,
            Verdict::Undo => Outcome::Open,
        };
        if let (None, Shown::Value(value, written)) =
            (&record.element, resolver.resolver().shown(after))
        {
            record.kept = RecordedWrite::new(written, value);
        }
        Some(record)
    });
    record.map(Box::new)
}

/// The path to an element of a set, or to the item itself.
pub(crate) fn path(element: Option<&Element>) -> String {
    let escaped = |element: &Element| element.text().as_str().replace('~', "~0").replace('/', "~1");
    element.map_or_else(String::new, |element| format!("/{}", escaped(element)))
}

impl ConflictRecord {
    /// The record of the `lost` write of an item, or of an element, beside the one that is `kept`.
    pub fn new(
        (table, key): (&TableId, &Key),
        element: Option<Element>,
        (lost, kept): (RecordedWrite, RecordedWrite),
        resolver: ResolverKind,
        (reason, outcome): (Reason, Outcome),
    ) -> Self {
        let path = path(element.as_ref());
        let id = ConflictId::of(table, key, &path, lost.written);
        Self { id, path, element, lost, kept, resolver, reason, outcome }
    }

    /// Where it stands among the records of its item.
    pub fn place(&self) -> (Written, ConflictId) {
        (self.lost.written, self.id)
    }
}

impl ConflictId {
    fn of(table: &TableId, key: &Key, path: &str, lost: Written) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [&*table.to_string(), key.as_str(), path, &*lost.dot.to_string()] {
            // Length first, so that no two sequences of parts have the same bytes.
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }
}

impl fmt::Display for ConflictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ConflictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ConflictId {
    type Err = ConflictIdError;

    fn from_str(text: &str) -> Result<Self, ConflictIdError> {
        let are_digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 32 || !are_digits {
            return Err(ConflictIdError);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| ConflictIdError)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl RecordedWrite {
    /// A write of `value`.
    pub fn new(written: Written, value: ShownValue<'_>) -> Self {
        Self { value: Some(value.to_json()), written }
    }
}

impl From<Told<'_>> for RecordedWrite {
    fn from(Told { written, value }: Told<'_>) -> Self {
        value.map_or(Self { value: None, written }, |value| Self::new(written, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_escaped_as_in_a_json_pointer() {
        let element = |text: &str| Element::new(&JsonText::parse(text.as_bytes()).unwrap());
        assert_eq!(path(None), "");
        assert_eq!(path(element("1.0").as_ref()), "/1.0");
        assert_eq!(path(element(r#""a/b~c""#).as_ref()), r#"/"a~1b~0c""#);
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_in_no_other_way() {
        let id = ConflictId(*b"0123456789\xff\0\x01\xabzz");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "0", &"0".repeat(31), &"0".repeat(33), &"G".repeat(32), &"A".repeat(32)] {
            assert_eq!(text.parse::<ConflictId>(), Err(ConflictIdError), "{text}");
        }
    }
}
