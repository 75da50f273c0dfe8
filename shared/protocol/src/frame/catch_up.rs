//! What a region that catches up by state asks, and what it is answered.
//!
//! Positions, catalogs, rows and records travel as they are stored, and are checked as whatever a
//! peer sends.

use std::sync::Arc;

use tombolo_causality::HybridTimestamp;
use tombolo_replication::catch_up::{Content, Head, Pull, Pulled, RequestPlace, Wanted};
use tombolo_replication::idempotency::{KeptRecord, RequestName};

use super::reconcile::{check_keys, check_span, decode_key, decode_span, decode_table, span_wire};
use crate::envelope::{append, whole};
use crate::limits::LISTED_MAX;
use crate::row::decode_row_of_peer;
use crate::rules::{at_most, holds};
use crate::vector::{decode_vector, encode_vector};
use crate::wire::{ContentV1, PulledV1, WantedV1};
use crate::{
    DecodeError, EncodeError, RegionPosition, decode_catalog, decode_kept_record, decode_position,
    encode_catalog, encode_kept_record, encode_position, encode_row,
};

const PULL: &str = "pull";
const PULLED: &str = "answer to a pull";

pub(super) fn encode_pull(out: Vec<u8>, pull: &Pull) -> Result<Vec<u8>, EncodeError> {
    let what = match &pull.what {
        Wanted::Head => WantedV1::Head,
        Wanted::Items(span) => {
            check_span(span)?;
            WantedV1::Items(span_wire(span))
        }
        Wanted::Requests { after } => {
            WantedV1::Requests(after.map(|after| (after.stamp.to_bits(), after.name.0)))
        }
    };
    append(PULL, out, &(pull.request, what))
}

pub(super) fn decode_pull(body: &[u8]) -> Result<Pull, DecodeError> {
    let (request, what): (u64, WantedV1<'_>) = whole(PULL, body)?;
    let what = match what {
        WantedV1::Head => Wanted::Head,
        WantedV1::Items(span) => Wanted::Items(decode_span(&span)?),
        WantedV1::Requests(after) => {
            let place = |(stamp, name)| RequestPlace {
                stamp: HybridTimestamp::from_bits(stamp),
                name: RequestName(name),
            };
            Wanted::Requests { after: after.map(place) }
        }
    };
    Ok(Pull { request, what })
}

pub(super) fn encode_pulled(out: Vec<u8>, pulled: &Pulled) -> Result<Vec<u8>, EncodeError> {
    let wire = |content| -> Result<PulledV1<'_>, EncodeError> {
        let Pulled { request, until, is_last, .. } = pulled;
        Ok(PulledV1 { request: *request, until: encode_vector(until)?, is_last: *is_last, content })
    };
    match &pulled.content {
        Content::Head(head) => {
            let Head { streams, stamp_floor, catalog } = head;
            let (streams, stamp_floor) = (streams.clone(), *stamp_floor);
            let position = encode_position(&RegionPosition { streams, stamp_floor })?;
            let catalog = encode_catalog(catalog)?;
            append(PULLED, out, &wire(ContentV1::Head(&position, &catalog))?)
        }
        Content::Items { table, items } => {
            check_keys(PULLED, items.iter().map(|(key, _)| key))?;
            holds(PULLED, table.0.seq > 0)?;
            let rows = items.iter().map(|(_, state)| encode_row(state));
            let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
            let items = items.iter().zip(&rows).map(|((key, _), row)| (key.as_str(), &**row));
            append(PULLED, out, &wire(ContentV1::Items(table.0, items.collect()))?)
        }
        Content::NoSuchTable => append(PULLED, out, &wire(ContentV1::NoSuchTable)?),
        Content::Requests(records) => {
            at_most(PULLED, records.len(), LISTED_MAX)?;
            let records: Vec<_> =
                records.iter().map(encode_kept_record).collect::<Result<_, _>>()?;
            let records = records.iter().map(|record| &**record).collect();
            append(PULLED, out, &wire(ContentV1::Requests(records))?)
        }
    }
}

pub(super) fn decode_pulled(body: &[u8]) -> Result<Pulled, DecodeError> {
    let PulledV1 { request, until, is_last, content } = whole(PULLED, body)?;
    let content = match content {
        ContentV1::Head(position, catalog) => {
            let RegionPosition { streams, stamp_floor } = decode_position(position)?;
            let catalog = Arc::new(decode_catalog(catalog)?);
            Content::Head(Head { streams, stamp_floor, catalog })
        }
        ContentV1::Items(table, items) => {
            let item = |(key, row)| Ok((decode_key(key)?, Arc::new(decode_row_of_peer(row)?)));
            let items: Vec<_> = items.into_iter().map(item).collect::<Result<_, DecodeError>>()?;
            check_keys(PULLED, items.iter().map(|(key, _)| key))?;
            Content::Items { table: decode_table(table)?, items }
        }
        ContentV1::NoSuchTable => Content::NoSuchTable,
        ContentV1::Requests(records) => {
            at_most(PULLED, records.len(), LISTED_MAX)?;
            let records = records.into_iter().map(decode_kept_record);
            Content::Requests(records.collect::<Result<Vec<KeptRecord>, _>>()?)
        }
    };
    Ok(Pulled { request, until: decode_vector(until)?, content, is_last })
}
