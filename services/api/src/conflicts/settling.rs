//! Settling a conflict, and taking that back: a command on the item whose conflict it is.
//!
//! The conflict is looked for among all that there are, one search at a time. A request with a name
//! that was done before is answered without one: what it settled may be told of no longer.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web;
use tombolo_datatypes::{Operation, Settlement, Verdict};
use tombolo_protocol::encode_version;
use tombolo_replication::leader::Command;
use tombolo_replication::{ConflictId, ItemKey};

use super::page::{self, Found};
use super::{Conflicts, Record};
use crate::api::Api;
use crate::caller::Caller;
use crate::items::Done;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::tagged;
use crate::route::ConflictAction;
use crate::{conditions, freshness, guarantees, items, naming};

impl Conflicts {
    /// Answers `POST /v1/conflicts/{id}/{action}`: with the record as it is then.
    pub(crate) async fn settle(
        &self,
        api: &Api,
        (id, action): (&str, ConflictAction),
        (query, headers): (Query<'_>, &HeaderMap),
        caller: &mut Caller<'_>,
    ) -> Result<HttpResponse, Problem> {
        let asked = guarantees::check_write(query, api.promises())?;
        let condition = conditions::read(headers)?;
        let request = naming::read(caller, headers, &[])?;
        let id: ConflictId = id.parse().map_err(|_| Problem::NoSuchConflict)?;
        let named = condition.as_ref().and_then(conditions::named);
        let reached =
            freshness::reach_version(api, caller, headers, asked.freshness, &[], named.as_ref());
        if let Some(answered) = reached.await? {
            return Ok(answered);
        }
        let is_conditional = condition.is_some();
        let recalled = match request {
            Some(request) => items::recall(api, request, asked, caller).await?,
            None => None,
        };
        let done = if let Some(done) = recalled {
            done
        } else {
            let found = self.find(api, id).await?;
            let operation = Operation::Settle(Settlement {
                element: found.record.element,
                dot: found.record.lost.written.dot,
                verdict: action.verdict(),
            });
            let item = ItemKey { table: found.table.id, key: found.key };
            let span = caller.span;
            let command = Command { item, operation, condition, request, span };
            items::submit(api, command, asked, caller).await?
        };
        let reply = answer(api, &done)?;
        Ok(if is_conditional { conditions::scoped(reply) } else { reply })
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

impl ConflictAction {
    fn verdict(self) -> Verdict {
        match self {
            Self::Restore => Verdict::Restore,
            Self::Undo => Verdict::Undo,
            Self::Dismiss => Verdict::Dismiss,
        }
    }
}

fn answer(api: &Api, done: &Done) -> Result<HttpResponse, Problem> {
    let view = api.region().view();
    let ItemKey { table, key } = &done.answer.item;
    let (table, record) = (view.catalog().by_id(table), &done.answer.settled);
    // Not where the table has been dropped since.
    let (Some(table), Some(record)) = (table, record) else { return Err(Problem::NoSuchConflict) };
    let record = Record::of(table.name.as_str(), key.as_str(), record);
    let reply = api.letterhead().show(StatusCode::OK, &record);
    let reply = tagged(reply, &encode_version(done.answer.context())?);
    Ok(done.acknowledge(api, reply))
}
