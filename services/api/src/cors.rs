//! Which pages of other sites a browser may let call the listener for applications (CORS).
//!
//! Off unless the settings name them. What is refused here is refused by browsers, on behalf of
//! their users: a request itself is answered as any other. There are no cookies and so no
//! credentials to allow. Operators' calls are never opened to other sites ([`crate::own_hosts`]).

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tombolo_topology::settings::WebOrigin;

use crate::reply::Letterhead;
use crate::route::Route;

/// What a page may send beside what browsers always allow.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "content-type, if-match, if-none-match, idempotency-key, last-event-id, tombolo-session, \
     traceparent",
);
/// What a page may read beside what browsers always show.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "allow, etag, location, retry-after, tombolo-acks, tombolo-condition-scope, tombolo-region, \
     tombolo-served-by, tombolo-session, tombolo-session-lost",
);
/// How long a browser may keep the answer to a preflight.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");

/// See the module.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Vec<WebOrigin>,
}

impl Cors {
    pub(crate) fn new(origins: Vec<WebOrigin>) -> Self {
        Self { origins }
    }

    /// Answers the question whether a page may send a request that is not a simple one; nothing
    /// where it is no such question, or the page's site is not allowed.
    pub(crate) fn preflight(
        &self,
        route: Option<Route<'_>>,
        method: &Method,
        headers: &HeaderMap,
        letterhead: &Letterhead,
    ) -> Option<HttpResponse> {
        if self.origins.is_empty() || method != Method::OPTIONS {
            return None;
        }
        headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        self.allowed(headers)?;
        let allow = HeaderValue::from_static(route?.allow());
        let mut reply = letterhead.no_content();
        for (name, value) in [
            (header::ALLOW, allow.clone()),
            (header::ACCESS_CONTROL_ALLOW_METHODS, allow),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S),
        ] {
            reply.headers_mut().insert(name, value);
        }
        Some(reply)
    }

    /// Adds to `reply` what lets the page read it that sent `headers`.
    pub(crate) fn open(&self, headers: &HeaderMap, reply: &mut HttpResponse) {
        if self.origins.is_empty() {
            return;
        }
        if !self.origins.iter().any(WebOrigin::is_any) {
            // What is answered to one site must not be shown to another by a cache between.
            reply.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = self.allowed(headers) {
            let rules: [(HeaderName, HeaderValue); 2] = [
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
                (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS),
            ];
            for (name, value) in rules {
                reply.headers_mut().insert(name, value);
            }
        }
    }

    /// What the page is to be told that it is allowed as, where it is.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let text = origin.to_str().ok()?;
        let allowed = self.origins.iter().find(|allowed| allowed.allows(text))?;
        Some(if allowed.is_any() { HeaderValue::from_static("*") } else { origin.clone() })
    }
}
