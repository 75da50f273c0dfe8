//! What two regions say to each other when they compare what they hold.
//!
//! Rows travel as they are stored; whatever a peer sends of them is decoded, checked as a client's
//! JSON is, before anyone else sees it.

use std::sync::Arc;

use tombolo_causality::Dot;
use tombolo_replication::reconciler::{
    Compare, Compared, Comparison, Held, Listed, Offer, Offered, Span,
};
use tombolo_replication::{Digest, Key, TableId};

use crate::envelope::{append, whole};
use crate::limits::{HOLDERS_MAX, LISTED_MAX};
use crate::row::decode_row_of_peer;
use crate::rules::{Flaw, ascending, at_most, holds};
use crate::vector::{decode_vector, encode_vector};
use crate::wire::{CompareV1, ComparedV1, ComparisonV1, HeldV1, OfferV1, OfferedV1, SpanV1};
use crate::{DecodeError, EncodeError, encode_row};

const COMPARE: &str = "comparison";
const COMPARED: &str = "answer to a comparison";
const OFFER: &str = "offer";
const OFFERED: &str = "answer to an offer";

pub(super) fn encode_compare(out: Vec<u8>, compare: &Compare) -> Result<Vec<u8>, EncodeError> {
    check_span(&compare.span)?;
    let wire = CompareV1 {
        request: compare.request,
        vector: encode_vector(&compare.vector)?,
        span: span_wire(&compare.span),
        digest: compare.digest.0,
    };
    append(COMPARE, out, &wire)
}

pub(super) fn decode_compare(body: &[u8]) -> Result<Compare, DecodeError> {
    let wire: CompareV1<'_> = whole(COMPARE, body)?;
    let span = decode_span(&wire.span)?;
    let vector = decode_vector(wire.vector)?;
    Ok(Compare { request: wire.request, vector, span, digest: Digest(wire.digest) })
}

pub(super) fn encode_compared(out: Vec<u8>, compared: &Compared) -> Result<Vec<u8>, EncodeError> {
    let answer = match &compared.answer {
        Comparison::Same => ComparisonV1::Same,
        Comparison::NoSuchTable => ComparisonV1::NoSuchTable,
        Comparison::Differs { items, up_to } => {
            check_keys(COMPARED, items.iter().map(|(key, _)| key))?;
            let items = items.iter().map(|(key, digest)| (key.as_str(), digest.0));
            ComparisonV1::Differs(items.collect(), up_to.as_ref().map(Key::as_str))
        }
    };
    let vector = encode_vector(&compared.vector)?;
    append(COMPARED, out, &ComparedV1 { request: compared.request, vector, answer })
}

pub(super) fn decode_compared(body: &[u8]) -> Result<Compared, DecodeError> {
    let wire: ComparedV1<'_> = whole(COMPARED, body)?;
    let answer = match wire.answer {
        ComparisonV1::Same => Comparison::Same,
        ComparisonV1::NoSuchTable => Comparison::NoSuchTable,
        ComparisonV1::Differs(items, up_to) => {
            let listed = |(key, digest)| Ok((decode_key(key)?, Digest(digest)));
            let items: Vec<Listed> =
                items.into_iter().map(listed).collect::<Result<_, DecodeError>>()?;
            check_keys(COMPARED, items.iter().map(|(key, _)| key))?;
            Comparison::Differs { items, up_to: up_to.map(decode_key).transpose()? }
        }
    };
    Ok(Compared { request: wire.request, vector: decode_vector(wire.vector)?, answer })
}

pub(super) fn encode_offer(out: Vec<u8>, offer: &Offer) -> Result<Vec<u8>, EncodeError> {
    at_most("regions that are spoken for", offer.speaks_for.len(), HOLDERS_MAX)?;
    check_keys(OFFER, offer.items.iter().map(|(key, _)| key))?;
    holds(OFFER, offer.table.0.seq > 0)?;
    let rows = encode_rows(offer.items.iter().map(|(_, held)| held))?;
    let items = offer.items.iter().zip(&rows);
    let wire = OfferV1 {
        request: offer.request,
        vector: encode_vector(&offer.vector)?,
        table: offer.table.0,
        speaks_for: offer.speaks_for.clone(),
        items: items.map(|((key, held), row)| (key.as_str(), held_wire(held, row))).collect(),
    };
    append(OFFER, out, &wire)
}

pub(super) fn decode_offer(body: &[u8]) -> Result<Offer, DecodeError> {
    let wire: OfferV1<'_> = whole(OFFER, body)?;
    at_most("regions that are spoken for", wire.speaks_for.len(), HOLDERS_MAX)?;
    let items =
        wire.items.into_iter().map(|(key, held)| Ok((decode_key(key)?, decode_held(&held)?)));
    let items: Vec<_> = items.collect::<Result<_, DecodeError>>()?;
    check_keys(OFFER, items.iter().map(|(key, _)| key))?;
    Ok(Offer {
        request: wire.request,
        vector: decode_vector(wire.vector)?,
        table: decode_table(wire.table)?,
        speaks_for: wire.speaks_for,
        items,
    })
}

pub(super) fn encode_offered(out: Vec<u8>, offered: &Offered) -> Result<Vec<u8>, EncodeError> {
    at_most(OFFERED, offered.items.len(), LISTED_MAX)?;
    let rows = encode_rows(offered.items.iter())?;
    let items = offered.items.iter().zip(&rows).map(|(held, row)| held_wire(held, row)).collect();
    let vector = encode_vector(&offered.vector)?;
    append(OFFERED, out, &OfferedV1 { request: offered.request, vector, items })
}

pub(super) fn decode_offered(body: &[u8]) -> Result<Offered, DecodeError> {
    let wire: OfferedV1<'_> = whole(OFFERED, body)?;
    at_most(OFFERED, wire.items.len(), LISTED_MAX)?;
    let items = wire.items.iter().map(decode_held).collect::<Result<_, _>>()?;
    Ok(Offered { request: wire.request, vector: decode_vector(wire.vector)?, items })
}

pub(super) fn span_wire(span: &Span) -> SpanV1<'_> {
    SpanV1 {
        table: span.table.0,
        after: span.after.as_ref().map(Key::as_str),
        to: span.to.as_ref().map(Key::as_str),
    }
}

pub(super) fn decode_span(wire: &SpanV1<'_>) -> Result<Span, DecodeError> {
    let span = Span {
        table: decode_table(wire.table)?,
        after: wire.after.map(decode_key).transpose()?,
        to: wire.to.map(decode_key).transpose()?,
    };
    check_span(&span)?;
    Ok(span)
}

/// The rows of what is told, in their order.
fn encode_rows<'a>(held: impl Iterator<Item = &'a Held>) -> Result<Vec<Vec<u8>>, EncodeError> {
    held.map(|held| held.state().map_or(Ok(Vec::new()), |state| encode_row(state))).collect()
}

fn held_wire<'a>(held: &Held, row: &'a [u8]) -> HeldV1<'a> {
    match held {
        Held::Nothing => HeldV1::Nothing,
        Held::State(_) => HeldV1::State(row),
        Held::TooLarge => HeldV1::TooLarge,
    }
}

fn decode_held(wire: &HeldV1<'_>) -> Result<Held, DecodeError> {
    Ok(match *wire {
        HeldV1::Nothing => Held::Nothing,
        HeldV1::State(row) => Held::State(Arc::new(decode_row_of_peer(row)?)),
        HeldV1::TooLarge => Held::TooLarge,
    })
}

pub(super) fn decode_key(text: &str) -> Result<Key, DecodeError> {
    Key::new(text).map_err(|_| DecodeError::Malformed { what: "key" })
}

pub(super) fn decode_table(dot: Dot) -> Result<TableId, DecodeError> {
    holds("table", dot.seq > 0)?;
    Ok(TableId(dot))
}

pub(super) fn check_span(span: &Span) -> Result<(), Flaw> {
    holds(COMPARE, span.table.0.seq > 0)?;
    let (after, to) = (span.after.as_ref(), span.to.as_ref());
    holds(COMPARE, after.zip(to).is_none_or(|(after, to)| after < to))
}

pub(super) fn check_keys<'a>(
    what: &'static str,
    keys: impl ExactSizeIterator<Item = &'a Key>,
) -> Result<(), Flaw> {
    at_most(what, keys.len(), LISTED_MAX)?;
    ascending(what, keys)
}
