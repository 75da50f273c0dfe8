//! All metrics, each with what it is and where its numbers come from.
//!
//! They stand by what they are about, in files below this one.

mod data;
mod links;
mod region;
mod requests;

use super::text::Series;
use super::{Kind, Metric, Moment};

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    meaning: &'static str,
    samples: fn(&Moment<'_>, &mut Series<'_>),
) -> Metric {
    Metric { name, kind, unit, meaning, samples }
}

/// Every metric, in the order of the page.
pub(super) fn all() -> impl Iterator<Item = &'static Metric> {
    region::METRICS.iter().chain(&requests::METRICS).chain(&data::METRICS).chain(&links::METRICS)
}
