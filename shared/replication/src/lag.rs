//! Lag that tells the truth, also while nothing arrives.
//!
//! Each heartbeat says "by now I have written up to here". The lag to a peer is the time since it
//! stood where all that it had written is visible here. It is never a difference of two regions'
//! clocks: a heartbeat is dated by its arrival here, less half a round trip. What a peer has lost
//! with its directory is no longer something that it has: its later heartbeats do not name it.

use std::collections::VecDeque;

use tombolo_causality::VersionVector;

/// How far behind one peer this region is.
#[derive(Debug)]
pub struct Lag {
    /// When the peer stood where all that it had is visible here, in local monotonic ms.
    caught_up_at_ms: u64,
    /// Heartbeats whose watermark is not visible yet, oldest first.
    waiting: VecDeque<(u64, VersionVector)>,
}

/// Heartbeats that wait for what they name; beyond it every second one is forgotten, which makes
/// the lag coarser, never smaller.
const WAITING_MAX: usize = 256;

impl Lag {
    /// Nothing has been heard of the peer since `now_ms`.
    pub fn new(now_ms: u64) -> Self {
        Self { caught_up_at_ms: now_ms, waiting: VecDeque::new() }
    }

    /// A heartbeat arrived: about `one_way_ms` ago the peer had written up to `watermark`;
    /// `visible` is what this region shows.
    pub fn heard(
        &mut self,
        now_ms: u64,
        one_way_ms: u64,
        watermark: VersionVector,
        visible: &VersionVector,
    ) {
        while self.waiting.pop_back_if(|(_, earlier)| !watermark.descends(earlier)).is_some() {}
        if self.waiting.len() >= WAITING_MAX {
            let mut nth = 0;
            self.waiting.retain(|_| {
                nth += 1;
                nth % 2 == 0
            });
        }
        self.waiting.push_back((now_ms.saturating_sub(one_way_ms), watermark));
        self.visible(visible);
    }

    /// This region now shows `visible`.
    pub fn visible(&mut self, visible: &VersionVector) {
        while let Some((at_ms, watermark)) = self.waiting.front()
            && visible.descends(watermark)
        {
            self.caught_up_at_ms = self.caught_up_at_ms.max(*at_ms);
            self.waiting.pop_front();
        }
    }

    /// The lag at `now_ms`, in ms.
    pub fn at(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.caught_up_at_ms)
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    use super::*;

    fn upto(seq: u64) -> VersionVector {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        [(replica, seq)].into_iter().collect()
    }

    #[test]
    fn while_all_is_visible_it_is_the_one_way_delay_and_the_time_since_the_last_heartbeat() {
        let mut lag = Lag::new(0);
        lag.heard(1_000, 40, upto(5), &upto(5));
        assert_eq!(lag.at(1_000), 40);
        assert_eq!(lag.at(1_090), 130);
    }

    #[test]
    fn it_rises_while_nothing_arrives() {
        let mut lag = Lag::new(0);
        lag.heard(1_000, 40, upto(5), &upto(5));
        assert_eq!(lag.at(11_000), 10_040);
    }

    #[test]
    fn heartbeats_alone_do_not_lower_it_while_data_is_missing() {
        let mut lag = Lag::new(0);
        lag.heard(1_000, 0, upto(5), &upto(5));
        for now in (1_100..3_000).step_by(100) {
            lag.heard(now, 0, upto(6), &upto(5));
        }
        assert_eq!(lag.at(3_000), 2_000);
        lag.visible(&upto(6));
        assert_eq!(lag.at(3_000), 100);
    }

    #[test]
    fn what_a_peer_has_lost_is_not_waited_for() {
        let mut lag = Lag::new(0);
        lag.heard(1_000, 0, upto(37), &upto(32));
        lag.heard(1_100, 0, upto(38), &upto(32));
        lag.heard(9_000, 0, upto(32), &upto(32));
        assert_eq!(lag.at(9_000), 0);
    }

    #[test]
    fn a_long_wait_is_bounded_in_memory_and_never_understated() {
        let mut lag = Lag::new(0);
        for now in 1..10_000 {
            lag.heard(now, 0, upto(now), &VersionVector::new());
        }
        assert!(lag.waiting.len() <= WAITING_MAX);
        lag.visible(&upto(5_000));
        assert!(lag.at(10_000) >= 5_000);
    }
}
