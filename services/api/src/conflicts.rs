//! Conflicts: listed page by page, and settled.
//!
//! A page looks at a bounded number of items and answers a bounded number of bytes, from one view;
//! where a bound ends it, it says where to go on. That is done away from the threads that answer
//! requests.

mod page;
mod record;
mod settling;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::sync::Semaphore;
use tombolo_datatypes::Outcome;
use tombolo_protocol::{decode_conflict_cursor, encode_conflict_cursor};
use tombolo_replication::Key;
use tombolo_storage::View;

use self::page::{Asked, Found};
pub(crate) use self::record::{Record, raw};
use crate::api::Api;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::query::Query;
use crate::{freshness, guarantees, tables};

const LIMIT: &str = "limit";
const LIMIT_DEFAULT: u64 = 100;
const LIMIT_MAX: u64 = 1_000;

/// The states of a record.
pub(crate) const STATES: [Outcome; 3] = [Outcome::Open, Outcome::Restored, Outcome::Dismissed];

/// See the module.
#[derive(Debug)]
pub(crate) struct Conflicts {
    turn: Arc<Semaphore>,
}

#[derive(Serialize)]
struct List<'a> {
    conflicts: Vec<Record<'a>>,
    next: Option<String>,
}

impl Conflicts {
    pub(crate) fn new() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }

    /// Answers `GET /v1/conflicts?table=&key=&state=&cursor=&limit=`.
    pub(crate) async fn list(
        &self,
        api: &Api,
        query: Query<'_>,
        headers: &HeaderMap,
        caller: &mut Caller<'_>,
    ) -> Result<HttpResponse, Problem> {
        let fresh = guarantees::check_read(query, api.promises())?;
        if let Some(answered) = freshness::reach(api, caller, headers, fresh, &[]).await? {
            return Ok(answered);
        }
        let view = api.region().view();
        caller.session.saw(view.vector());
        let asked = asked(&view, query)?;
        let page = web::block(move || page::page(&view, &asked));
        let page = page.await.map_err(|_| Problem::Stopping)??;
        let next = page.next.as_ref().map(encode_conflict_cursor).transpose()?;
        let conflicts = page.found.iter().map(Found::record).collect();
        Ok(api.letterhead().show(StatusCode::OK, &List { conflicts, next }))
    }
}

fn asked(view: &View, query: Query<'_>) -> Result<Asked, Problem> {
    let limit = query.number(LIMIT)?.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("it is 1 to {LIMIT_MAX}");
        return Err(Problem::BadParameter { name: LIMIT, detail });
    }
    let table = match query.get("table")? {
        Some(name) => Some(tables::named(view, name)?.clone()),
        None => None,
    };
    let key = query.key()?.map(|key| Key::new(&key)).transpose()?;
    if key.is_some() && table.is_none() {
        let detail = "a key is looked for in a `table`".to_owned();
        return Err(Problem::BadParameter { name: "key", detail });
    }
    let outcome = query.get("state")?.map(|name| outcome_named(&name)).transpose()?;
    let start = query.get("cursor")?.map(|text| decode_conflict_cursor(&text)).transpose();
    let start = start.map_err(Problem::BadCursor)?;
    let is_of_this_listing = start.as_ref().is_none_or(|cursor| {
        table.as_ref().is_none_or(|table| table.id == cursor.item.table)
            && key.as_ref().is_none_or(|key| *key == cursor.item.key)
    });
    if !is_of_this_listing {
        return Err(Problem::ForeignCursor);
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    Ok(Asked { table, key, outcome, start, limit })
}

fn outcome_named(name: &str) -> Result<Outcome, Problem> {
    let mut states = STATES.into_iter();
    states.find(|state| state.name() == name).ok_or_else(|| {
        let detail = format!("it is one of {}", STATES.map(Outcome::name).join(", "));
        Problem::BadParameter { name: "state", detail }
    })
}
