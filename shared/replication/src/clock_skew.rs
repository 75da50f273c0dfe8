//! How far a peer's wall clock is ahead of this region's.
//!
//! As NTP does it (RFC 5905, sections 8 and 10): the peer tells its clock in the middle of a round
//! trip, and of the last eight round trips the shortest is believed, because what made another one
//! longer has mostly made one of its two ways longer. An estimate is wrong by half of its round trip
//! at most. It is for people to look at: nothing is decided by it.

use std::collections::VecDeque;

/// One round trip on which the peer told its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// How long it took by a clock that does not jump, in µs.
    pub rtt_us: u64,
    /// The peer's wall clock when it answered, in µs since 1970.
    pub peer_wall_us: u64,
    /// This region's wall clock when the answer arrived, in µs since 1970.
    pub wall_us: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct ClockSkew {
    /// Round trip and skew, in µs, the oldest first.
    samples: VecDeque<(u64, i64)>,
}

/// As many as NTP's clock filter has: a clock that was set is believed after as many heartbeats.
const SAMPLES: usize = 8;

impl ClockSkew {
    /// The peer has told its clock.
    pub fn told(&mut self, RoundTrip { rtt_us, peer_wall_us, wall_us }: RoundTrip) {
        let peer_now_us = i128::from(peer_wall_us) + i128::from(rtt_us / 2);
        let skew_us = peer_now_us - i128::from(wall_us);
        // A peer may claim any time: one that fits in no answer becomes the furthest that does.
        let furthest = if skew_us < 0 { i64::MIN } else { i64::MAX };
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back((rtt_us, i64::try_from(skew_us).unwrap_or(furthest)));
    }

    /// The peer's wall clock less this region's, in ms; nothing until the peer has told it.
    pub fn ms(&self) -> Option<i64> {
        // Of equals the latest: the first of the reversed.
        let shortest = self.samples.iter().rev().min_by_key(|(rtt_us, _)| *rtt_us);
        shortest.map(|(_, skew_us)| skew_us / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: u64 = 1_764_000_000_000_000;

    /// What is estimated after round trips of (way there, way back, true skew), in ms.
    fn estimated(trips: &[(u64, u64, i64)]) -> Option<i64> {
        let mut skew = ClockSkew::default();
        for (there_ms, back_ms, skew_ms) in trips {
            let (rtt_us, back_us) = ((there_ms + back_ms) * 1_000, back_ms * 1_000);
            let peer_wall_us = (NOW_US - back_us).saturating_add_signed(skew_ms * 1_000);
            skew.told(RoundTrip { rtt_us, peer_wall_us, wall_us: NOW_US });
        }
        skew.ms()
    }

    #[test]
    fn it_is_not_known_before_the_peer_has_told_its_clock() {
        assert_eq!(estimated(&[]), None);
    }

    #[test]
    fn where_both_ways_are_alike_it_is_exact_in_either_direction() {
        assert_eq!(estimated(&[(40, 40, 0)]), Some(0));
        assert_eq!(estimated(&[(40, 40, 1_500)]), Some(1_500));
        assert_eq!(estimated(&[(40, 40, -1_500)]), Some(-1_500));
    }

    #[test]
    fn where_they_differ_it_is_wrong_by_half_of_the_difference() {
        assert_eq!(estimated(&[(10, 90, 500)]), Some(460));
        assert_eq!(estimated(&[(90, 10, 500)]), Some(540));
    }

    #[test]
    fn the_shortest_round_trip_is_believed_and_of_equal_ones_the_latest() {
        assert_eq!(estimated(&[(300, 40, 7), (40, 40, 7), (40, 900, 7)]), Some(7));
        assert_eq!(estimated(&[(40, 40, 7), (40, 40, 9)]), Some(9));
    }

    #[test]
    fn a_clock_that_was_set_is_believed_after_eight_round_trips_however_long_they_are() {
        let mut trips = vec![(1, 1, 0)];
        trips.extend([(50, 50, 3_000); SAMPLES - 1]);
        assert_eq!(estimated(&trips), Some(0));
        trips.push((50, 50, 3_000));
        assert_eq!(estimated(&trips), Some(3_000));
    }

    #[test]
    fn a_clock_beyond_all_times_is_the_furthest_there_is() {
        let mut skew = ClockSkew::default();
        skew.told(RoundTrip { rtt_us: u64::MAX, peer_wall_us: u64::MAX, wall_us: 0 });
        assert_eq!(skew.ms(), Some(i64::MAX / 1_000));
        skew.told(RoundTrip { rtt_us: 0, peer_wall_us: 0, wall_us: u64::MAX });
        assert_eq!(skew.ms(), Some(i64::MIN / 1_000));
    }
}
