//! One client of a load: its share of the keys, its order, its requests.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use super::request::Request;
use super::{Extent, KEYS, Key, Load, Stamp, Work};
use crate::http::Connection;

/// How many of its last writes a client remembers, to be read back.
const REMEMBERED: usize = 8;
/// Writes of one client in one load, at most: what the stamp has digits for.
const WRITES_MAX: u64 = 100_000_000;
/// Clients of one load, at most, for the same reason.
const CLIENTS_MAX: u64 = 10_000;

/// When a load is measured and when it ends, the same for all its clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Requests answered from here on are measured.
    pub(super) measured_from: Instant,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    At(Instant),
    AfterRequestsOfAll(u64),
}

impl Span {
    /// That of a load which starts now.
    pub(super) fn starting(now: Instant, extent: Extent) -> Self {
        match extent {
            Extent::Time { warm_up, measured } => {
                let measured_from = now + warm_up;
                Self { measured_from, end: End::At(measured_from + measured) }
            }
            Extent::Requests(requests) => {
                Self { measured_from: now, end: End::AfterRequestsOfAll(requests) }
            }
        }
    }
}

/// One client.
#[derive(Debug)]
pub(super) struct Worker {
    connection: Connection,
    request: Request,
    work: Work,
    share: Share,
    draw: Draw,
    stamp: u64,
    span: Span,
    requests_max: u64,
    latency_ns: Rc<RefCell<Histogram<u64>>>,
    written: VecDeque<(Key, Stamp)>,
}

/// What one client has done.
#[derive(Debug)]
pub(super) struct Done {
    /// Requests answered.
    pub(super) answered: u64,
    /// The last writes, each item once, with what it was last given.
    pub(super) written: Vec<(Key, Stamp)>,
}

impl Worker {
    /// Client `index` of `load`.
    pub(super) fn new(
        load: &Load,
        index: u32,
        connection: Connection,
        span: Span,
        latency_ns: &Rc<RefCell<Histogram<u64>>>,
    ) -> Self {
        let share = Share { first: index, of: load.connections };
        let request = match load.work {
            Work::Fill | Work::Put => Request::put(load.server),
            Work::Get => Request::get(load.server),
        };
        let client = u64::from(load.turn) * CLIENTS_MAX + u64::from(index);
        let requests_max = match span.end {
            End::At(_) => u64::MAX,
            End::AfterRequestsOfAll(requests) => share.part_of(requests),
        };
        Self {
            connection,
            request,
            work: load.work,
            share,
            draw: Draw(client),
            stamp: client * WRITES_MAX,
            span,
            requests_max,
            latency_ns: Rc::clone(latency_ns),
            written: VecDeque::with_capacity(REMEMBERED),
        }
    }

    /// Sends requests until the load ends, and lets the last one be answered.
    pub(super) async fn run(mut self) -> anyhow::Result<Done> {
        let mut answered = 0;
        let mut sent_at = Instant::now();
        while answered < self.requests_max && !self.span.is_over(sent_at) {
            let (key, stamp) = self.next(answered);
            let request = self.request.aimed(key, stamp);
            self.connection.exchange(request).await?.check()?;
            let answered_at = Instant::now();
            answered += 1;
            if self.span.measures(answered_at) {
                let latency = nanoseconds(answered_at - sent_at);
                self.latency_ns.borrow_mut().saturating_record(latency);
            }
            if self.work != Work::Get {
                self.remember(key, stamp);
            }
            sent_at = answered_at;
        }
        Ok(Done { answered, written: self.written.into() })
    }

    fn next(&mut self, answered: u64) -> (Key, Stamp) {
        let key = match self.work {
            Work::Fill => self.share.key(answered),
            Work::Put => self.share.key(self.draw.next()),
            Work::Get => Share::ALL.key(self.draw.next()),
        };
        self.stamp += 1;
        (key, Stamp(self.stamp))
    }

    fn remember(&mut self, key: Key, stamp: Stamp) {
        self.written.retain(|(written, _)| *written != key);
        if self.written.len() == REMEMBERED {
            self.written.pop_front();
        }
        self.written.push_back((key, stamp));
    }
}

impl Span {
    fn is_over(&self, now: Instant) -> bool {
        matches!(self.end, End::At(end) if now >= end)
    }

    fn measures(&self, now: Instant) -> bool {
        now >= self.measured_from && !self.is_over(now)
    }
}

/// Every so-manieth key: no two clients write the same, so that each knows what its items hold.
#[derive(Debug, Clone, Copy)]
struct Share {
    first: u32,
    of: u32,
}

impl Share {
    const ALL: Self = Self { first: 0, of: 1 };

    /// One of its keys; numbers past the last begin again at the first.
    fn key(self, number: u64) -> Key {
        let count = u64::from((KEYS - self.first).div_ceil(self.of));
        let place = u32::try_from(number % count).unwrap_or_default();
        Key(self.first + self.of * place)
    }

    /// How many of `requests` are this client's.
    fn part_of(self, requests: u64) -> u64 {
        (requests + u64::from(self.of - 1 - self.first)) / u64::from(self.of)
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the same order in every run.
#[derive(Debug)]
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_shares_of_all_clients_are_all_keys_once() {
        for of in [1, 7, 64, 256] {
            let mut keys = BTreeSet::new();
            for first in 0..of {
                let share = Share { first, of };
                for number in 0..share.part_of(KEYS.into()) {
                    assert!(keys.insert(share.key(number)), "{of} {first} {number}");
                }
            }
            assert_eq!(keys.len(), 100_000);
            assert_eq!(keys.last(), Some(&Key(99_999)));
        }
    }

    #[test]
    fn the_parts_of_all_clients_are_all_requests() {
        for requests in [0, 1, 63, 64, 65, 100_000] {
            let parts = (0..64).map(|first| Share { first, of: 64 }.part_of(requests));
            assert_eq!(parts.sum::<u64>(), requests);
        }
    }

    #[test]
    fn the_draw_is_that_of_the_paper() {
        let mut draw = Draw(1_234_567);
        assert_eq!(
            [draw.next(), draw.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
        );
    }

    #[test]
    fn only_what_is_answered_between_warm_up_and_end_is_measured() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let span = Span::starting(now, Extent::Time { warm_up: second, measured: second });
        let measured =
            [0, 999, 1_000, 1_999, 2_000].map(|ms| span.measures(now + Duration::from_millis(ms)));
        assert_eq!(measured, [false, false, true, true, false]);
        let counted = Span::starting(now, Extent::Requests(1));
        assert!(counted.measures(now) && !counted.is_over(now + 1_000 * second));
    }
}
