//! Items: read from the region's present view, written through its leader.

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use tombolo_actors::Answer;
use tombolo_datatypes::Operation;
use tombolo_protocol::encode_version;
use tombolo_replication::leader::Command;
use tombolo_replication::{ItemKey, Key};
use tombolo_resolvers::ResolverKind;

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::percent::{Plus, decode};
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::tagged;
use crate::route::{KeyPlace, Verb};
use crate::{guarantees, item_json, patch, tables};

/// The key that a call names, wherever it is written.
pub(crate) fn key_of(place: KeyPlace<'_>, query: Query<'_>) -> Result<Key, Problem> {
    let text = match place {
        KeyPlace::Path(raw) => decode(raw, Plus::Literal).map_err(Problem::UnreadableKey)?,
        KeyPlace::Query => query.key()?.ok_or(Problem::NoKey)?,
    };
    Ok(Key::new(&text)?)
}

/// Answers a call on the item that `table` and `place` name.
pub(crate) async fn answer(
    api: &Api,
    (table, place): (&str, KeyPlace<'_>),
    verb: Verb,
    query: Query<'_>,
    headers: &HeaderMap,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    let key = key_of(place, query)?;
    if verb.is_safe() {
        guarantees::check_read(query, headers)?;
        return read(api, table, key);
    }
    guarantees::check_write(query, headers)?;
    match verb {
        Verb::Put => {
            Media::check_json_or_undeclared(headers)?;
            let value = read_json(headers, payload, api.body_limits()).await?;
            put(api, table, key, Operation::Put(value)).await
        }
        Verb::Patch => {
            let media = Media::declared(headers);
            if !matches!(media, Media::Json | Media::MergePatch) {
                return Err(Media::refused());
            }
            let text = read_json(headers, payload, api.body_limits()).await?;
            let data_type = tables::find(&api.region().view(), table)?.shape.data_type;
            if media == Media::MergePatch {
                let operation = "merge patch".to_owned();
                return Err(Problem::WrongOperation { data_type, operation });
            }
            operate(api, table, key, patch::parse(&text, data_type)?).await
        }
        _ => delete(api, table, key).await,
    }
}

fn read(api: &Api, table: &str, key: Key) -> Result<HttpResponse, Problem> {
    let view = api.region().view();
    let table = tables::find(&view, table)?;
    let item = ItemKey { table: table.id, key };
    let state = view.get(&item)?.ok_or(Problem::NoSuchItem)?;
    let shown = table.shape.resolver.resolver().shown(&state);
    let version = encode_version(state.context())?;
    let body = item_json::read(&item.key, shown, &version).ok_or(Problem::NoSuchItem)?;
    Ok(tagged(api.letterhead().json(StatusCode::OK, body), &version))
}

async fn put(
    api: &Api,
    table: &str,
    key: Key,
    operation: Operation,
) -> Result<HttpResponse, Problem> {
    let answer = submit(api, table, key, operation).await?;
    let version = encode_version(answer.state.context())?;
    let status = if answer.existed { StatusCode::OK } else { StatusCode::CREATED };
    let key = &answer.item.key;
    let body = match answer.resolver {
        // What was put may not be what stands.
        ResolverKind::Max | ResolverKind::Min => item_json::operated(key, answer.shown(), &version),
        _ => None,
    };
    let body = body.unwrap_or_else(|| item_json::replaced(key, &version));
    let reply = api.letterhead().json(status, body);
    Ok(tagged(api.letterhead().acknowledged(reply), &version))
}

async fn operate(
    api: &Api,
    table: &str,
    key: Key,
    operation: Operation,
) -> Result<HttpResponse, Problem> {
    let answer = submit(api, table, key, operation).await?;
    let version = encode_version(answer.state.context())?;
    let body = item_json::operated(&answer.item.key, answer.shown(), &version);
    let reply = api.letterhead().json(StatusCode::OK, body.ok_or(Problem::NoSuchItem)?);
    Ok(tagged(api.letterhead().acknowledged(reply), &version))
}

async fn delete(api: &Api, table: &str, key: Key) -> Result<HttpResponse, Problem> {
    submit(api, table, key, Operation::Delete).await?;
    Ok(api.letterhead().acknowledged(api.letterhead().no_content()))
}

async fn submit(api: &Api, table: &str, key: Key, operation: Operation) -> Result<Answer, Problem> {
    let table = tables::find(&api.region().view(), table)?.id;
    let command = Command { item: ItemKey { table, key }, operation };
    Ok(api.region().submit(command).await?)
}
