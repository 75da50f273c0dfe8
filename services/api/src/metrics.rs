//! `/metrics`: what operators plot and alert on, as Prometheus reads it.
//!
//! Every metric stands once, in the [catalog]: its name, type, unit and meaning, and where its
//! numbers come from. Nothing is counted here but requests; the region counts its own work. No
//! metric is labelled by table or key, so that the page stays as short as there are regions.

mod catalog;
mod requests;
mod text;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use tombolo_actors::{LinkStatus, Region};

pub(crate) use self::requests::Requests;
use self::text::Series;
use crate::api::Api;
use crate::traces::Tally;

/// The text format that every collector reads.
const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It is what it is now.
    Gauge,
    /// Observations by upper bound.
    Histogram,
}

/// One metric.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What one of it is: `seconds`, `bytes`, or the thing that is counted.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the name says it; documents are held to it")
    )]
    pub(crate) unit: &'static str,
    /// What it tells, in a sentence without a full stop.
    pub(crate) meaning: &'static str,
    samples: fn(&Moment<'_>, &mut Series<'_>),
}

/// What there is to show at one moment.
struct Moment<'a> {
    region: &'a Region,
    links: Vec<LinkStatus>,
    requests: &'a Requests,
    traces: &'a Tally,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Answers `GET /metrics`.
pub(crate) fn show(api: &Api) -> HttpResponse {
    let region = api.region();
    let moment =
        Moment { region, links: region.links(), requests: api.requests(), traces: api.tally() };
    let mut page = String::with_capacity(16 << 10);
    for metric in catalog::all() {
        text::head(&mut page, metric);
        (metric.samples)(&moment, &mut Series::of(&mut page, metric.name));
    }
    api.letterhead().reply(StatusCode::OK, CONTENT_TYPE, page.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_for_operators_tells_what_the_page_shows() {
        let rows = catalog::all().map(|Metric { name, kind, unit, meaning, .. }| {
            format!("| `{name}` | {} | {unit} | {meaning} |\n", kind.word())
        });
        let table = rows.collect::<String>();
        let document = include_str!("../../../ops/README.md");
        assert!(document.contains(&table), "ops/README.md should have this:\n{table}");
    }

    #[test]
    fn names_say_their_unit_and_what_only_grows() {
        for Metric { name, kind, unit, meaning, .. } in catalog::all() {
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            let measured = name.trim_end_matches("_total");
            if ["seconds", "bytes", "changes"].contains(unit) {
                let applied = measured.trim_end_matches("_applied");
                assert!(applied.ends_with(&format!("_{unit}")), "{name} is in {unit}");
            }
            assert!(!meaning.ends_with('.') && !meaning.contains(['\n', '\\', '|']), "{name}");
        }
    }
}
