//! The hybrid logical clock: wall time where it can be trusted, a counter where it cannot.
//!
//! "Logical Physical Clocks", Kulkarni et al., 2014. Causally later always means a larger stamp;
//! the clock never goes back, whatever the wall does.

use core::fmt;

use serde::{Deserialize, Serialize};

/// 48 bits of milliseconds since 1970, then 16 bits of counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct HybridTimestamp(u64);

const COUNTER_BITS: u32 = 16;
const MILLIS_MAX: u64 = (1 << 48) - 1;

impl HybridTimestamp {
    /// Before all others.
    pub const ZERO: Self = Self(0);

    /// The stamp at `millis` since 1970 (at most 48 bits are kept) with `counter`.
    pub const fn new(millis: u64, counter: u16) -> Self {
        let millis = if millis > MILLIS_MAX { MILLIS_MAX } else { millis };
        Self(millis << COUNTER_BITS | counter as u64)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// As one number, ordered as stamps are.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The inverse of [`Self::to_bits`].
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for HybridTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.millis(), self.0 & 0xffff)
    }
}

/// Why a stamp of another region was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// It lies further ahead of the local wall clock than is allowed.
    #[error(
        "the stamp is {ahead_ms} ms ahead of this region's clock, {ahead_ms_max} ms are allowed"
    )]
    TooFarAhead {
        /// How far ahead it lies.
        ahead_ms: u64,
        /// How far is allowed.
        ahead_ms_max: u64,
    },
}

/// Issues stamps that exceed all it has issued or observed.
#[derive(Debug, Clone)]
pub struct HybridClock {
    last: HybridTimestamp,
}

impl HybridClock {
    /// A clock that has already seen `floor`: the largest stamp in the recovered log.
    pub fn resume(floor: HybridTimestamp) -> Self {
        Self { last: floor }
    }

    /// The largest stamp issued or observed.
    pub fn last(&self) -> HybridTimestamp {
        self.last
    }

    /// A new stamp at wall time `now_ms`: larger than all before it.
    pub fn stamp(&mut self, now_ms: u64) -> HybridTimestamp {
        let wall = HybridTimestamp::new(now_ms, 0);
        // The counter overflows into the milliseconds, which keeps the order.
        self.last = wall.max(HybridTimestamp(self.last.0 + 1));
        self.last
    }

    /// Takes in the stamp of another region's change.
    pub fn observe(&mut self, stamp: HybridTimestamp) {
        self.last = self.last.max(stamp);
    }

    /// Whether `stamp` may be observed at wall time `now_ms`.
    pub fn check_ahead(
        stamp: HybridTimestamp,
        now_ms: u64,
        ahead_ms_max: u64,
    ) -> Result<(), ClockError> {
        let ahead_ms = stamp.millis().saturating_sub(now_ms);
        if ahead_ms > ahead_ms_max {
            return Err(ClockError::TooFarAhead { ahead_ms, ahead_ms_max });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stamps_grow_while_the_wall_stands_still_or_goes_back() {
        let mut clock = HybridClock::resume(HybridTimestamp::ZERO);
        let stamps: Vec<_> = [1_000, 1_000, 10, 1_001].map(|now| clock.stamp(now)).into();
        assert_eq!(stamps[0], HybridTimestamp::new(1_000, 0));
        assert_eq!(stamps[1], HybridTimestamp::new(1_000, 1));
        assert_eq!(stamps[2], HybridTimestamp::new(1_000, 2));
        assert_eq!(stamps[3], HybridTimestamp::new(1_001, 0));
    }

    #[test]
    fn a_full_counter_runs_over_into_the_milliseconds() {
        let mut clock = HybridClock::resume(HybridTimestamp::new(7, u16::MAX));
        assert_eq!(clock.stamp(7), HybridTimestamp::new(8, 0));
    }

    #[test]
    fn what_lies_too_far_ahead_is_refused() {
        let stamp = HybridTimestamp::new(1_501, 0);
        assert_eq!(HybridClock::check_ahead(stamp, 1_000, 501), Ok(()));
        let refused = ClockError::TooFarAhead { ahead_ms: 501, ahead_ms_max: 500 };
        assert_eq!(HybridClock::check_ahead(stamp, 1_000, 500), Err(refused));
    }

    proptest! {
        #[test]
        fn a_stamp_exceeds_all_observed_and_issued(events in
            prop::collection::vec((any::<bool>(), 0..100_u64, any::<u16>()), 1..50)) {
            let mut clock = HybridClock::resume(HybridTimestamp::ZERO);
            let mut largest = HybridTimestamp::ZERO;
            for (observes, millis, counter) in events {
                if observes {
                    let stamp = HybridTimestamp::new(millis, counter);
                    clock.observe(stamp);
                    largest = largest.max(stamp);
                } else {
                    let stamp = clock.stamp(millis);
                    prop_assert!(stamp > largest);
                    largest = stamp;
                }
            }
        }
    }
}
