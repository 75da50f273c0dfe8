//! A span of a table's keys, and what two regions have in it, by digest.

use core::cmp::Ordering;

use crate::{Digest, Key, TableId};

/// Consecutive keys of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The table.
    pub table: TableId,
    /// Those behind this one; all from the first where there is none.
    pub after: Option<Key>,
    /// Up to this one, itself included; all to the last where there is none.
    pub to: Option<Key>,
}

/// An item by its key, and what stands for its whole state.
pub type Listed = (Key, Digest);

impl Span {
    /// All of a table.
    pub fn of(table: TableId) -> Self {
        Self { table, after: None, to: None }
    }

    /// Whether `key` is in it.
    pub fn contains(&self, key: &Key) -> bool {
        self.after.as_ref().is_none_or(|after| after < key)
            && self.to.as_ref().is_none_or(|to| key <= to)
    }

    /// Cuts it after `key`, which is in it, and answers what comes behind; nothing where it ends
    /// there.
    pub fn cut(&mut self, key: &Key) -> Option<Self> {
        if self.to.as_ref() == Some(key) {
            return None;
        }
        let to = self.to.replace(key.clone());
        Some(Self { table: self.table, after: Some(key.clone()), to })
    }
}

impl Digest {
    /// What stands for an item's whole state, encoded as `row`: also for what is only remembered of
    /// it.
    pub fn of_row(row: &[u8]) -> Self {
        Self::of(&blake3::hash(row))
    }

    /// What stands for all these items.
    pub fn of_items(items: &[Listed]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (key, digest) in items {
            // Length first, so that no two lists have the same bytes.
            hasher.update(&(key.as_str().len() as u64).to_be_bytes());
            hasher.update(key.as_str().as_bytes());
            hasher.update(&digest.0);
        }
        Self::of(&hasher.finalize())
    }

    fn of(hash: &blake3::Hash) -> Self {
        let mut out = [0; 16];
        out.copy_from_slice(&hash.as_bytes()[..16]);
        Self(out)
    }
}

/// The keys of which only one list knows, or both otherwise; and how many keys there are in all.
/// Both are in the order of their keys.
pub(super) fn differing(ours: &[Listed], theirs: &[Listed]) -> (Vec<Key>, u64) {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let (mut keys, mut all) = (Vec::new(), 0);
    loop {
        let order = match (ours.peek(), theirs.peek()) {
            (None, None) => return (keys, all),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((key, _)), Some((other, _))) => key.cmp(other),
        };
        let one = if order == Ordering::Greater { None } else { ours.next() };
        let other = if order == Ordering::Less { None } else { theirs.next() };
        if one != other {
            keys.extend(one.or(other).map(|(key, _)| key.clone()));
        }
        all += 1;
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Dot, Incarnation, RegionId, ReplicaId};

    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn span(after: Option<&str>, to: Option<&str>) -> Span {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        let table = TableId(Dot::new(replica, 1));
        Span { table, after: after.map(key), to: to.map(key) }
    }

    fn listed(items: &[(&str, u8)]) -> Vec<Listed> {
        items.iter().map(|(text, digest)| (key(text), Digest([*digest; 16]))).collect()
    }

    #[test]
    fn it_lies_behind_its_beginning_and_reaches_its_end() {
        let within = |span: &Span| ["a", "b", "c", "d"].map(|text| span.contains(&key(text)));
        assert_eq!(within(&span(None, None)), [true; 4]);
        assert_eq!(within(&span(Some("a"), Some("c"))), [false, true, true, false]);
    }

    #[test]
    fn two_halves_are_the_whole() {
        let mut whole = span(Some("a"), None);
        assert_eq!(whole.cut(&key("c")), Some(span(Some("c"), None)));
        assert_eq!(whole, span(Some("a"), Some("c")));
        assert_eq!(whole.cut(&key("c")), None);
    }

    /// Bug of others: an XOR of leaves hides missing rows, a hash of the keys other values.
    #[test]
    fn a_digest_tells_apart_a_missing_row_and_another_value() {
        let all = [("a", 1), ("b", 2), ("c", 1)];
        let digest = Digest::of_items(&listed(&all));
        for other in [&all[..2], &[], &[("a", 1), ("b", 3), ("c", 1)], &[("b", 2)]] {
            assert_ne!(Digest::of_items(&listed(other)), digest, "{other:?}");
        }
    }

    #[test]
    fn what_one_lacks_or_has_otherwise_is_found() {
        let ours = listed(&[("a", 1), ("b", 2), ("c", 3), ("e", 5)]);
        let theirs = listed(&[("b", 2), ("c", 9), ("d", 4), ("f", 6)]);
        let keys = ["a", "c", "d", "e", "f"].map(key).to_vec();
        assert_eq!(differing(&ours, &theirs), (keys, 6));
        assert_eq!(differing(&ours, &ours), (vec![], 4));
        assert_eq!(differing(&[], &[]), (vec![], 0));
    }
}
