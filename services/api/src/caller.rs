//! Who asks, as far as it goes from one answer to the next: the session and its token.
//!
//! Every answer carries the token of the session as it then is, errors too; a client sends back the
//! latest. A token that is damaged or forged is refused, and the answer begins a new session.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use tombolo_actors::Region;
use tombolo_actors::meters::WriteTimes;
use tombolo_causality::{Session, VersionVector};
use tombolo_protocol::{SessionKey, decode_session, encode_session};
use tombolo_replication::SpanContext;
use tombolo_replication::read_router::Hop;

use crate::problem::Problem;
use crate::query::Query;

/// The token of the session.
pub(crate) static SESSION: HeaderName = HeaderName::from_static("tombolo-session");
/// How many replicas found no room in the token.
static SESSION_LOST: HeaderName = HeaderName::from_static("tombolo-session-lost");

/// What one request is asked with, and by whom.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) method: &'a Method,
    /// Path and query, as they were sent.
    pub(crate) target: &'a str,
    /// Whether another region passed it on.
    pub(crate) hop: Hop,
    /// What was written and read, this request included as it goes on.
    pub(crate) session: Session,
    /// Whether a token was sent.
    pub(crate) has_token: bool,
    /// The span in which the request is answered, where it is traced.
    pub(crate) span: Option<SpanContext>,
    /// How far the write came when, once there was one.
    pub(crate) times: Option<WriteTimes>,
}

impl<'a> Caller<'a> {
    /// One who has seen nothing.
    pub(crate) fn new(method: &'a Method, target: &'a str, hop: Hop) -> Self {
        let (session, has_token) = (Session::new(), false);
        Self { method, target, hop, session, has_token, span: None, times: None }
    }
}

/// Reads tokens and writes them.
#[derive(Debug)]
pub(crate) struct Sessions {
    key: SessionKey,
    /// The token of who has seen nothing.
    empty: HeaderValue,
}

impl Sessions {
    /// Those of the cluster of `region`.
    pub(crate) fn of(region: &Region) -> Self {
        let cluster = &region.settings().cluster;
        let key = SessionKey::derive(cluster.id.as_str(), cluster.session_secret.as_str());
        let empty = encode_session(&key, &Session::new(), VersionVector::new);
        // An empty session is a few letters of base64, which a header takes.
        let empty = empty.ok().and_then(|token| HeaderValue::try_from(token.text).ok());
        Self { key, empty: empty.unwrap_or_else(|| HeaderValue::from_static("")) }
    }

    /// The session that a request was sent with.
    pub(crate) fn read(
        &self,
        headers: &HeaderMap,
        query: Query<'_>,
    ) -> Result<Option<Session>, Problem> {
        if let Some(token) = headers.get(&SESSION) {
            return Ok(Some(decode_session(&self.key, token.as_bytes())?));
        }
        let token = query.get("session")?;
        Ok(token.map(|token| decode_session(&self.key, token.as_bytes())).transpose()?)
    }

    /// Adds the token of `session`, unless the region that answered has.
    pub(crate) fn sign(&self, reply: &mut HttpResponse, session: &Session, region: &Region) {
        let headers = reply.headers_mut();
        if headers.contains_key(&SESSION) {
            return;
        }
        if session.is_empty() {
            headers.insert(SESSION.clone(), self.empty.clone());
            return;
        }
        let token = encode_session(&self.key, session, || region.everywhere());
        // Sorted entries of few bytes each: there is nothing in them that can fail.
        let Ok(token) = token else { return };
        if token.dropped > 0 {
            headers.insert(SESSION_LOST.clone(), HeaderValue::from(token.dropped));
        }
        if let Ok(text) = HeaderValue::try_from(token.text) {
            headers.insert(SESSION.clone(), text);
        }
    }
}
