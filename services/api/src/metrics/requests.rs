//! Requests, counted where they are answered.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use tombolo_actors::meters::{
    Counter, DURATION_BOUNDS_NS, Histogram, Reading, Sharded, WriteTimes,
};

use crate::route::{RouteClass, Verb};

/// Status classes, `1xx` to `5xx`.
const CLASSES: usize = 5;
/// Their names.
pub(super) const STATUS_CLASSES: [&str; CLASSES] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The route of requests that name none.
const NO_ROUTE: &str = "none";

/// See the module.
#[derive(Debug)]
pub(crate) struct Requests {
    /// How long from a write's being durable until its answer stood.
    pub(super) reply: Sharded<Histogram>,
    /// How long from a write's arrival until it was offered to the leader.
    pub(super) parse: Sharded<Histogram>,
    shards: Sharded<Box<[Place]>>,
}

/// The requests of one route and method.
#[derive(Debug)]
struct Place {
    by_class: [Counter; CLASSES],
    durations: Histogram,
}

/// The same, added up.
#[derive(Debug)]
pub(super) struct PlaceReading {
    pub(super) route: &'static str,
    pub(super) method: &'static str,
    pub(super) by_class: [u64; CLASSES],
    pub(super) durations: Reading,
}

/// Methods that no route knows count as one.
const METHODS: [&str; Verb::ALL.len() + 1] = {
    let mut names = ["other"; Verb::ALL.len() + 1];
    let mut at = 0;
    while at < Verb::ALL.len() {
        names[at] = Verb::ALL[at].name();
        at += 1;
    }
    names
};

fn durations() -> Histogram {
    Histogram::new(DURATION_BOUNDS_NS)
}

impl Requests {
    pub(crate) fn new() -> Self {
        let place = || Place { by_class: Default::default(), durations: durations() };
        let places = (RouteClass::ALL.len() + 1) * METHODS.len();
        Self {
            reply: Sharded::new(durations),
            parse: Sharded::new(durations),
            shards: Sharded::new(|| (0..places).map(|_| place()).collect()),
        }
    }

    /// Counts a request that was answered with `status` after `duration`; a route or a method is
    /// missing where nobody knows it.
    pub(crate) fn answered(
        &self,
        class: Option<RouteClass>,
        verb: Option<Verb>,
        status: StatusCode,
        duration: Duration,
    ) {
        let route = class.map_or(RouteClass::ALL.len(), |class| class as usize);
        let method = verb.map_or(METHODS.len() - 1, |verb| verb as usize);
        let Some(place) = self.shards.mine().get(route * METHODS.len() + method) else { return };
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        place.by_class[class].increment();
        place.durations.observe_duration(duration);
    }

    /// Counts a write that came to the leader: how long it was parsed, and how long its answer took
    /// to write once it was durable.
    pub(crate) fn wrote(&self, began: Instant, times: WriteTimes, now: Instant) {
        self.parse.mine().observe_span(began, times.offered);
        self.reply.mine().observe_span(times.durable, now);
    }

    /// Every route and method that was ever asked for.
    pub(super) fn read(&self) -> impl Iterator<Item = PlaceReading> {
        let routes = RouteClass::ALL.map(RouteClass::template).into_iter().chain([NO_ROUTE]);
        let names = routes.flat_map(|route| METHODS.map(|method| (route, method)));
        names.enumerate().filter_map(|(at, (route, method))| {
            let mut pieces = self.shards.iter().filter_map(|shard| shard.get(at));
            let first = pieces.next()?;
            let mut by_class = first.by_class.each_ref().map(Counter::get);
            let mut durations = first.durations.read();
            for piece in pieces {
                for (sum, more) in by_class.iter_mut().zip(&piece.by_class) {
                    *sum += more.get();
                }
                durations.add(&piece.durations.read());
            }
            let asked = by_class.iter().any(|count| *count > 0);
            asked.then_some(PlaceReading { route, method, by_class, durations })
        })
    }
}

/// A histogram in pieces, added up.
pub(super) fn total(pieces: &Sharded<Histogram>) -> Reading {
    let mut pieces = pieces.iter().map(Histogram::read);
    let mut total = pieces.next().unwrap_or_else(|| durations().read());
    pieces.for_each(|piece| total.add(&piece));
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_route_method_and_status_class() {
        let requests = Requests::new();
        let took = Duration::from_micros(7);
        requests.answered(Some(RouteClass::Item), Some(Verb::Put), StatusCode::CREATED, took);
        requests.answered(Some(RouteClass::Item), Some(Verb::Put), StatusCode::OK, took);
        requests.answered(Some(RouteClass::Item), None, StatusCode::METHOD_NOT_ALLOWED, took);
        requests.answered(None, Some(Verb::Get), StatusCode::NOT_FOUND, took);
        let read: Vec<_> = requests
            .read()
            .map(|place| (place.route, place.method, place.by_class, place.durations.sum))
            .collect();
        let item = "/v1/tables/{table}/items/{key}";
        let expected = [
            (item, "PUT", [0, 2, 0, 0, 0], 14_000),
            (item, "other", [0, 0, 0, 1, 0], 7_000),
            ("none", "GET", [0, 0, 0, 1, 0], 7_000),
        ];
        assert_eq!(read, expected);
    }
}
