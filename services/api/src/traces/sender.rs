//! The thread that sends: gathers for a moment, then posts what there is.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::sync::oneshot;
use tombolo_causality::RegionId;

use super::collector::Collector;
use super::{Item, Tally, Trace, spans};

/// Traces in one message.
const MESSAGE_TRACES_MAX: usize = 512;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) queued: Receiver<Item>,
    pub(super) collector: Collector,
    pub(super) region: RegionId,
    pub(super) tally: Arc<Tally>,
}

/// What was gathered.
#[derive(Debug, Default)]
struct Gathered {
    traces: Vec<Trace>,
    /// Who waits for it to be sent.
    flush: Option<oneshot::Sender<()>>,
}

impl Sender {
    /// Sends until nobody records any more, and what was recorded until then.
    pub(super) fn run(self) {
        let mut is_well = true;
        while let Ok(first) = self.queued.recv() {
            let Gathered { traces, flush } = self.gather(first);
            let count = traces.len() as u64;
            if count > 0 {
                let sent = self.send(&traces);
                match &sent {
                    Ok(()) => self.tally.sent.add(count),
                    Err(_) => self.tally.not_taken.add(count),
                }
                // Said when it changes: the metrics tell how many.
                match &sent {
                    Ok(()) if !is_well => tracing::info!("the collector takes traces again"),
                    Err(error) if is_well => {
                        tracing::warn!(%error, "the collector does not take traces");
                    }
                    _ => {}
                }
                is_well = sent.is_ok();
            }
            if let Some(flush) = flush {
                // Whoever asked may have stopped waiting.
                flush.send(()).ok();
            }
        }
    }

    fn gather(&self, first: Item) -> Gathered {
        let (until, mut gathered) = (Instant::now() + GATHER, Gathered::default());
        let mut next = Some(first);
        while let Some(item) = next {
            match item {
                Item::Trace(trace) => gathered.traces.push(trace),
                Item::Flush(done) => {
                    gathered.flush = Some(done);
                    break;
                }
            }
            if gathered.traces.len() == MESSAGE_TRACES_MAX {
                break;
            }
            let wait = until.saturating_duration_since(Instant::now());
            next = self.queued.recv_timeout(wait).ok();
        }
        gathered
    }

    fn send(&self, traces: &[Trace]) -> io::Result<()> {
        let request = spans::request(traces, self.region).map_err(io::Error::other)?;
        self.collector.post(&ExportTraceServiceRequest::encode_to_vec(&request))
    }
}
