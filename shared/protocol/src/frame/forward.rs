//! A client's request on its way to the region that can answer it, and the answer on its way back.

use crate::limits::HEADERS_MAX;
use crate::rules::at_most;
use crate::wire::{ForwardV1, ForwardedV1};
use crate::{DecodeError, EncodeError};

/// A client's request, for a peer to answer in the place of the region that was asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Forward {
    /// Chosen by the asker, unique on this connection.
    pub request: u64,
    /// How long the answer is waited for, from its arrival, in ms.
    pub timeout_ms: u64,
    /// The HTTP method.
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// The headers that matter to the answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The answer to a [`Forward`].
#[derive(Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// The request.
    pub request: u64,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Without keys, values and tokens: what clients send stays out of logs.
impl core::fmt::Debug for Forward {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { request, method, body, .. } = self;
        write!(f, "Forward({request}, {method}, {} bytes)", body.len())
    }
}

impl core::fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { request, status, body, .. } = self;
        write!(f, "Forwarded({request}, {status}, {} bytes)", body.len())
    }
}

pub(super) fn encode_forward(forward: &Forward) -> Result<ForwardV1<'_>, EncodeError> {
    Ok(ForwardV1 {
        request: forward.request,
        timeout_ms: forward.timeout_ms,
        method: &forward.method,
        target: &forward.target,
        headers: encode_headers(&forward.headers)?,
        body: &forward.body,
    })
}

pub(super) fn decode_forward(wire: &ForwardV1<'_>) -> Result<Forward, DecodeError> {
    Ok(Forward {
        request: wire.request,
        timeout_ms: wire.timeout_ms,
        method: wire.method.to_owned(),
        target: wire.target.to_owned(),
        headers: decode_headers(&wire.headers)?,
        body: wire.body.to_vec(),
    })
}

pub(super) fn encode_forwarded(answer: &Forwarded) -> Result<ForwardedV1<'_>, EncodeError> {
    Ok(ForwardedV1 {
        request: answer.request,
        status: answer.status,
        headers: encode_headers(&answer.headers)?,
        body: &answer.body,
    })
}

pub(super) fn decode_forwarded(wire: &ForwardedV1<'_>) -> Result<Forwarded, DecodeError> {
    Ok(Forwarded {
        request: wire.request,
        status: wire.status,
        headers: decode_headers(&wire.headers)?,
        body: wire.body.to_vec(),
    })
}

fn encode_headers(headers: &[(String, String)]) -> Result<Vec<(&str, &str)>, EncodeError> {
    at_most("forwarded headers", headers.len(), HEADERS_MAX)?;
    Ok(headers.iter().map(|(name, value)| (&**name, &**value)).collect())
}

fn decode_headers(headers: &[(&str, &str)]) -> Result<Vec<(String, String)>, DecodeError> {
    at_most("forwarded headers", headers.len(), HEADERS_MAX)?;
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Ok(headers.iter().map(owned).collect())
}
