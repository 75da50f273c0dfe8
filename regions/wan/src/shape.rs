//! The shape of one path: how long its bytes travel, how much that varies, how many fit.
//!
//! Plain data, checked once by [`LinkShape::check`]; every later computation can then not
//! overflow. The limits that keep the relay's memory bounded are derived here.

use std::num::NonZeroU64;
use std::time::Duration;

/// Longest delay and largest jitter of a path: far beyond any cable, short enough to wait for.
const TIME_MAX: Duration = Duration::from_mins(1);

/// Most bytes taken from a socket at once.
const PIECE_BYTES_MAX: u64 = 64 * 1024;
/// Fewest bytes taken at once, however slow the path: about one Ethernet packet.
const PIECE_BYTES_MIN: u64 = 1_460;
/// On a path of limited bandwidth a piece is what it carries in this time, so that the first
/// byte of a piece is not kept waiting for the last one.
const PIECE_TIME_MS: u64 = 2;

/// What one direction of a connection may hold where bandwidth is unlimited.
const WINDOW_BYTES_UNLIMITED: u64 = 4 * 1024 * 1024;
/// The bounds of the same where bandwidth is limited.
const WINDOW_BYTES_MIN: u64 = 64 * 1024;
const WINDOW_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest queue in front of a path of limited bandwidth, as a router's buffer would be.
const QUEUE_TIME: Duration = Duration::from_millis(50);

/// How one path treats the bytes it carries. The default is no distance at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkShape {
    /// Mean time from sending to delivery, one way.
    pub delay: Duration,
    /// Standard deviation of that time: normally distributed, cut off at three deviations and
    /// at twice the delay.
    pub jitter: Duration,
    /// What the path carries; `None` is as fast as the machine. All connections share it.
    pub bandwidth_bytes_per_s: Option<NonZeroU64>,
}

/// Why a [`LinkShape`] is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The delay is longer than anyone would wait for.
    #[error("a delay of {delay:?} is longer than {max:?}")]
    DelayTooLong {
        /// The delay asked for.
        delay: Duration,
        /// The longest possible.
        max: Duration,
    },
    /// The jitter is larger than anyone would wait for.
    #[error("a jitter of {jitter:?} is larger than {max:?}")]
    JitterTooLarge {
        /// The jitter asked for.
        jitter: Duration,
        /// The largest possible.
        max: Duration,
    },
}

impl LinkShape {
    /// A path with this one-way delay, without jitter, as fast as the machine.
    #[must_use]
    pub const fn with_delay(delay: Duration) -> Self {
        Self { delay, jitter: Duration::ZERO, bandwidth_bytes_per_s: None }
    }

    /// The same path with this standard deviation of its delay.
    #[must_use]
    pub const fn jitter(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// The same path with this bandwidth.
    #[must_use]
    pub const fn bandwidth(self, bytes_per_s: NonZeroU64) -> Self {
        Self { bandwidth_bytes_per_s: Some(bytes_per_s), ..self }
    }

    /// No byte is delivered earlier than this after it was sent: the delay less three standard
    /// deviations.
    #[must_use]
    pub const fn delay_min(&self) -> Duration {
        self.delay.saturating_sub(self.jitter.saturating_mul(3))
    }

    /// Refuses times that are out of range.
    pub fn check(&self) -> Result<(), ShapeError> {
        if self.delay > TIME_MAX {
            return Err(ShapeError::DelayTooLong { delay: self.delay, max: TIME_MAX });
        }
        if self.jitter > TIME_MAX {
            return Err(ShapeError::JitterTooLarge { jitter: self.jitter, max: TIME_MAX });
        }
        Ok(())
    }

    /// How long the path is busy with this many bytes; rounded up, so that it is never faster
    /// than its bandwidth.
    pub(crate) fn transmission(&self, bytes: usize) -> Duration {
        self.bandwidth_bytes_per_s.map_or(Duration::ZERO, |bandwidth| {
            let nanos = (bytes as u128 * 1_000_000_000).div_ceil(u128::from(bandwidth.get()));
            Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        })
    }

    /// Most bytes to take from a socket at once.
    pub(crate) fn piece_bytes(&self) -> usize {
        let bytes = self.bandwidth_bytes_per_s.map_or(PIECE_BYTES_MAX, |bandwidth| {
            (bandwidth.get() / 1000)
                .saturating_mul(PIECE_TIME_MS)
                .clamp(PIECE_BYTES_MIN, PIECE_BYTES_MAX)
        });
        saturating_usize(bytes)
    }

    /// Most bytes that one direction of a connection holds before its sender is pushed back:
    /// what is on the way (bandwidth × delay) and a short queue.
    pub(crate) fn window_bytes(&self) -> usize {
        let bytes = self.bandwidth_bytes_per_s.map_or(WINDOW_BYTES_UNLIMITED, |bandwidth| {
            let time = self.delay + self.jitter + QUEUE_TIME;
            let product = u128::from(bandwidth.get()) * time.as_nanos() / 1_000_000_000;
            u64::try_from(product).unwrap_or(u64::MAX).clamp(WINDOW_BYTES_MIN, WINDOW_BYTES_MAX)
        });
        saturating_usize(bytes)
    }
}

fn saturating_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bandwidth(bytes_per_s: u64) -> LinkShape {
        LinkShape::with_delay(Duration::from_millis(100))
            .bandwidth(NonZeroU64::new(bytes_per_s).unwrap())
    }

    #[test]
    fn transmission_is_rounded_up() {
        assert_eq!(bandwidth(3).transmission(1), Duration::from_nanos(333_333_334));
        assert_eq!(bandwidth(1_000_000).transmission(64_000), Duration::from_millis(64));
        assert_eq!(LinkShape::default().transmission(usize::MAX), Duration::ZERO);
        assert_eq!(bandwidth(1).transmission(usize::MAX), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn a_piece_is_two_milliseconds_of_bandwidth_within_bounds() {
        assert_eq!(bandwidth(10).piece_bytes(), 1_460);
        assert_eq!(bandwidth(10_000_000).piece_bytes(), 20_000);
        assert_eq!(bandwidth(u64::MAX).piece_bytes(), 65_536);
        assert_eq!(LinkShape::default().piece_bytes(), 65_536);
    }

    #[test]
    fn a_window_is_bandwidth_times_delay_and_a_short_queue_within_bounds() {
        assert_eq!(bandwidth(10).window_bytes(), 65_536);
        assert_eq!(bandwidth(10_000_000).window_bytes(), 1_500_000);
        assert_eq!(bandwidth(u64::MAX).window_bytes(), 64 * 1024 * 1024);
        assert_eq!(LinkShape::default().window_bytes(), 4 * 1024 * 1024);
    }

    #[test]
    fn the_earliest_delivery_is_three_deviations_before_the_mean() {
        let shape = LinkShape::with_delay(Duration::from_millis(10));
        assert_eq!(shape.delay_min(), Duration::from_millis(10));
        assert_eq!(shape.jitter(Duration::from_millis(2)).delay_min(), Duration::from_millis(4));
        assert_eq!(shape.jitter(Duration::from_millis(9)).delay_min(), Duration::ZERO);
    }

    #[test]
    fn times_beyond_a_minute_are_refused() {
        let long = Duration::from_secs(61);
        assert_eq!(
            LinkShape::with_delay(long).check(),
            Err(ShapeError::DelayTooLong { delay: long, max: TIME_MAX })
        );
        assert_eq!(
            LinkShape::default().jitter(long).check(),
            Err(ShapeError::JitterTooLarge { jitter: long, max: TIME_MAX })
        );
        assert_eq!(LinkShape::with_delay(TIME_MAX).check(), Ok(()));
    }
}
