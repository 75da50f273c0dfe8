//! Scans: the items of a table in key order, a page at a time.
//!
//! A page is read from one view, away from the threads that answer requests, and ends at the first
//! of: as many items as were asked for, [`PAGE_BYTES_MAX`], [`ROWS_MAX`] rows looked at. So a page
//! may be short and still not be the last: the last is the one without a cursor to go on with.
//! Cursors are positions and nothing else; between two pages nothing is kept here, and each sees
//! what then is.

mod page;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpResponse, web};
use tokio::sync::Semaphore;
use tombolo_protocol::decode_cursor;
use tombolo_storage::KeyRange;

use self::page::{Bounds, page};
use crate::api::Api;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::query::Query;
use crate::{freshness, guarantees, tables};

/// How many items a page has where it is not said.
const LIMIT_DEFAULT: usize = 100;
/// How many items a page may have.
const LIMIT_MAX: u64 = 1_000;
/// How long a page may get, unless its first item alone is longer.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// How many rows one call looks at, those of deleted items included.
const ROWS_MAX: usize = 4_096;
/// How many pages are read at a time. The others wait, and their number is that of the
/// connections.
const AT_A_TIME: usize = 8;

/// The turns of those who scan. See the module.
#[derive(Debug)]
pub(crate) struct Scans {
    turns: Arc<Semaphore>,
}

impl Scans {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// Answers `GET /v1/tables/{table}/items?prefix=&from=&to=&cursor=&limit=`.
    pub(crate) async fn answer(
        &self,
        api: &Api,
        table: &str,
        query: Query<'_>,
        headers: &HeaderMap,
        caller: &mut Caller<'_>,
    ) -> Result<HttpResponse, Problem> {
        let range = range(query)?;
        let bounds = Bounds { items: limit(query)?, bytes: PAGE_BYTES_MAX, rows: ROWS_MAX };
        let asked = guarantees::check_read(query, api.promises())?;
        if let Some(answered) = freshness::reach(api, caller, headers, asked, &[]).await? {
            return Ok(answered);
        }
        tables::find(&api.region().view(), table)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Problem::Stopping)?;
        let view = api.region().view();
        // Of what is not there as well: it must not be there again.
        caller.session.saw(view.vector());
        let table = tables::find(&view, table)?.clone();
        let read = web::block(move || {
            // The turn ends with the page, also where the asker has gone.
            let _turn = turn;
            page(&view, &table, &range, bounds)
        });
        let body = read.await.map_err(|_| Problem::Stopping)??;
        Ok(api.letterhead().json(StatusCode::OK, body))
    }
}

fn range(query: Query<'_>) -> Result<KeyRange, Problem> {
    let mut range = KeyRange::all();
    if let Some(prefix) = query.get("prefix")? {
        range = range.with_prefix(prefix);
    }
    if let Some(from) = query.get("from")? {
        range = range.starting_at(from);
    }
    if let Some(to) = query.get("to")? {
        range = range.before(to);
    }
    if let Some(cursor) = query.get("cursor")? {
        range = range.after(decode_cursor(&cursor).map_err(Problem::BadCursor)?);
    }
    Ok(range)
}

fn limit(query: Query<'_>) -> Result<usize, Problem> {
    let Some(limit) = query.number("limit")? else { return Ok(LIMIT_DEFAULT) };
    let limit = usize::try_from(limit).ok().filter(|_| (1..=LIMIT_MAX).contains(&limit));
    limit.ok_or_else(|| Problem::BadParameter {
        name: "limit",
        detail: format!("it is not between 1 and {LIMIT_MAX}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Option<usize> {
        limit(Query(query)).ok()
    }

    #[test]
    fn a_page_has_1_to_1000_items_and_100_where_it_is_not_said() {
        assert_eq!(asked(""), Some(100));
        assert_eq!(asked("limit=1"), Some(1));
        assert_eq!(asked("limit=1000"), Some(1_000));
        for query in ["limit=0", "limit=1001", "limit=", "limit=-1", "limit=18446744073709551615"] {
            assert_eq!(asked(query), None, "{query}");
        }
    }

    #[test]
    fn an_empty_cursor_is_none_that_was_given_out() {
        assert!(matches!(range(Query("cursor=")), Err(Problem::BadCursor(_))));
        assert_eq!(range(Query("prefix=&from=")).unwrap(), KeyRange::all());
    }
}
