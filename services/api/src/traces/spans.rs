//! The spans of a write: the request, and below it one for each of its steps. And that of another
//! region's write which was applied here.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use tombolo_actors::Applied;
use tombolo_causality::RegionId;
use tombolo_replication::SpanContext;

use super::{Begun, Trace, Write};

/// A moment on both clocks, so that what one measured can be told on the other.
#[derive(Clone, Copy, Debug)]
struct Now {
    monotonic: Instant,
    wall: SystemTime,
}

/// Everything that is told of `traces`, of region `region`.
pub(super) fn request(
    traces: &[Trace],
    region: RegionId,
) -> Result<ExportTraceServiceRequest, getrandom::Error> {
    let now = Now { monotonic: Instant::now(), wall: SystemTime::now() };
    let mut spans = Vec::with_capacity(6 * traces.len());
    for trace in traces {
        match trace {
            Trace::Write(write) => add(&mut spans, write, now)?,
            Trace::Applied(applied) => spans.push(apply(applied, now)?),
        }
    }
    let scope = InstrumentationScope {
        name: "tombolo".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let attributes = vec![
        text("service.name", "tombolo"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", region.as_str()),
    ];
    let resource = Resource { attributes, ..Resource::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }];
    Ok(ExportTraceServiceRequest { resource_spans })
}

fn apply(applied: &Applied, now: Now) -> Result<Span, getrandom::Error> {
    let SpanContext { trace, span } = applied.written_in;
    let link = Link { trace_id: trace.to_vec(), span_id: span.to_vec(), ..Link::default() };
    Ok(Span {
        trace_id: random::<16>()?.to_vec(),
        span_id: random::<8>()?.to_vec(),
        name: "apply".to_owned(),
        kind: SpanKind::Consumer.into(),
        start_time_unix_nano: now.at(applied.taken),
        end_time_unix_nano: now.at(applied.durable),
        attributes: vec![text("tombolo.change", &applied.change.to_string())],
        links: vec![link],
        ..Span::default()
    })
}

fn add(spans: &mut Vec<Span>, trace: &Write, now: Now) -> Result<(), getrandom::Error> {
    let Begun { context, parent } = trace.span;
    let (id, root) = (context.trace.to_vec(), context.span.to_vec());
    let parent = parent.map_or_else(Vec::new, |parent| parent.to_vec());
    let (method, route) = (trace.verb.name(), trace.class.template());
    // By the conventions for servers only what is the server's fault is an error.
    let code = if trace.status.is_server_error() { StatusCode::Error } else { StatusCode::Unset };
    spans.push(Span {
        trace_id: id.clone(),
        span_id: root.clone(),
        parent_span_id: parent,
        name: format!("{method} {route}"),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: now.at(trace.began),
        end_time_unix_nano: now.at(trace.ended),
        attributes: vec![
            text("http.request.method", method),
            text("http.route", route),
            attribute("http.response.status_code", Value::IntValue(trace.status.as_u16().into())),
        ],
        status: Some(Status { code: code.into(), ..Status::default() }),
        ..Span::default()
    });
    let Some(times) = trace.times else { return Ok(()) };
    for (name, from, to) in [
        ("parse", trace.began, times.offered),
        ("mailbox", times.offered, times.taken),
        ("decide", times.taken, times.staged),
        ("journal", times.staged, times.durable),
        ("reply", times.durable, trace.ended),
    ] {
        spans.push(Span {
            trace_id: id.clone(),
            span_id: random::<8>()?.to_vec(),
            parent_span_id: root.clone(),
            name: name.to_owned(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: now.at(from),
            end_time_unix_nano: now.at(to),
            ..Span::default()
        });
    }
    Ok(())
}

impl Now {
    /// A moment that was measured before, in ns since 1970.
    fn at(self, moment: Instant) -> u64 {
        let ago = self.monotonic.saturating_duration_since(moment);
        let since = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(ago);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// So many random bytes. All of them zero, which is no id, will not be seen.
pub(super) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut id = [0; N];
    getrandom::fill(&mut id)?;
    Ok(id)
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
