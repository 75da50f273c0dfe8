//! The turns of both sides under one load, and the table that is made of them.

use serde::Serialize;

use super::turn::Turn;
use crate::load::Work;
use crate::report::{Percentiles, Table, median, milliseconds, whole};

/// The turns of both sides under one load; those at the same place were taken one after the other.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    #[serde(serialize_with = "as_name")]
    pub(super) work: Work,
    pub(super) connections: u32,
    pub(super) tombolo: Vec<Turn>,
    pub(super) floor: Vec<Turn>,
    /// The disk's write and fdatasync of a page, directly before and after the store's turn.
    pub(super) disk: Vec<Percentiles>,
}

impl Comparison {
    /// One without turns.
    pub(super) fn new(work: Work, connections: u32) -> Self {
        Self { work, connections, tombolo: Vec::new(), floor: Vec::new(), disk: Vec::new() }
    }

    /// Adds what one round has shown.
    pub(super) fn push(&mut self, tombolo: Turn, floor: Turn, disk: Percentiles) {
        self.tombolo.push(tombolo);
        self.floor.push(floor);
        self.disk.push(disk);
    }

    /// What is compared, for people.
    pub(super) fn title(&self) -> String {
        let plural = if self.connections == 1 { "" } else { "s" };
        format!("{}, {} connection{plural}", name(self.work), self.connections)
    }

    /// The median of the rounds' own ratios.
    fn ratio(&self) -> f64 {
        let pairs = self.tombolo.iter().zip(&self.floor);
        median(pairs.map(|(ours, floor)| ours.per_second / floor.per_second.max(f64::EPSILON)))
    }
}

/// All comparisons that have been made, one a row.
pub(super) fn table(comparisons: &[Comparison]) -> Table {
    let mut table = Table::new(&[
        "",
        "/s",
        "p50 ms",
        "p99 ms",
        "cpu µs",
        "floor: /s",
        "p50 ms",
        "p99 ms",
        "cpu µs",
        "÷ floor",
        "fdatasync p50 ms",
    ]);
    for comparison in comparisons.iter().filter(|one| !one.tombolo.is_empty()) {
        let mut row = vec![comparison.title()];
        for turns in [&comparison.tombolo, &comparison.floor] {
            let middle = |figure: fn(&Turn) -> f64| median(turns.iter().map(figure));
            row.push(whole(middle(|turn| turn.per_second)));
            row.push(milliseconds(middle(|turn| turn.latency.p50_us)));
            row.push(milliseconds(middle(|turn| turn.latency.p99_us)));
            row.push(format!("{:.1}", middle(|turn| turn.cpu_us)));
        }
        row.push(format!("{:.2}", comparison.ratio()));
        row.push(milliseconds(median(comparison.disk.iter().map(|disk| disk.p50_us))));
        table.push(row);
    }
    table
}

fn name(work: Work) -> &'static str {
    match work {
        Work::Fill => "fill",
        Work::Put => "PUT",
        Work::Get => "GET",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn as_name<S: serde::Serializer>(work: &Work, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*work))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A turn with these figures.
    pub(crate) fn turn(per_second: f64, p50_us: f64) -> Turn {
        let latency = Percentiles {
            p50_us,
            p90_us: 0.0,
            p99_us: 2.0 * p50_us,
            p999_us: 0.0,
            max_us: 0.0,
            count: 0,
        };
        Turn { per_second, latency, cpu_us: 12.34 }
    }

    #[test]
    fn the_ratio_compares_turns_of_the_same_round() {
        let mut comparison = Comparison::new(Work::Put, 64);
        for (ours, floor) in [(8.0, 10.0), (80.0, 100.0), (0.8, 1.0)] {
            comparison.push(turn(ours, 1.0), turn(floor, 1.0), turn(0.0, 1.0).latency);
        }
        assert!((comparison.ratio() - 0.8).abs() < 1e-9);
    }

    #[test]
    fn the_table_shows_medians_of_both_sides_and_no_row_for_what_was_not_measured() {
        let mut comparison = Comparison::new(Work::Put, 1);
        for ours in [turn(2_400.0, 400.0), turn(1.0, 9_999.0), turn(2_500.0, 390.0)] {
            comparison.push(ours, turn(3_000.0, 300.0), turn(0.0, 150.0).latency);
        }
        let table = table(&[comparison, Comparison::new(Work::Get, 64)]).to_string();
        let rows: Vec<Vec<&str>> =
            table.lines().skip(1).map(|row| row.split_whitespace().collect()).collect();
        let figures = ["2,400", "0.400", "0.800", "12.3", "3,000", "0.300", "0.600", "12.3"];
        let row = [&["PUT,", "1", "connection"][..], &figures, &["0.80", "0.150"]].concat();
        assert_eq!(rows, [row]);
    }
}
