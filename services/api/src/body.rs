//! A request's body: declared as JSON, bounded in bytes and in time, and read whole.

use core::future::poll_fn;
use core::pin::pin;
use core::time::Duration;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use tombolo_datatypes::JsonText;

use crate::problem::Problem;

/// How much of a body is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// The longest body, in bytes.
    pub(crate) bytes_max: usize,
    /// How long it may take to arrive.
    pub(crate) timeout: Duration,
}

/// What a body is declared to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// Not declared.
    Undeclared,
    /// `application/json`.
    Json,
    /// `application/merge-patch+json`.
    MergePatch,
    /// Something else.
    Other,
}

impl Media {
    /// What the headers say, parameters such as a charset aside.
    pub(crate) fn declared(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(header::CONTENT_TYPE) else { return Self::Undeclared };
        let value = value.to_str().unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else if essence.eq_ignore_ascii_case("application/merge-patch+json") {
            Self::MergePatch
        } else {
            Self::Other
        }
    }

    /// Refuses what is declared to be something else than JSON.
    pub(crate) fn check_json_or_undeclared(headers: &HeaderMap) -> Result<(), Problem> {
        match Self::declared(headers) {
            Self::Json | Self::Undeclared => Ok(()),
            Self::MergePatch | Self::Other => Err(Self::refused()),
        }
    }

    /// The refusal that names the header to send.
    pub(crate) fn refused() -> Problem {
        Problem::MediaType { expected: "application/json" }
    }
}

/// Reads a body that is one JSON value.
pub(crate) async fn read_json(
    headers: &HeaderMap,
    payload: &mut Payload,
    limits: BodyLimits,
) -> Result<JsonText, Problem> {
    let body = read(headers, payload, limits).await?;
    Ok(JsonText::parse(&body)?)
}

/// Leaves no payload where it was read to its end.
async fn read(
    headers: &HeaderMap,
    payload: &mut Payload,
    limits: BodyLimits,
) -> Result<Bytes, Problem> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::ContentEncoding);
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    if length.is_some_and(|length| length > limits.bytes_max) {
        return Err(Problem::TooLarge { bytes_max: limits.bytes_max });
    }
    let gathered = tokio::time::timeout(limits.timeout, gather(payload, limits.bytes_max)).await;
    let body = gathered.map_err(|_| Problem::BodyTimeout { timeout: limits.timeout })??;
    *payload = Payload::None;
    Ok(body)
}

/// Memory grows with what has arrived, never with what is announced.
async fn gather(payload: &mut Payload, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut chunks = pin!(BodyStream::new(payload));
    let mut next = async || poll_fn(|task| chunks.as_mut().poll_next(task)).await;
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = next().await {
        let chunk = chunk.map_err(|_| Problem::BodyIncomplete)?;
        if first.len() + rest.len() + chunk.len() > bytes_max {
            return Err(Problem::TooLarge { bytes_max });
        }
        if first.is_empty() && rest.is_empty() {
            // Nearly every body arrives at once and is then not copied.
            first = chunk;
        } else {
            rest.extend_from_slice(&core::mem::take(&mut first));
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn parameters_and_case_do_not_make_another_media_type() {
        let declared = |value| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            Media::declared(&headers)
        };
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/json;"] {
            assert_eq!(declared(json), Media::Json, "{json}");
        }
        for other in ["", "application/x-www-form-urlencoded", "text/json", "application/jsonx"] {
            assert_eq!(declared(other), Media::Other, "{other}");
        }
        assert_eq!(declared("application/merge-patch+json"), Media::MergePatch);
        assert_eq!(Media::declared(&HeaderMap::new()), Media::Undeclared);
    }
}
