//! The region's letterhead: what every answer carries, errors too.
//!
//! Written where answers are built and not by a middleware, which would cost an allocation for
//! each request and could miss answers that never reach it.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;
use tombolo_causality::RegionId;

/// The region that was asked.
static REGION: HeaderName = HeaderName::from_static("tombolo-region");
/// The region that answered.
static SERVED_BY: HeaderName = HeaderName::from_static("tombolo-served-by");
/// The regions that had a write durably when it was answered.
static ACKS: HeaderName = HeaderName::from_static("tombolo-acks");

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Letterhead {
    region: HeaderValue,
}

impl Letterhead {
    /// That of `region`.
    pub(crate) fn of(region: RegionId) -> Self {
        // A region's name has only letters, digits and dashes, which a header takes.
        let region = HeaderValue::from_str(region.as_str());
        Self { region: region.unwrap_or_else(|_| HeaderValue::from_static("")) }
    }

    /// An answer with a body.
    pub(crate) fn reply(
        &self,
        status: StatusCode,
        content_type: HeaderValue,
        body: Vec<u8>,
    ) -> HttpResponse {
        let mut reply = HttpResponse::with_body(status, Bytes::from(body).boxed());
        reply.headers_mut().insert(header::CONTENT_TYPE, content_type);
        self.print_on(&mut reply);
        reply
    }

    /// An answer with a JSON text.
    pub(crate) fn json(&self, status: StatusCode, body: Vec<u8>) -> HttpResponse {
        self.reply(status, HeaderValue::from_static("application/json"), body)
    }

    /// An answer with what `body` serializes to. For what is asked rarely.
    pub(crate) fn show(&self, status: StatusCode, body: &impl Serialize) -> HttpResponse {
        // Plain structures of texts and numbers: there is nothing in them that can fail.
        self.json(status, serde_json::to_vec(body).unwrap_or_default())
    }

    /// 204.
    pub(crate) fn no_content(&self) -> HttpResponse {
        let mut reply = HttpResponse::new(StatusCode::NO_CONTENT);
        self.print_on(&mut reply);
        reply
    }

    /// Adds where a write was durable when it was answered: here.
    pub(crate) fn acknowledged(&self, mut reply: HttpResponse) -> HttpResponse {
        reply.headers_mut().insert(ACKS.clone(), self.region.clone());
        reply
    }

    /// Names this region as the one that was asked, in an answer that another has given.
    pub(crate) fn asked(&self, reply: &mut HttpResponse) {
        reply.headers_mut().insert(REGION.clone(), self.region.clone());
    }

    fn print_on(&self, reply: &mut HttpResponse) {
        let headers = reply.headers_mut();
        headers.insert(REGION.clone(), self.region.clone());
        headers.insert(SERVED_BY.clone(), self.region.clone());
    }
}

/// Adds the item's version as its `ETag`.
pub(crate) fn tagged(mut reply: HttpResponse, version: &str) -> HttpResponse {
    // A version is URL-safe text, which a header takes.
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        reply.headers_mut().insert(header::ETAG, tag);
    }
    reply
}

/// Adds where a write was durable when it was answered: in these regions.
pub(crate) fn acknowledged_by(reply: &mut HttpResponse, holders: &[RegionId]) {
    let names: Vec<_> = holders.iter().map(RegionId::as_str).collect();
    // Names have only letters, digits and dashes, which a header takes.
    if let Ok(names) = HeaderValue::try_from(names.join(",")) {
        reply.headers_mut().insert(ACKS.clone(), names);
    }
}
