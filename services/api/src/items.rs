//! Items: read from the region's present view, written through its leader.

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use tombolo_actors::{Answer, ConcernUnmet, MayWait, SubmitError};
use tombolo_causality::{RegionId, Session};
use tombolo_datatypes::Operation;
use tombolo_protocol::encode_version;
use tombolo_replication::idempotency::NamedRequest;
use tombolo_replication::leader::Command;
use tombolo_replication::{ItemKey, Key};

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::caller::Caller;
use crate::guarantees::WriteAsked;
use crate::percent::{Plus, decode};
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::{acknowledged_by, tagged};
use crate::route::{KeyPlace, Verb};
use crate::{conditions, freshness, guarantees, item_json, naming, patch, tables};

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
    (query, headers): (Query<'_>, &HeaderMap),
    caller: &mut Caller<'_>,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    let key = key_of(place, query)?;
    if verb.is_safe() {
        let asked = guarantees::check_read(query, api.promises())?;
        if let Some(answered) = freshness::reach(api, caller, headers, asked, &[]).await? {
            return Ok(answered);
        }
        return read(api, table, key, &mut caller.session);
    }
    let asked = guarantees::check_write(query, api.promises())?;
    let condition = conditions::read(headers)?;
    let sent = match verb {
        Verb::Put => {
            Media::check_json_or_undeclared(headers)?;
            Some(read_json(headers, payload, api.body_limits()).await?)
        }
        Verb::Patch => {
            if !matches!(Media::declared(headers), Media::Json | Media::MergePatch) {
                return Err(Media::refused());
            }
            Some(read_json(headers, payload, api.body_limits()).await?)
        }
        _ => None,
    };
    let body = sent.as_ref().map_or(&[][..], |sent| sent.as_str().as_bytes());
    let request = naming::read(caller, headers, body)?;
    let named = condition.as_ref().and_then(conditions::named);
    let reached =
        freshness::reach_version(api, caller, headers, asked.freshness, body, named.as_ref());
    if let Some(answered) = reached.await? {
        return Ok(answered);
    }
    let definition = tables::find(&api.region().view(), table)?.clone();
    let operation = match (verb, sent) {
        (Verb::Put, Some(value)) => Operation::Put(value),
        (Verb::Patch, Some(text)) => {
            let data_type = definition.shape.data_type;
            if Media::declared(headers) == Media::MergePatch {
                let operation = "merge patch".to_owned();
                return Err(Problem::WrongOperation { data_type, operation });
            }
            patch::parse(&text, data_type)?
        }
        _ => Operation::Delete,
    };
    let item = ItemKey { table: definition.id, key };
    let is_conditional = condition.is_some();
    let command = Command { item, operation, condition, request, span: caller.span };
    let written = submit(api, command, asked, caller).await?;
    let reply = written.reply(api, verb)?;
    Ok(if is_conditional { conditions::scoped(reply) } else { reply })
}

fn read(api: &Api, table: &str, key: Key, session: &mut Session) -> Result<HttpResponse, Problem> {
    let view = api.region().view();
    let table = tables::find(&view, table)?;
    let item = ItemKey { table: table.id, key };
    let state = view.get(&item)?.ok_or(Problem::NoSuchItem)?;
    // Of what was deleted as well: it must not be there again.
    session.saw(state.context());
    let shown = table.shape.resolver.resolver().shown(&state);
    let version = encode_version(state.context())?;
    let body = item_json::read(&item.key, shown, &version).ok_or(Problem::NoSuchItem)?;
    Ok(tagged(api.letterhead().json(StatusCode::OK, body), &version))
}

/// A write that is done, and the regions that are known to hold it, where more than this one were
/// asked for.
pub(crate) struct Done {
    pub(crate) answer: Answer,
    holders: Option<Vec<RegionId>>,
}

/// Has a command decided, and waits until as many regions hold it as were asked for.
pub(crate) async fn submit(
    api: &Api,
    command: Command,
    asked: WriteAsked,
    caller: &mut Caller<'_>,
) -> Result<Done, Problem> {
    let region = api.region();
    let item = command.item.clone();
    let is_named = command.request.is_some();
    let may_wait = may_wait(api, asked)?;
    let answer = match region.submit(command).await {
        Ok(answer) => answer,
        Err(refused @ SubmitError::Refused(_)) => {
            // It was refused for what the item is, which the client thereby knows.
            if let Some(state) = region.view().get(&item)? {
                caller.session.saw(state.context());
            }
            return Err(refused.into());
        }
        Err(error) => return Err(error.into()),
    };
    acknowledged(api, answer, may_wait, (asked, is_named), caller).await
}

/// The same for a named request that has settled a conflict before; nothing where it has not.
pub(crate) async fn recall(
    api: &Api,
    request: NamedRequest,
    asked: WriteAsked,
    caller: &mut Caller<'_>,
) -> Result<Option<Done>, Problem> {
    let may_wait = may_wait(api, asked)?;
    match api.region().recall(request).await? {
        Some(answer) => acknowledged(api, answer, may_wait, (asked, true), caller).await.map(Some),
        None => Ok(None),
    }
}

/// Where more regions are asked for than this one, that it may be waited for them.
fn may_wait(api: &Api, asked: WriteAsked) -> Result<Option<MayWait>, SubmitError> {
    match asked.regions_min {
        1 => Ok(None),
        _ => api.region().may_wait().map(Some).ok_or(SubmitError::Overloaded),
    }
}

async fn acknowledged(
    api: &Api,
    answer: Answer,
    may_wait: Option<MayWait>,
    (asked, is_named): (WriteAsked, bool),
    caller: &mut Caller<'_>,
) -> Result<Done, Problem> {
    caller.times = answer.times;
    caller.session.wrote(answer.dot);
    caller.session.saw(answer.context());
    let Some(may_wait) = may_wait else { return Ok(Done { answer, holders: None }) };
    let w = asked.regions_min;
    match api.region().held_by(answer.dot, w, asked.timeout, may_wait).await {
        Ok(holders) => Ok(Done { answer, holders: Some(holders) }),
        Err(ConcernUnmet { holders }) => Err(Problem::WriteConcernUnmet { w, holders, is_named }),
    }
}

impl Done {
    fn reply(&self, api: &Api, verb: Verb) -> Result<HttpResponse, Problem> {
        let (answer, letterhead) = (&self.answer, api.letterhead());
        let version = encode_version(answer.context())?;
        let key = &answer.item.key;
        let shown = || item_json::operated(key, answer.shown(), &version);
        let reply = match verb {
            Verb::Put => {
                let status = if answer.existed { StatusCode::OK } else { StatusCode::CREATED };
                // What was put may not be what stands.
                let body = if answer.tells_value { shown() } else { None };
                let body = body.unwrap_or_else(|| item_json::replaced(key, &version));
                tagged(letterhead.json(status, body), &version)
            }
            Verb::Patch => {
                let body = shown().ok_or(Problem::NoSuchItem)?;
                tagged(letterhead.json(StatusCode::OK, body), &version)
            }
            _ => letterhead.no_content(),
        };
        Ok(self.acknowledge(api, reply))
    }

    /// Adds where the write is durable.
    pub(crate) fn acknowledge(&self, api: &Api, reply: HttpResponse) -> HttpResponse {
        let mut reply = api.letterhead().acknowledged(reply);
        if let Some(holders) = &self.holders {
            acknowledged_by(&mut reply, holders);
        }
        reply
    }
}
