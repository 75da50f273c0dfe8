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
use tombolo_resolvers::Shown;

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::percent::{Plus, decode};
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::tagged;
use crate::route::{KeyPlace, Verb};
use crate::visit::Visit;
use crate::{guarantees, item_json, patch, tables};

/// The key that a call names, wherever it is written.
fn key_of(place: KeyPlace<'_>, query: Query<'_>) -> Result<Key, Problem> {
    let text = match place {
        KeyPlace::Path(raw) => decode(raw, Plus::Literal).map_err(Problem::UnreadableKey)?,
        KeyPlace::Query => query.key()?.ok_or(Problem::NoKey)?,
    };
    Ok(Key::new(&text)?)
}

/// Answers a call on the item that `table` and `place` name.
pub(crate) async fn answer(
    api: &Visit<'_>,
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
    match table.shape.resolver.resolver().shown(&state) {
        Shown::Value(value, written) => {
            let version = encode_version(state.context())?;
            let body = item_json::read(&item.key, value, &version, written);
            Ok(tagged(api.letterhead().json(StatusCode::OK, body), &version))
        }
        Shown::Nothing => Err(Problem::NoSuchItem),
    }
}

async fn put(
    api: &Visit<'_>,
    table: &str,
    key: Key,
    operation: Operation,
) -> Result<HttpResponse, Problem> {
    let answer = submit(api, table, key, operation).await?;
    let version = encode_version(answer.state.context())?;
    let status = if answer.existed { StatusCode::OK } else { StatusCode::CREATED };
    let reply = api.letterhead().json(status, item_json::replaced(&answer.item.key, &version));
    Ok(tagged(api.letterhead().acknowledged(reply), &version))
}

async fn operate(
    api: &Visit<'_>,
    table: &str,
    key: Key,
    operation: Operation,
) -> Result<HttpResponse, Problem> {
    let answer = submit(api, table, key, operation).await?;
    let version = encode_version(answer.state.context())?;
    match answer.shown() {
        Shown::Value(value, _) => {
            let body = item_json::operated(&answer.item.key, value, &version);
            let reply = api.letterhead().json(StatusCode::OK, body);
            Ok(tagged(api.letterhead().acknowledged(reply), &version))
        }
        Shown::Nothing => Err(Problem::NoSuchItem),
    }
}

async fn delete(api: &Visit<'_>, table: &str, key: Key) -> Result<HttpResponse, Problem> {
    submit(api, table, key, Operation::Delete).await?;
    Ok(api.letterhead().acknowledged(api.letterhead().no_content()))
}

async fn submit(
    api: &Visit<'_>,
    table: &str,
    key: Key,
    operation: Operation,
) -> Result<Answer, Problem> {
    let table = tables::find(&api.region().view(), table)?.id;
    let command = Command { item: ItemKey { table, key }, operation };
    let answer = api.region().submit(command).await?;
    api.wrote(answer.times);
    Ok(answer)
}
