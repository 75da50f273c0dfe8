//! How often a quantity was how large.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The durations that are told apart: from 5 µs to 10 s, in ns.
pub const DURATION_BOUNDS_NS: &[u64] = &[
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Counts of a quantity by upper bound, with its sum. Two additions an observation.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what exceeds them all.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram held when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The upper bounds, ascending, included.
    pub bounds: &'static [u64],
    /// How many lay within each bound and past the one before; the last exceeded them all.
    pub counts: Vec<u64>,
    /// All observations added up.
    pub sum: u64,
}

impl Histogram {
    /// One that tells `bounds` apart: ascending, in the quantity's unit.
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Takes in one observation.
    pub fn observe(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Takes in a duration, in ns.
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Takes in the time between two moments, in ns.
    pub fn observe_span(&self, from: Instant, to: Instant) {
        self.observe_duration(to.saturating_duration_since(from));
    }

    /// What it holds.
    pub fn read(&self) -> Reading {
        Reading {
            bounds: self.bounds,
            counts: self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl Reading {
    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds what another of the same bounds holds.
    pub fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_included_and_what_exceeds_all_is_counted_last() {
        let histogram = Histogram::new(&[10, 20]);
        for value in [0, 10, 11, 20, 21, 1_000] {
            histogram.observe(value);
        }
        let reading = histogram.read();
        assert_eq!((reading.counts.as_slice(), reading.sum), (&[2, 2, 2][..], 1_062));
        let mut twice = reading.clone();
        twice.add(&reading);
        assert_eq!((twice.count(), twice.sum), (12, 2_124));
    }

    #[test]
    fn durations_are_told_apart_in_order() {
        assert!(DURATION_BOUNDS_NS.is_sorted());
    }
}
