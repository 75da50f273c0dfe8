//! Tables: defined, looked up, listed, altered and dropped.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use serde::Serialize;
use tombolo_actors::{ConcernUnmet, Reach, SubmitError, TableError};
use tombolo_causality::RegionId;
use tombolo_protocol::encode_version;
use tombolo_replication::leader::{TableCommand, TableOperation};
use tombolo_replication::{TableDefinition, TableName};
use tombolo_storage::View;
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::caller::Caller;
use crate::definition::{self, alteration};
use crate::guarantees::WriteAsked;
use crate::naming::IDEMPOTENCY_KEY;
use crate::percent::{Plus, decode};
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::{acknowledged_by, tagged};
use crate::route::Verb;
use crate::{conditions, guarantees, naming};

/// A table's definition with its defaults filled in.
#[derive(Serialize, ToSchema)]
#[schema(as = Table)]
struct Definition<'a> {
    name: &'a str,
    /// The change that defined it.
    id: String,
    r#type: &'a str,
    resolver: &'a str,
    strategy: Strategy,
    regions: &'a [&'a str],
    fields: Fields,
    consistency: &'a str,
}

/// How writes are replicated.
#[derive(Serialize, ToSchema)]
#[schema(as = TableStrategy)]
struct Strategy {
    mode: &'static str,
}

/// What no data type of this version has.
#[derive(Serialize, ToSchema)]
#[schema(as = TableFields)]
struct Fields {}

/// All tables.
#[derive(Serialize, ToSchema)]
#[schema(as = Tables)]
pub(crate) struct List<'a> {
    tables: Vec<Definition<'a>>,
}

impl<'a> Definition<'a> {
    /// The whole of `table`, which all `regions` hold.
    fn of(table: &'a TableDefinition, regions: &'a [&'a str]) -> Self {
        Self {
            name: table.name.as_str(),
            id: table.id.to_string(),
            r#type: table.shape.data_type.name(),
            resolver: table.shape.resolver.name(),
            strategy: Strategy { mode: table.shape.strategy.mode() },
            regions,
            fields: Fields {},
            consistency: table.shape.consistency.name(),
        }
    }
}

/// The table that `raw`, a segment of a path, names.
pub(crate) fn find<'v>(view: &'v View, raw: &str) -> Result<&'v Arc<TableDefinition>, Problem> {
    named(view, decoded(raw)?)
}

/// The table of that name.
pub(crate) fn named<'v>(
    view: &'v View,
    name: Cow<'_, str>,
) -> Result<&'v Arc<TableDefinition>, Problem> {
    // Only a name that is not found is worth a look at its form.
    view.catalog().by_name(&name).ok_or_else(|| match TableName::new(&name) {
        Ok(_) => Problem::NoSuchTable { name: name.into_owned() },
        Err(error) => error.into(),
    })
}

fn decoded(raw: &str) -> Result<Cow<'_, str>, Problem> {
    decode(raw, Plus::Literal)
        .map_err(|source| Problem::BadEncoding { what: "table's name", source })
}

/// Answers `GET /v1/tables`: all of them, by name.
pub(crate) fn list(api: &Api) -> HttpResponse {
    let view = api.region().view();
    let regions = api.regions();
    let regions = names(&regions);
    let tables = view.catalog().iter().map(|table| Definition::of(table, &regions)).collect();
    api.letterhead().show(StatusCode::OK, &List { tables })
}

/// Answers a call on one table.
pub(crate) async fn answer(
    api: &Api,
    table: &str,
    verb: Verb,
    (query, headers): (Query<'_>, &HeaderMap),
    caller: &Caller<'_>,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    if verb.is_safe() {
        let view = api.region().view();
        return show(api, StatusCode::OK, find(&view, table)?);
    }
    let asked = guarantees::check_write(query, api.promises())?;
    let command = read(api, table, verb, headers, caller, payload).await?;
    let is_conditional = command.condition.is_some();
    let reply = if command.operation == TableOperation::Drop {
        drop_table(api, command, asked).await?
    } else {
        // Every region confirms it, so as many hold it as can be asked for.
        let done = api.region().call_table(command, Reach::Everywhere).await?;
        let status = if done.existed { StatusCode::OK } else { StatusCode::CREATED };
        let table = done.table.ok_or(TableError::Gone)?;
        let mut reply = show(api, status, &table)?;
        acknowledged_by(&mut reply, &api.regions());
        reply
    };
    Ok(if is_conditional { conditions::scoped_globally(reply) } else { reply })
}

/// What a call on a table asks for.
async fn read(
    api: &Api,
    table: &str,
    verb: Verb,
    headers: &HeaderMap,
    caller: &Caller<'_>,
    payload: &mut Payload,
) -> Result<TableCommand, Problem> {
    let condition = conditions::read(headers)?;
    // Of a named request the table may be gone since it was done.
    if verb == Verb::Patch && !headers.contains_key(&IDEMPOTENCY_KEY) {
        find(&api.region().view(), table)?;
    }
    let name = TableName::new(&decoded(table)?)?;
    let sent = match verb {
        Verb::Put | Verb::Patch => {
            Media::check_json_or_undeclared(headers)?;
            Some(read_json(headers, payload, api.body_limits()).await?)
        }
        _ => None,
    };
    let body = sent.as_ref().map_or(&[][..], |sent| sent.as_str().as_bytes());
    let request = naming::read(caller, headers, body)?;
    let operation = match (verb, sent) {
        (Verb::Put, Some(text)) => {
            TableOperation::Define(definition::parse(&text, &api.regions())?)
        }
        (Verb::Patch, Some(text)) => TableOperation::Alter(alteration::parse(&text)?),
        _ => TableOperation::Drop,
    };
    Ok(TableCommand { name, operation, condition, request })
}

/// An end is answered when the table is gone here and in as many regions as were asked for; without
/// that, it is waited for a while whether it is gone in all of them.
async fn drop_table(
    api: &Api,
    command: TableCommand,
    asked: WriteAsked,
) -> Result<HttpResponse, Problem> {
    let (region, w) = (api.region(), asked.regions_min);
    let is_named = command.request.is_some();
    let holders = if w == 1 {
        let done = region.call_table(command, Reach::AtLeastHere).await?;
        region.holders(&done.dot)
    } else {
        let may_wait = region.may_wait().ok_or(SubmitError::Overloaded)?;
        let done = region.call_table(command, Reach::Here).await?;
        let held = region.held_by(done.dot, w, asked.timeout, may_wait).await;
        held.map_err(|ConcernUnmet { holders }| Problem::WriteConcernUnmet {
            w,
            holders,
            is_named,
        })?
    };
    let mut reply = api.letterhead().no_content();
    acknowledged_by(&mut reply, &holders);
    Ok(reply)
}

fn show(api: &Api, status: StatusCode, table: &TableDefinition) -> Result<HttpResponse, Problem> {
    let version = encode_version(&table.version())?;
    let regions = api.regions();
    let regions = names(&regions);
    let shown = api.letterhead().show(status, &Definition::of(table, &regions));
    Ok(tagged(shown, &version))
}

fn names(regions: &[RegionId]) -> Vec<&str> {
    regions.iter().map(RegionId::as_str).collect()
}
