//! Round trips between the fifteen [`places`](crate::places), as they were once measured.
//!
//! The figures are pings between cloud regions of 2020-06-05; `data/aws-rtt-ms-2020-06-05.tsv`
//! says where they come from. The compiler reads that table, so that a damaged or
//! incomplete one does not build and a lookup cannot fail. They serve demonstrations, simulations
//! and benchmarks; a running region measures its own links and never looks here.

mod items;
mod table;

use std::time::Duration;

pub use self::items::ROUND_TRIPS;
use crate::places::{COUNT, Place};

/// The round trip from one place to another: what `ping` reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtt {
    /// The shortest.
    pub min: Duration,
    /// The mean.
    pub avg: Duration,
    /// The longest.
    pub max: Duration,
    /// The standard deviation, as `ping` computes it: where it is small, no finer than its rounding.
    pub mdev: Duration,
}

/// Measured round trips from every place to every place, itself included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyMatrix {
    /// By the index of the place from which the ping was sent, then of the one that answered.
    rtts: [[Rtt; COUNT]; COUNT],
}

static MEASURED: LatencyMatrix =
    LatencyMatrix { rtts: table::parse(include_str!("../data/aws-rtt-ms-2020-06-05.tsv")) };

impl LatencyMatrix {
    /// The measurements that this crate carries.
    pub fn measured() -> &'static Self {
        &MEASURED
    }

    /// The round trip as measured by `from`. The other direction was measured apart and differs by
    /// less than a hundredth.
    pub fn rtt(&self, from: &Place, to: &Place) -> Rtt {
        self.rtts[from.index][to.index]
    }

    /// Half the mean round trip: what one direction takes if both take the same, which pings
    /// cannot tell.
    pub fn one_way(&self, from: &Place, to: &Place) -> Duration {
        self.rtt(from, to).avg / 2
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::RegionId;

    use super::*;
    use crate::places::{self, PLACES};

    fn place(name: &str) -> &'static Place {
        places::find(RegionId::new(name).unwrap()).unwrap()
    }

    #[test]
    fn mean_round_trips_round_to_the_published_milliseconds() {
        let names = [
            "us-east",
            "us-west",
            "eu-west",
            "eu-central",
            "ap-southeast",
            "ap-northeast",
            "au-southeast",
            "sa-east",
        ];
        let published: [&[u128]; 7] = [
            &[73, 71, 86, 236, 152, 198, 113],
            &[127, 158, 163, 101, 139, 180],
            &[24, 187, 204, 254, 184],
            &[178, 244, 282, 203],
            &[77, 90, 338],
            &[104, 268],
            &[309],
        ];
        for (from, row) in published.iter().enumerate() {
            for (offset, published_ms) in row.iter().enumerate() {
                let (from, to) = (place(names[from]), place(names[from + 1 + offset]));
                let avg = LatencyMatrix::measured().rtt(from, to).avg;
                let rounded_ms = (avg.as_micros() + 500) / 1_000;
                assert_eq!(rounded_ms, *published_ms, "{} to {}", from.name, to.name);
            }
        }
    }

    #[test]
    fn every_measurement_is_in_order_and_a_place_is_nearest_to_itself() {
        let matrix = LatencyMatrix::measured();
        for from in &PLACES {
            for to in &PLACES {
                let rtt = matrix.rtt(from, to);
                assert!(rtt.min > Duration::ZERO, "{} to {}", from.name, to.name);
                assert!(rtt.min <= rtt.avg && rtt.avg <= rtt.max, "{} to {}", from.name, to.name);
                assert!(from == to || rtt.avg > matrix.rtt(from, from).avg);
            }
        }
    }

    #[test]
    fn deviations_are_spread_as_published() {
        let matrix = LatencyMatrix::measured();
        let mut deviations: Vec<_> =
            matrix.rtts.iter().flatten().map(|rtt| rtt.mdev.as_micros()).collect();
        deviations.sort_unstable();
        let tenths_of_ms = |micros: u128| (micros + 50) / 100;
        let (median, p95) = (deviations[112], deviations[213]);
        assert_eq!([median, p95, deviations[224]].map(tenths_of_ms), [4, 24, 56]);
    }

    #[test]
    fn both_directions_were_measured_and_agree_within_a_hundredth() {
        let matrix = LatencyMatrix::measured();
        for from in &PLACES {
            for to in PLACES.iter().filter(|to| *to != from) {
                let (there, back) = (matrix.rtt(from, to).avg, matrix.rtt(to, from).avg);
                let apart = there.abs_diff(back);
                assert!(apart * 100 < there, "{} to {}: {there:?}, {back:?}", from.name, to.name);
            }
        }
    }

    #[test]
    fn one_way_is_half_of_the_mean() {
        let (from, to) = (place("us-east"), place("eu-west"));
        let matrix = LatencyMatrix::measured();
        assert_eq!(matrix.rtt(from, to).avg, Duration::from_micros(70_508));
        assert_eq!(matrix.one_way(from, to), Duration::from_micros(35_254));
    }
}
