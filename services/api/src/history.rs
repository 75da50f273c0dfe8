//! Why an item shows what it shows: the writes behind it, and its conflicts.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use serde::Serialize;
use serde_json::value::RawValue;
use tombolo_datatypes::{CounterState, ItemState, Tally, TypeState};
use tombolo_protocol::encode_version;
use tombolo_replication::{HistoryWrite, ItemKey, Wrote, conflicts, history};

use crate::api::Api;
use crate::caller::Caller;
use crate::conflicts::{Record, raw};
use crate::items::key_of;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::tagged;
use crate::rfc3339;
use crate::route::KeyPlace;
use crate::{freshness, guarantees, tables};

/// How many writes are told of, and how many conflicts.
const WRITES_MAX: usize = 1_000;

#[derive(Serialize)]
struct Body<'a> {
    key: &'a str,
    version: &'a str,
    writes: Vec<Write<'a>>,
    /// What each replica has added to a counter since a deletion saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<BTreeMap<String, String>>,
    conflicts: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Write<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    deleted: bool,
    change: String,
    region: &'a str,
    written_at: String,
    stands: bool,
}

/// Answers `GET /v1/tables/{table}/items/{key}/history`: also of a deleted item, as long as
/// anything is remembered of it.
pub(crate) async fn show(
    api: &Api,
    (table, place): (&str, KeyPlace<'_>),
    query: Query<'_>,
    headers: &HeaderMap,
    caller: &mut Caller<'_>,
) -> Result<HttpResponse, Problem> {
    let key = key_of(place, query)?;
    let asked = guarantees::check_read(query, api.promises())?;
    if let Some(answered) = freshness::reach(api, caller, headers, asked, &[]).await? {
        return Ok(answered);
    }
    let view = api.region().view();
    let table = tables::find(&view, table)?;
    let item = ItemKey { table: table.id, key };
    let state = view.get(&item)?.ok_or(Problem::NoSuchItem)?;
    caller.session.saw(state.context());
    let resolver = table.shape.resolver;
    let writes = history(&state, resolver, WRITES_MAX);
    let mut records = conflicts(&table.id, &item.key, &state, resolver);
    records.truncate(WRITES_MAX);
    let (name, key) = (table.name.as_str(), item.key.as_str());
    let version = encode_version(state.context())?;
    let body = Body {
        key,
        version: &version,
        writes: writes.iter().map(Write::of).collect(),
        totals: totals(&state),
        conflicts: records.iter().map(|record| Record::of(name, key, record)).collect(),
    };
    Ok(tagged(api.letterhead().show(StatusCode::OK, &body), &version))
}

impl<'a> Write<'a> {
    fn of(write: &'a HistoryWrite) -> Self {
        let (value, deleted) = match &write.wrote {
            Wrote::Value(value) => (raw(value), false),
            Wrote::Removal => (None, true),
            Wrote::Part => (None, false),
        };
        Self {
            path: &write.path,
            value,
            deleted,
            change: write.written.dot.to_string(),
            region: write.written.dot.replica.region.as_str(),
            written_at: rfc3339::text(write.written.stamp.millis()),
            stands: write.stands,
        }
    }
}

/// As texts: totals are wider than what every JSON client reads.
fn totals(state: &ItemState) -> Option<BTreeMap<String, String>> {
    let TypeState::Counter(CounterState { totals, bases, .. }) = state.value() else { return None };
    let since = |replica, total: &Tally| {
        let base: Tally = bases.get(replica).copied().unwrap_or_default();
        total.since(base).net().to_string()
    };
    Some(
        totals
            .iter()
            .map(|(replica, total)| (replica.to_string(), since(replica, total)))
            .collect(),
    )
}
