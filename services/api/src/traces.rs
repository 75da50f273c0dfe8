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
//! Deliberately absent: TLS (a collector beside the region has it), reads, and what other regions
//! do with the change.

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
use tombolo_causality::RegionId;
use tombolo_topology::settings::{OtlpEndpoint, Telemetry};

use self::collector::Collector;
use self::context::TraceContext;
use self::sender::Sender;
use crate::route::{RouteClass, Verb};

/// One write, as far as a trace tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trace {
    /// The trace that the caller began, where it did.
    context: Option<TraceContext>,
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
    queue: Option<SyncSender<Item>>,
    tally: Arc<Tally>,
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
        Ok(Self { queue: Some(queue), tally })
    }

    /// Whether anybody is told.
    pub(crate) fn is_on(&self) -> bool {
        self.queue.is_some()
    }

    /// What became of traces so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Tells of a request that was to change something. Never waits.
    pub(crate) fn record(
        &self,
        (class, verb, status): (RouteClass, Verb, StatusCode),
        headers: &HeaderMap,
        (began, times, ended): (Instant, Option<WriteTimes>, Instant),
    ) {
        let Some(queue) = &self.queue else { return };
        let context = TraceContext::of(headers);
        if context.is_some_and(|context| !context.is_sampled) {
            return;
        }
        let trace = Trace { context, class, verb, status, began, times, ended };
        if queue.try_send(Item::Trace(trace)).is_err() {
            self.tally.queue_full.increment();
        }
    }

    /// Answers when what was recorded so far is sent or dropped; at once where that cannot be
    /// asked for.
    pub(crate) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if let Some(queue) = &self.queue
            && queue.try_send(Item::Flush(done)).is_ok()
        {
            // Without an answer the thread has ended, and nothing can be flushed.
            is_done.await.ok();
        }
    }
}
