//! Not before what the session has seen: where this region is behind, a request waits, is answered
//! by a region that is not, or is refused.
//!
//! Nothing is decided or read before it is known that this region shows enough. A request that was
//! passed on goes no further.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, body::MessageBody};
use core::time::Duration;
use tombolo_actors::{ForwardError, ForwardReply, ForwardRequest, Routed};
use tombolo_causality::VersionVector;
use tombolo_replication::Consistency;
use tombolo_replication::read_router::{Hop, required};

use crate::api::Api;
use crate::caller::Caller;
use crate::problem::Problem;

/// The headers of a request that matter to its answer.
const PASSED_ON: [&str; 8] = [
    "accept",
    "content-type",
    "content-encoding",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "tombolo-session",
    "traceparent",
];

/// What a request is held against, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// What it asks for; with a token that is `session` where it does not say.
    pub(crate) consistency: Option<Consistency>,
    /// How long it waits here.
    pub(crate) wait: Duration,
    /// How much longer than a read it may take where it is passed on.
    pub(crate) takes: Duration,
}

/// Returns nothing once this region shows enough, or the answer of a region that does.
pub(crate) async fn reach(
    api: &Api,
    caller: &Caller<'_>,
    headers: &HeaderMap,
    asked: Freshness,
    body: &[u8],
) -> Result<Option<HttpResponse>, Problem> {
    reach_version(api, caller, headers, asked, body, None).await
}

/// The same for a request that names a version: of what is in it, everything must be here, or it
/// would be taken for another one.
pub(crate) async fn reach_version(
    api: &Api,
    caller: &Caller<'_>,
    headers: &HeaderMap,
    asked: Freshness,
    body: &[u8],
    version: Option<&VersionVector>,
) -> Result<Option<HttpResponse>, Problem> {
    if !caller.has_token && version.is_none() {
        // Who has seen nothing cannot fall behind it, whatever the table's default is.
        return Ok(None);
    }
    let consistency = asked.consistency.unwrap_or(Consistency::Session);
    let mut required = required(consistency, &caller.session);
    if let Some(version) = version {
        required.join(version);
    }
    // Apart, so that who need not wait does not carry what waiting takes.
    Box::pin(route(api, caller, headers, asked, body, required)).await
}

/// Waits, passes on or refuses what requires more than this region shows.
async fn route(
    api: &Api,
    caller: &Caller<'_>,
    headers: &HeaderMap,
    asked: Freshness,
    body: &[u8],
    required: VersionVector,
) -> Result<Option<HttpResponse>, Problem> {
    let region = api.region();
    let forward_timeout = region.settings().replication.forward_timeout;
    let wait = match caller.hop {
        Hop::First => asked.wait,
        // Whoever passed it on waits for the answer no longer than that.
        Hop::Forwarded => asked.wait.min(forward_timeout / 2),
    };
    let mut router = region.router(required, wait, caller.hop);
    loop {
        let peer = match region.route(&router).await? {
            Routed::Here => return Ok(None),
            Routed::There(peer) => peer,
        };
        let request = ForwardRequest {
            method: caller.method.as_str().to_owned(),
            target: caller.target.to_owned(),
            headers: passed_on(headers),
            body: body.to_vec(),
            timeout: forward_timeout + asked.takes,
        };
        match region.forward(peer, request).await {
            // It has not done it, and another may.
            Ok(reply) if reply.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() => {}
            Ok(reply) => return Ok(Some(passed_back(api, reply))),
            Err(ForwardError::Unanswered) if !caller.method.is_safe() => {
                return Err(Problem::ForwardUnanswered { region: peer });
            }
            Err(ForwardError::NotSent | ForwardError::Unanswered) => {}
        }
        router.failed(peer);
    }
}

fn passed_on(headers: &HeaderMap) -> Vec<(String, String)> {
    let of =
        |name: &&str| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.to_owned()));
    PASSED_ON.iter().filter_map(of).collect()
}

/// The peer's answer, on this region's letterhead.
fn passed_back(api: &Api, reply: ForwardReply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::with_body(status, Bytes::from(reply.body).boxed());
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    api.letterhead().asked(&mut response);
    response
}

/// The answer to a request that a peer has passed on, as it travels back.
pub(crate) async fn to_be_passed_back(reply: HttpResponse) -> ForwardReply {
    let (head, body) = reply.into_parts();
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = head.headers().iter().filter_map(text).collect();
    match actix_web::body::to_bytes(body).await {
        Ok(body) => ForwardReply { status: head.status().as_u16(), headers, body: body.to_vec() },
        Err(_) => ForwardReply { status: 503, headers: Vec::new(), body: Vec::new() },
    }
}
