//! A refusal as an answer: `application/problem+json` (RFC 9457).

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use tombolo_actors::{MemberError, SubmitError, TableError};
use tombolo_causality::RegionId;
use tombolo_replication::leader::Refusal;
use utoipa::ToSchema;

use super::Problem;
use super::table::{Entry, Retry};
use crate::conditions::{scoped, scoped_globally};
use crate::reply::{Letterhead, acknowledged_by};

/// How soon a refused request may be repeated.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// Why a request was not done (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    /// What exactly, in words.
    detail: String,
    /// Stable, in snake case.
    code: &'a str,
    /// Whether repeating this exact request is safe and may succeed.
    retryable: bool,
    /// What became of it: `not_applied`, `applied_locally` or `unknown`.
    outcome: &'a str,
    /// Where in the body it is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    /// The regions that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    regions: Option<Vec<&'a str>>,
}

impl Problem {
    /// The answer, on the region's letterhead.
    pub(crate) fn reply(&self, letterhead: &Letterhead) -> HttpResponse {
        let Entry { status, code, title, retry, outcome } = self.entry();
        let body = Body {
            r#type: format!("urn:tombolo:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            retryable: retry != Retry::No,
            outcome: outcome.word(),
            offset: match self {
                Self::Json(error) => Some(error.offset),
                _ => None,
            },
            regions: self.regions(),
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut reply = letterhead.reply(status, content_type, body);
        if retry == Retry::Later {
            reply.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S);
        }
        if let Self::WriteConcernUnmet { holders, .. } = self {
            acknowledged_by(&mut reply, holders);
        }
        if let Some((name, value)) = self.header() {
            reply.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        match self {
            Self::Submit(SubmitError::Refused(Refusal::VersionMismatch)) => scoped(reply),
            Self::Table(TableError::Submit(SubmitError::Refused(Refusal::VersionMismatch))) => {
                scoped_globally(reply)
            }
            _ => reply,
        }
    }

    /// What its status asks to be named in a header.
    fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::MethodNotAllowed { allow, .. } => Some((header::ALLOW, allow)),
            Self::MediaType { expected } => Some((header::ACCEPT, expected)),
            Self::ContentEncoding => Some((header::ACCEPT_ENCODING, "identity")),
            _ => None,
        }
    }

    fn regions(&self) -> Option<Vec<&str>> {
        match self {
            Self::Table(TableError::Pending { regions })
            | Self::Member(
                MemberError::Pending { regions } | MemberError::RemovalPending { regions },
            ) => Some(regions.iter().map(RegionId::as_str).collect()),
            Self::Table(TableError::OrdererUnreachable { region })
            | Self::Member(MemberError::OrdererUnreachable { region }) => {
                Some(vec![region.as_str()])
            }
            _ => None,
        }
    }
}
