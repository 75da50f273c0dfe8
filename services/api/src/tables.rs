//! Tables: defined, looked up, listed, altered and dropped.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use serde::Serialize;
use tombolo_actors::Defined;
use tombolo_causality::RegionId;
use tombolo_replication::{TableDefinition, TableName};
use tombolo_storage::View;
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::definition::{self, alteration};
use crate::percent::{Plus, decode};
use crate::problem::Problem;
use crate::query::Query;
use crate::route::Verb;
use crate::{conditions, guarantees};

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
    let regions = names(api.regions());
    let tables = view.catalog().iter().map(|table| Definition::of(table, &regions)).collect();
    api.letterhead().show(StatusCode::OK, &List { tables })
}

/// Answers a call on one table.
pub(crate) async fn answer(
    api: &Api,
    table: &str,
    verb: Verb,
    query: Query<'_>,
    headers: &HeaderMap,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    if verb.is_safe() {
        let view = api.region().view();
        return Ok(show(api, StatusCode::OK, find(&view, table)?));
    }
    let asked = guarantees::check_write(query, api.promises())?;
    conditions::refuse(headers)?;
    match verb {
        Verb::Put => define(api, table, headers, payload).await,
        Verb::Patch => {
            find(&api.region().view(), table)?;
            alter(api, table, headers, payload).await
        }
        // A definition is confirmed by all regions; an end is not waited for.
        _ if asked.regions_min > 1 => {
            Err(Problem::NotSupportedYet { what: "`w` of an end".into() })
        }
        _ => {
            let name = TableName::new(&decoded(table)?)?;
            api.region().drop_table(name).await?;
            Ok(api.letterhead().no_content())
        }
    }
}

async fn define(
    api: &Api,
    table: &str,
    headers: &HeaderMap,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    let name = TableName::new(&decoded(table)?)?;
    Media::check_json_or_undeclared(headers)?;
    let text = read_json(headers, payload, api.body_limits()).await?;
    let shape = definition::parse(&text, api.regions())?;
    Ok(match api.region().define_table(name, shape).await? {
        Defined::Created(table) => show(api, StatusCode::CREATED, &table),
        Defined::Existing(table) => show(api, StatusCode::OK, &table),
    })
}

async fn alter(
    api: &Api,
    table: &str,
    headers: &HeaderMap,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    Media::check_json_or_undeclared(headers)?;
    let text = read_json(headers, payload, api.body_limits()).await?;
    match alteration::parse(&text)? {
        Some(consistency) => {
            let name = TableName::new(&decoded(table)?)?;
            let altered = api.region().alter_table(name, consistency).await?;
            Ok(show(api, StatusCode::OK, &altered))
        }
        // What was named is as every table has it.
        None => Ok(show(api, StatusCode::OK, find(&api.region().view(), table)?)),
    }
}

fn show(api: &Api, status: StatusCode, table: &TableDefinition) -> HttpResponse {
    api.letterhead().show(status, &Definition::of(table, &names(api.regions())))
}

fn names(regions: &[RegionId]) -> Vec<&str> {
    regions.iter().map(RegionId::as_str).collect()
}
