//! The measured round trips as items to load: a line each of `{"key":…,"value":…}`.
//!
//! One item for each ordered pair of two places, `from/to`, in the order of [`PLACES`]; the figures
//! are those of the table to the microsecond, and each item says where they come from.

use core::fmt::Write as _;
use std::time::Duration;

use super::{LatencyMatrix, Rtt};
use crate::places::{COUNT, PLACES};

/// How many there are: 15 places with 14 others each.
pub const ROUND_TRIPS: usize = COUNT * (COUNT - 1);

/// From the first line of the table.
const SOURCE: &str =
    "github vitorenesduarte/fantoch@aea6e324 latency_aws/2020_06_05 (MIT/Apache-2.0)";

impl LatencyMatrix {
    /// All [`ROUND_TRIPS`], a line each.
    pub fn to_items(&self) -> String {
        let mut lines = String::new();
        for from in &PLACES {
            for to in PLACES.iter().filter(|to| to.index != from.index) {
                let Rtt { min, avg, max, mdev } = self.rtt(from, to);
                let [min, avg, max, mdev] = [min, avg, max, mdev].map(milliseconds);
                // Names have nothing in them that JSON escapes, and memory takes what is written.
                writeln!(
                    lines,
                    "{{\"key\":\"{from}/{to}\",\"value\":{{\"from\":\"{from}\",\"to\":\"{to}\",\
                     \"rtt_ms\":{{\"min\":{min},\"avg\":{avg},\"max\":{max},\"mdev\":{mdev}}},\
                     \"source\":\"{SOURCE}\"}}}}",
                    from = from.name,
                    to = to.name,
                )
                .ok();
            }
        }
        lines
    }
}

/// With as many decimals as it needs, at most three.
fn milliseconds(duration: Duration) -> String {
    let micros = duration.as_micros();
    let digits = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../data/round_trips.ndjson");
    const TABLE: &str = include_str!("../../data/aws-rtt-ms-2020-06-05.tsv");

    #[test]
    fn the_file_holds_every_round_trip_as_it_was_measured() {
        assert!(
            FILE == LatencyMatrix::measured().to_items(),
            "run: cargo run -p tombolo-topology --example write_round_trips \
             > regions/topology/data/round_trips.ndjson"
        );
        assert_eq!(FILE.lines().count(), ROUND_TRIPS);
    }

    #[test]
    fn an_item_has_the_digits_of_its_line_in_the_table() {
        let aws = |name: &str| PLACES.iter().find(|place| place.name == name).unwrap().aws;
        for line in FILE.lines() {
            let fields: Vec<_> = line.split(['"', ':', ',', '}']).collect();
            let member = |name: &str| {
                let at = fields.iter().position(|field| *field == name).unwrap();
                fields[at + 1..].iter().find(|field| !field.is_empty()).copied().unwrap()
            };
            let names = [member("from"), member("to")].map(aws);
            let figures = ["min", "avg", "max", "mdev"].map(member);
            let row = format!("{}\t{}", names.join("\t"), figures.join("\t"));
            assert!(TABLE.lines().any(|measured| measured == row), "{row}");
        }
    }

    #[test]
    fn the_source_is_that_of_the_table() {
        let first = TABLE.lines().next().unwrap();
        assert!(first.ends_with(&format!("Source {SOURCE}")), "{first}");
    }
}
