//! A closed loop: so many connections, each sending its next request when its last is answered.
//!
//! All of it runs on one thread with requests prepared beforehand, since the load shares the
//! machine with what it loads. A closed loop shows what a server can do for clients that wait; it
//! does not show what clients that do not wait would see (coordinated omission), and makes no
//! correction for it. A request that is not answered 2xx ends the load with the answer.

mod request;
mod worker;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::http::Connection;
pub(crate) use request::{ITEMS_PATH, Key, Stamp, TABLE_PATH, VALUE_BYTES, value};
use worker::{Span, Worker};

/// How many items there are.
pub(crate) const KEYS: u32 = 100_000;
/// How much longer than planned a load may take before the server is called stuck.
const GRACE: Duration = Duration::from_mins(1);
/// The slowest pace at which counted requests are waited for, per second.
const PER_SECOND_MIN: u64 = 500;

/// A load on one server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Its API.
    pub(crate) server: SocketAddr,
    /// How many clients there are.
    pub(crate) connections: u32,
    /// The number of this load in the run, so that no two write the same values.
    pub(crate) turn: u32,
    /// What they do.
    pub(crate) work: Work,
    /// For how long.
    pub(crate) extent: Extent,
}

/// What the clients of a load do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Write one item after the other. With [`KEYS`] requests, each once.
    Fill,
    /// Write items, each connection those of its own share, in random order.
    Put,
    /// Read items in random order.
    Get,
}

/// How long a load lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    /// By the clock, of which the first part is not measured.
    Time {
        /// What is not measured.
        warm_up: Duration,
        /// What is.
        measured: Duration,
    },
    /// By the number of requests, all measured.
    Requests(u64),
}

/// What a load has seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Time to the answer, in nanoseconds, of every measured request.
    pub(crate) latency_ns: Histogram<u64>,
    /// Requests answered, measured or not.
    pub(crate) answered: u64,
    /// How long was measured.
    pub(crate) measured: Duration,
    /// The last acknowledged writes of each connection, and nothing was written after them.
    pub(crate) written: Vec<(Key, Stamp)>,
}

impl Load {
    /// Connects, runs to the end and returns once every request is answered.
    pub(crate) async fn run(&self) -> anyhow::Result<Outcome> {
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(self.server).await?);
        }
        let bound = GRACE + self.extent.duration();
        let done = timeout(bound, self.run_on(connections)).await;
        done.unwrap_or_else(|_| Err(anyhow!("the server is stuck: not done within {bound:?}")))
    }

    async fn run_on(&self, connections: Vec<Connection>) -> anyhow::Result<Outcome> {
        // One histogram for all: one each would not fit the cache.
        let latency_ns = Rc::new(RefCell::new(histogram()?));
        let span = Span::starting(Instant::now(), self.extent);
        let mut workers = JoinSet::new();
        for (index, connection) in (0..).zip(connections) {
            workers.spawn_local(Worker::new(self, index, connection, span, &latency_ns).run());
        }
        let (mut answered, mut written) = (0, Vec::new());
        while let Some(done) = workers.join_next().await {
            let done = done.context("a client failed")??;
            answered += done.answered;
            written.extend(done.written);
        }
        let measured = match self.extent {
            Extent::Time { measured, .. } => measured,
            Extent::Requests(_) => span.measured_from.elapsed(),
        };
        let latency_ns = latency_ns.borrow().clone();
        Ok(Outcome { latency_ns, answered, measured, written })
    }
}

impl Extent {
    /// How long it takes, or should at the very most.
    fn duration(self) -> Duration {
        match self {
            Self::Time { warm_up, measured } => warm_up + measured,
            Self::Requests(requests) => Duration::from_secs(requests / PER_SECOND_MIN),
        }
    }
}

/// From a microsecond to a minute, to three digits.
pub(crate) fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1_000, 60_000_000_000, 3)?)
}
