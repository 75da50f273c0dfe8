//! Traces of writes for an OpenTelemetry collector (OTLP over HTTP), where the settings name one.
//!
//! ```text
//!  answer ─ Trace (plain numbers) ─▶ bounded queue ─▶ a thread ─ spans, protobuf ─▶ collector
//! ```
//!
//! A write's spans are made after it is done, from the times that its answer carries: while it is
//! on its way nothing is created, and where no collector is named nothing is looked at but that. A
//! request's `traceparent` is continued, and its decision not to be sampled is kept. What finds the
//! queue full, or is not taken by the collector, is dropped and counted; nothing is sent twice and
//! nothing waits for a collector.
//!
//! A write's span goes with its change. A region that applies it tells of that in a trace of its own,
//! one span with a link to the write's: it may be hours later, and in each region.
//!
//! Deliberately absent: TLS (a collector beside the region has it), reads, and the definitions of
//! tables as other regions apply them.

mod collector;
mod context;
mod sender;
mod spans;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use tokio::sync::oneshot;
use tombolo_actors::meters::{Counter, WriteTimes};
use tombolo_actors::{Applied, Observer, Region};
use tombolo_causality::RegionId;
use tombolo_replication::SpanContext;
use tombolo_topology::settings::{OtlpEndpoint, Telemetry};

use self::collector::Collector;
use self::context::TraceContext;
use self::sender::Sender;
use crate::route::{RouteClass, Verb};

/// A request's span, while it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) context: SpanContext,
    /// The caller's span, where the caller began the trace.
    parent: Option<[u8; 8]>,
}

/// What is told of in one trace, or in a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trace {
    Write(Write),
    Applied(Applied),
}

/// One write, as far as a trace tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Write {
    span: Begun,
    class: RouteClass,
    verb: Verb,
    status: StatusCode,
    began: Instant,
    /// Missing where it was not acknowledged.
    times: Option<WriteTimes>,
    ended: Instant,
}

/// What waits in the queue.
#[derive(Debug)]
enum Item {
    Trace(Trace),
    /// Send what came before, then say so.
    Flush(oneshot::Sender<()>),
}

/// What became of traces.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Taken by the collector.
    pub(crate) sent: Counter,
    /// Dropped because too many waited.
    pub(crate) queue_full: Counter,
    /// Dropped because the collector did not take them.
    pub(crate) not_taken: Counter,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    queue: Option<Arc<Queue>>,
    tally: Arc<Tally>,
}

/// What waits to be sent.
#[derive(Debug)]
struct Queue {
    sender: SyncSender<Item>,
    tally: Arc<Tally>,
}

impl Queue {
    /// Never waits.
    fn offer(&self, trace: Trace) {
        if self.sender.try_send(Item::Trace(trace)).is_err() {
            self.tally.queue_full.increment();
        }
    }
}

impl Observer for Queue {
    fn applied(&self, applied: Applied) {
        self.offer(Trace::Applied(applied));
    }
}

impl Tracer {
    /// One that does as the settings say; with a collector named, it starts a thread, which ends
    /// with the tracer.
    pub(crate) fn start(settings: &Telemetry, region: RegionId) -> io::Result<Self> {
        let OtlpEndpoint::Collector { host, port, path } = &settings.otlp_endpoint else {
            return Ok(Self::default());
        };
        let collector = Collector::new(host, *port, path);
        let (queue, queued) = sync_channel(settings.otlp_queue_traces_max);
        let tally = Arc::new(Tally::default());
        let sender = Sender { queued, collector, region, tally: Arc::clone(&tally) };
        std::thread::Builder::new().name("otlp".to_owned()).spawn(move || sender.run())?;
        let queue = Queue { sender: queue, tally: Arc::clone(&tally) };
        Ok(Self { queue: Some(Arc::new(queue)), tally })
    }

    /// Tells of the traced changes of other regions that `region` applies, where anybody is told.
    pub(crate) fn observe(&self, region: &Region) {
        if let Some(queue) = &self.queue {
            region.observed_by(&(Arc::clone(queue) as Arc<dyn Observer>));
        }
    }

    /// The span of a request that is to change something, where it is traced: a part of the trace
    /// that the headers name, or else a new one.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Option<Begun> {
        self.queue.as_ref()?;
        let context = TraceContext::of(headers);
        if context.is_some_and(|context| !context.is_sampled) {
            return None;
        }
        let trace = context.map_or_else(spans::random, |context| Ok(context.trace)).ok()?;
        let span = spans::random().ok()?;
        let parent = context.map(|context| context.parent);
        Some(Begun { context: SpanContext { trace, span }, parent })
    }

    /// The span of a caller whose request another region has passed on, where it is traced.
    pub(crate) fn passed_on(&self, headers: &HeaderMap) -> Option<SpanContext> {
        self.queue.as_ref()?;
        let context = TraceContext::of(headers).filter(|context| context.is_sampled)?;
        Some(SpanContext { trace: context.trace, span: context.parent })
    }

    /// What became of traces so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Tells of a request that was to change something. Never waits.
    pub(crate) fn record(
        &self,
        span: Begun,
        (class, verb, status): (RouteClass, Verb, StatusCode),
        (began, times, ended): (Instant, Option<WriteTimes>, Instant),
    ) {
        if let Some(queue) = &self.queue {
            queue.offer(Trace::Write(Write { span, class, verb, status, began, times, ended }));
        }
    }

    /// Answers when what was recorded so far is sent or dropped; at once where that cannot be
    /// asked for.
    pub(crate) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if let Some(queue) = &self.queue
            && queue.sender.try_send(Item::Flush(done)).is_ok()
        {
            // Without an answer the thread has ended, and nothing can be flushed.
            is_done.await.ok();
        }
    }
}
