//! What is printed for people and written for programs, and the arithmetic in between.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use serde::Serialize;

/// Percentiles of a time, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    /// Half take no longer.
    pub(crate) p50_us: f64,
    /// 90 of 100.
    pub(crate) p90_us: f64,
    /// 99 of 100.
    pub(crate) p99_us: f64,
    /// 999 of 1,000.
    pub(crate) p999_us: f64,
    /// The longest.
    pub(crate) max_us: f64,
    /// How many were measured.
    pub(crate) count: u64,
}

impl Percentiles {
    /// Those of a histogram in nanoseconds.
    pub(crate) fn of_ns(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| quotient(histogram.value_at_quantile(quantile), 1_000);
        Self {
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: quotient(histogram.max(), 1_000),
            count: histogram.len(),
        }
    }
}

/// A table in columns: the first to the left, the others, which are figures, to the right.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table under these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.rows {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "{cell:<width$}")?,
                    _ => write!(f, "   {cell:>width$}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// The figure in the middle, or the mean of both; 0 of none.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let (lower, upper) = (figures.len().saturating_sub(1) / 2, figures.len() / 2);
    match (figures.get(lower), figures.get(upper)) {
        (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
        _ => 0.0,
    }
}

/// A quotient of counts; 0 where the divisor is.
#[expect(clippy::cast_precision_loss, reason = "figures are shown to three digits, not to 53 bits")]
pub(crate) fn quotient(dividend: u64, divisor: u64) -> f64 {
    if divisor == 0 { 0.0 } else { dividend as f64 / divisor as f64 }
}

/// How many a second that is.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    quotient(count, microseconds) * 1e6
}

/// Microseconds shown as milliseconds.
pub(crate) fn milliseconds(microseconds: f64) -> String {
    format!("{:.3}", microseconds / 1_000.0)
}

/// Bytes shown as MiB.
pub(crate) fn mebibytes(bytes: u64) -> String {
    grouped(&format!("{:.0}", quotient(bytes, 1 << 20)))
}

/// A figure without decimals, its thousands apart.
pub(crate) fn whole(figure: f64) -> String {
    grouped(&format!("{figure:.0}"))
}

/// A text of digits with a comma before each three from the end.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let is_start = index == 0 || text.ends_with('-');
        if !is_start && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes `report` to `file` as JSON, where one is named.
pub(crate) fn write_json(file: Option<&Path>, report: &impl Serialize) -> anyhow::Result<()> {
    let Some(file) = file else { return Ok(()) };
    let mut text = serde_json::to_vec_pretty(report)?;
    text.push(b'\n');
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Says on standard error how far a run has come; nobody may be listening.
pub(crate) fn progress(message: &str) {
    drop(writeln!(io::stderr(), "{message}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_names_to_the_left_and_figures_to_the_right() {
        let mut table = Table::new(&["work", "/s", "µs"]);
        table.push(vec!["PUT, 64".to_owned(), "36,000".to_owned(), "1".to_owned()]);
        table.push(vec!["GET".to_owned(), "9".to_owned(), "123".to_owned()]);
        assert_eq!(
            table.to_string(),
            "work          /s    µs\n\
             PUT, 64   36,000     1\n\
             GET            9   123\n"
        );
    }

    #[test]
    fn a_median_is_not_moved_by_an_outlier() {
        assert!((median([1.0, 900.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 900.0]) - 3.0).abs() < 1e-9);
        assert!(median([]).abs() < 1e-9);
    }

    #[test]
    fn figures_are_shown_in_their_unit() {
        assert_eq!(whole(per_second(180_000, Duration::from_secs(5))), "36,000");
        assert_eq!(milliseconds(152.4), "0.152");
        assert_eq!(mebibytes(3 << 30), "3,072");
        assert_eq!(
            [0.0, 999.4, 999.5, 1e6, -1_234.0, -123.0].map(whole),
            ["0", "999", "1,000", "1,000,000", "-1,234", "-123"]
        );
    }

    #[test]
    fn percentiles_are_in_microseconds() {
        let mut histogram = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).unwrap();
        for us in 1..=1_000_u64 {
            histogram.record(us * 1_000).unwrap();
        }
        let found = Percentiles::of_ns(&histogram);
        for (found, expected) in [
            (found.p50_us, 500.0),
            (found.p90_us, 900.0),
            (found.p99_us, 990.0),
            (found.p999_us, 999.0),
            (found.max_us, 1_000.0),
        ] {
            assert!((found - expected).abs() <= expected / 500.0, "{found} {expected}");
        }
        assert_eq!(found.count, 1_000);
    }
}
