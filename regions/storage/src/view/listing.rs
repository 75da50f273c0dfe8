//! What a view shows of a span of keys: whole states, or what stands for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tombolo_causality::VersionVector;
use tombolo_datatypes::ItemState;
use tombolo_protocol::{encode_kept_record, encode_row};
use tombolo_replication::catch_up::RequestPlace;
use tombolo_replication::idempotency::KeptRecord;
use tombolo_replication::reconciler::{Held, Listing, Span};
use tombolo_replication::{Digest, ItemKey, Key, TableId};

use super::View;
use crate::{KeyRange, StorageError};

/// How much is listed or held at once.
#[derive(Clone, Copy, Debug)]
pub struct ListingLimits {
    /// Items, at most.
    pub items_max: usize,
    /// Encoded states that are gone through, in bytes; the one that goes past it is the last.
    pub bytes_max: usize,
    /// The longest encoded state that is told.
    pub row_bytes_max: usize,
}

impl View {
    /// Lists the beginning of `span`, and answers what is left of it; nothing where the table does
    /// not exist.
    pub fn list(
        &self,
        mut span: Span,
        limits: ListingLimits,
    ) -> Result<Option<(Listing, Option<Span>)>, StorageError> {
        if self.catalog.by_id(&span.table).is_none() {
            return Ok(None);
        }
        let mut items: Vec<(Key, Digest)> = Vec::new();
        let (mut bytes, mut rest) = (0, None);
        for entry in self.scan(&span.table, &range(&span))? {
            let (key, state) = entry?;
            if items.len() >= limits.items_max || bytes >= limits.bytes_max {
                let last = items.last().map(|(key, _)| key.clone());
                rest = last.and_then(|last| span.cut(&last));
                break;
            }
            let row = encode_row(&state)?;
            bytes += row.len();
            items.push((key, Digest::of_row(&row)));
        }
        let vector = VersionVector::clone(self.vector());
        Ok(Some((Listing { span, items, vector }, rest)))
    }

    /// What is there of the first items of these, as many as fit: at least one.
    pub fn held(
        &self,
        table: TableId,
        keys: impl IntoIterator<Item = Key>,
        limits: ListingLimits,
    ) -> Result<Vec<Held>, StorageError> {
        let (mut held, mut bytes) = (Vec::new(), 0);
        for key in keys {
            let state = self.get(&ItemKey { table, key })?;
            let row_bytes = state.as_deref().map_or(Ok(0), row_bytes)?;
            let fits = row_bytes <= limits.row_bytes_max;
            bytes += if fits { row_bytes } else { 0 };
            let is_full = held.len() >= limits.items_max || bytes > limits.bytes_max;
            if is_full && !held.is_empty() {
                break;
            }
            held.push(match state {
                None => Held::Nothing,
                Some(state) if fits => Held::State(state),
                Some(_) => Held::TooLarge,
            });
        }
        Ok(held)
    }
}

/// The states at the beginning of a span, and whether that is all of it.
pub type StatesOfSpan = (Vec<(Key, Arc<ItemState>)>, bool);

/// Answers to named requests, and whether that is all of them.
pub type RequestsBehind = (Vec<KeptRecord>, bool);

impl View {
    /// The states at the beginning of `span`, as many as fit, one in any case; nothing where the
    /// table does not exist.
    pub fn states(
        &self,
        span: &Span,
        limits: ListingLimits,
    ) -> Result<Option<StatesOfSpan>, StorageError> {
        if self.catalog.by_id(&span.table).is_none() {
            return Ok(None);
        }
        let (mut items, mut bytes) = (Vec::new(), 0);
        for entry in self.scan(&span.table, &range(span))? {
            let (key, state) = entry?;
            bytes += row_bytes(&state)?;
            let is_full = items.len() >= limits.items_max || bytes > limits.bytes_max;
            if is_full && !items.is_empty() {
                return Ok(Some((items, false)));
            }
            items.push((key, state));
        }
        Ok(Some((items, true)))
    }

    /// The answers to named requests behind `after`, the earliest first, as many as fit, one in any
    /// case.
    pub fn requests(
        &self,
        after: Option<RequestPlace>,
        limits: ListingLimits,
    ) -> Result<RequestsBehind, StorageError> {
        let behind = self.layers.iter().flat_map(|layer| layer.requests_behind(after));
        let mut all: BTreeMap<_, _> = behind.map(|kept| (RequestPlace::of(&kept), kept)).collect();
        for kept in self.snapshot.requests(after)?.take(limits.items_max + 1) {
            let kept = kept?;
            all.insert(RequestPlace::of(&kept), kept);
        }
        let (mut records, mut bytes) = (Vec::new(), 0);
        for kept in all.into_values() {
            bytes += encode_kept_record(&kept)?.len();
            let is_full = records.len() >= limits.items_max || bytes > limits.bytes_max;
            if is_full && !records.is_empty() {
                return Ok((records, false));
            }
            records.push(kept);
        }
        Ok((records, true))
    }
}

fn row_bytes(state: &ItemState) -> Result<usize, StorageError> {
    Ok(encode_row(state)?.len())
}

fn range(span: &Span) -> KeyRange {
    let range = span.after.clone().map_or_else(KeyRange::all, |key| KeyRange::all().after(key));
    match &span.to {
        // No key comes between this one and the one with a zero behind it.
        Some(to) => range.before(format!("{}\0", to.as_str())),
        None => range,
    }
}

#[cfg(test)]
mod tests;
