//! Conflicts: listed page by page, and settled.
//!
//! A page looks at a bounded number of items and answers a bounded number of bytes, from one view;
//! where a bound ends it, it says where to go on. The conflict that is to be settled is looked for
//! among all that there are, one search at a time. Either is done away from the threads that answer
//! requests.

mod page;
mod record;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::sync::Semaphore;
use tombolo_datatypes::{Operation, Outcome, Settlement, Verdict};
use tombolo_protocol::{decode_conflict_cursor, encode_conflict_cursor};
use tombolo_replication::leader::Command;
use tombolo_replication::{ConflictId, ItemKey, Key};
use tombolo_storage::View;

use self::page::{Asked, Found};
pub(crate) use self::record::{Record, raw};
use crate::api::Api;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::query::Query;
use crate::route::ConflictAction;
use crate::{conditions, freshness, guarantees, items, tables};

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

    /// Answers `POST /v1/conflicts/{id}/{action}`: with the record as it is then.
    pub(crate) async fn settle(
        &self,
        api: &Api,
        (id, action): (&str, ConflictAction),
        (query, headers): (Query<'_>, &HeaderMap),
        caller: &mut Caller<'_>,
    ) -> Result<HttpResponse, Problem> {
        let asked = guarantees::check_write(query, api.promises())?;
        conditions::refuse(headers)?;
        let verdict = match action {
            ConflictAction::Restore => Verdict::Restore,
            ConflictAction::Dismiss => Verdict::Dismiss,
            ConflictAction::Undo => Verdict::Undo,
        };
        let id: ConflictId = id.parse().map_err(|_| Problem::NoSuchConflict)?;
        if let Some(answered) = freshness::reach(api, caller, headers, asked.freshness, &[]).await?
        {
            return Ok(answered);
        }
        let found = self.find(api, id).await?;
        let operation = Operation::Settle(Settlement {
            element: found.record.element,
            dot: found.record.lost.written.dot,
            verdict,
        });
        let item = ItemKey { table: found.table.id, key: found.key };
        let command = Command::new(item, operation);
        let done = items::submit(api, command, asked, caller).await?;
        let record = done.answer.settled.as_ref().ok_or(Problem::NoSuchConflict)?;
        let key = done.answer.item.key.as_str();
        let record = Record::of(found.table.name.as_str(), key, record);
        Ok(done.acknowledge(api, api.letterhead().show(StatusCode::OK, &record)))
    }

    async fn find(&self, api: &Api, id: ConflictId) -> Result<Found, Problem> {
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| Problem::Stopping)?;
        let view = api.region().view();
        let search = web::block(move || {
            // The turn ends with the search, also where the asker has gone.
            let _turn = turn;
            page::find(&view, id)
        });
        search.await.map_err(|_| Problem::Stopping)??.ok_or(Problem::NoSuchConflict)
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
