//! The Prometheus text format, version 0.0.4.

use core::fmt::{Display, Write as _};

use tombolo_actors::meters::Reading;

use super::Metric;

/// What a quantity is counted in where it is observed, and in what it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// As it is.
    One,
    /// Observed in ns, shown in seconds.
    Nanoseconds,
}

/// Writes the lines of one metric.
#[derive(Debug)]
pub(super) struct Series<'a> {
    page: &'a mut String,
    name: &'static str,
}

type Labels<'a> = &'a [(&'a str, &'a str)];

/// Writes what `metric` is.
pub(super) fn head(page: &mut String, metric: &Metric) {
    let Metric { name, kind, meaning, .. } = metric;
    // Writing into memory does not fail, here and below.
    writeln!(page, "# HELP {name} {meaning}.\n# TYPE {name} {}", kind.word()).ok();
}

impl<'a> Series<'a> {
    pub(super) fn of(page: &'a mut String, name: &'static str) -> Self {
        Self { page, name }
    }

    /// One sample.
    pub(super) fn value(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, None, value);
    }

    /// 1 for the label that holds, 0 for the others: a state as Prometheus likes it.
    pub(super) fn state(&mut self, labels: Labels<'_>, states: &[&str], now: &str) {
        for state in states {
            let mut labels = labels.to_vec();
            labels.push(("state", state));
            self.value(&labels, u8::from(*state == now));
        }
    }

    /// A histogram.
    pub(super) fn histogram(&mut self, labels: Labels<'_>, reading: &Reading, scale: Scale) {
        let mut within = 0;
        for (bound, count) in reading.bounds.iter().zip(&reading.counts) {
            within += count;
            self.line("_bucket", labels, Some(&scale.show(*bound)), within);
        }
        self.line("_bucket", labels, Some("+Inf"), reading.count());
        self.line("_sum", labels, None, scale.show(reading.sum));
        self.line("_count", labels, None, reading.count());
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, bound: Option<&str>, value: impl Display) {
        write!(self.page, "{}{suffix}", self.name).ok();
        let labels = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let mut before = '{';
        for (name, value) in labels {
            // Regions, routes and words of ours: nothing in them needs an escape.
            write!(self.page, "{before}{name}=\"{value}\"").ok();
            before = ',';
        }
        if before == ',' {
            self.page.push('}');
        }
        writeln!(self.page, " {value}").ok();
    }
}

impl Scale {
    fn show(self, value: u64) -> String {
        match self {
            Self::One => value.to_string(),
            Self::Nanoseconds => seconds(value, 1_000_000_000),
        }
    }
}

/// `value` of which `per_second` make a second, in seconds, with all its digits.
pub(super) fn seconds(value: u64, per_second: u64) -> String {
    let digits = per_second.ilog10() as usize;
    let text = format!("{}.{:0digits$}", value / per_second, value % per_second);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_what_lies_within_each_bound() {
        let reading = Reading { bounds: &[5_000, 1_000_000_000], counts: vec![1, 0, 2], sum: 7 };
        let mut page = String::new();
        Series::of(&mut page, "x").histogram(&[("step", "a")], &reading, Scale::Nanoseconds);
        let expected = "x_bucket{step=\"a\",le=\"0.000005\"} 1\nx_bucket{step=\"a\",le=\"1\"} 1\n\
             x_bucket{step=\"a\",le=\"+Inf\"} 3\nx_sum{step=\"a\"} 0.000000007\n\
             x_count{step=\"a\"} 3\n";
        assert_eq!(page, expected);
    }

    #[test]
    fn a_state_is_one_line_for_each_it_could_be_in() {
        let mut page = String::new();
        Series::of(&mut page, "x").state(&[("peer", "p")], &["up", "down"], "down");
        assert_eq!(page, "x{peer=\"p\",state=\"up\"} 0\nx{peer=\"p\",state=\"down\"} 1\n");
    }

    #[test]
    fn seconds_keep_their_digits() {
        assert_eq!(seconds(1_500, 1_000), "1.5");
        assert_eq!(seconds(0, 1_000), "0");
        assert_eq!(seconds(20_000, 1_000), "20");
    }
}
