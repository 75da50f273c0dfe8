//! All that a region does not own: time, the network, chance, and whoever watches.

use tombolo_causality::RegionId;
use tombolo_protocol::{Frame, encode_frame};

use crate::Random;
use crate::coverage::{Coverage, PathKind};
use crate::invariant::Violation;
use crate::network::{ConnectionId, Delivery, Network, RegionIndex};
use crate::plan::Plan;
use crate::queue::Queue;
use crate::region::Wake;
use crate::request::{Reply, Request};
use crate::trace::Trace;
use crate::truth::Truth;
use crate::world::Event;

/// See the module.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) now_us: u64,
    pub(crate) plan: Plan,
    pub(crate) names: Vec<RegionId>,
    pub(crate) queue: Queue<Event>,
    pub(crate) network: Network,
    pub(crate) random: Random,
    pub(crate) coverage: Coverage,
    pub(crate) trace: Trace,
    pub(crate) truth: Truth,
    pub(crate) replies: Vec<(usize, u64, Reply)>,
    pub(crate) violations: Vec<Violation>,
    /// What has happened, where it is written down.
    pub(crate) history: Vec<String>,
}

impl Around {
    pub(crate) fn now_ms(&self) -> u64 {
        self.now_us / 1_000
    }

    /// Plans that a region wakes up.
    pub(crate) fn wake(&mut self, region: RegionIndex, life: u64, in_us: u64, what: Wake) {
        self.queue.plan(self.now_us + in_us, Event::Wake { region, life, what });
    }

    /// Says `frame` on a connection.
    pub(crate) fn send(&mut self, connection: ConnectionId, from: RegionIndex, frame: &Frame) {
        // What cannot be encoded ends the connection, as it does in production.
        let Ok(bytes) = encode_frame(frame) else { return self.close(connection, from) };
        let (now_us, network) = (self.now_us, &mut self.network);
        let deliveries =
            network.send(now_us, connection, from, bytes, &mut self.random, &mut self.coverage);
        for delivery in deliveries {
            self.deliver(delivery);
        }
    }

    /// Ends a connection.
    pub(crate) fn close(&mut self, connection: ConnectionId, by: RegionIndex) {
        let told = self.network.close(self.now_us, connection, by, &mut self.random);
        if let Some(delivery) = told {
            self.deliver(delivery);
        }
    }

    pub(crate) fn deliver(&mut self, (at_us, delivery): (u64, Delivery)) {
        self.queue.plan(at_us, Event::Delivery(delivery));
    }

    /// Tells a client.
    pub(crate) fn reply(&mut self, client: usize, number: u64, reply: Reply) {
        self.replies.push((client, number, reply));
    }

    /// Has a peer answer a request; answers whether it can be reached.
    pub(crate) fn forward(&mut self, from: RegionIndex, to: RegionIndex, request: Request) -> bool {
        if self.network.is_cut(from, to) || self.network.is_cut(to, from) {
            return false;
        }
        let at_us = self.now_us + self.network.delay_us(from, to);
        self.queue.plan(at_us, Event::Forwarded { to, request: Box::new(request) });
        true
    }

    /// Writes down what happens, where that is wanted.
    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.plan.tells {
            let (s, ms) = (self.now_us / 1_000_000, self.now_us / 1_000 % 1_000);
            self.history.push(format!("{s:>6}.{ms:03} {}", what()));
        }
    }

    pub(crate) fn path(&mut self, path: PathKind) {
        self.coverage.path(path);
    }

    /// Holds something against the promises.
    pub(crate) fn check(&mut self, result: Result<(), Violation>) {
        self.violations.extend(result.err());
    }
}
