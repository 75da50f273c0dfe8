//! When the bytes sent into a path come out of it: the one decision of this crate, as a pure
//! function of (now, bytes).
//!
//! Guarantees: bytes come out in the order they went in, never earlier than
//! [`LinkShape::delay_min`] later, and never faster than the path's bandwidth. Knows no clock,
//! no socket and no connection.

use std::time::{Duration, Instant};

use crate::jitter::Jitter;
use crate::shape::LinkShape;

/// A drawn deviation holds for this many standard deviations of time.
///
/// Were it drawn anew for every piece, pieces in close succession would all queue behind the
/// latest of them and the mean delay would drift towards its maximum. Real jitter is congestion
/// and lasts longer than one packet; so does this one, and the mean is within a twentieth of a
/// deviation of the delay at any rate of sending.
const DEVIATION_HOLD: u32 = 10;

/// One path's schedule, shared by all connections on it.
#[derive(Debug)]
pub(crate) struct DelayLine {
    shape: LinkShape,
    jitter: Jitter,
    deviation: f64,
    deviation_until: Option<Instant>,
    /// When the last byte so far will have been put on the cable.
    busy_until: Option<Instant>,
    /// When the last byte so far comes out.
    last_due: Option<Instant>,
}

impl DelayLine {
    pub(crate) fn new(shape: LinkShape, seed: u64) -> Self {
        Self {
            shape,
            jitter: Jitter::new(seed),
            deviation: 0.0,
            deviation_until: None,
            busy_until: None,
            last_due: None,
        }
    }

    /// Takes in bytes sent at `now` and says when the last of them comes out. No bytes at all
    /// are a signal (a handshake, an end of stream): it travels and queues like bytes do.
    pub(crate) fn admit(&mut self, now: Instant, bytes: usize) -> Instant {
        let free = self.busy_until.map_or(now, |busy| busy.max(now));
        let departure = free + self.shape.transmission(bytes);
        self.busy_until = Some(departure);
        let arrival = departure + self.travel(now);
        let due = self.last_due.map_or(arrival, |last| last.max(arrival));
        self.last_due = Some(due);
        due
    }

    /// Forgets all that was taken in and goes on with this shape. Whoever still holds bytes
    /// admits them again.
    pub(crate) fn restart(&mut self, shape: LinkShape) {
        self.shape = shape;
        self.deviation_until = None;
        self.busy_until = None;
        self.last_due = None;
    }

    /// The delay with its present jitter, which is symmetric even where the delay is shorter
    /// than three deviations, so that the mean is right there too.
    fn travel(&mut self, now: Instant) -> Duration {
        let LinkShape { delay, jitter, .. } = self.shape;
        if jitter.is_zero() {
            return delay;
        }
        if self.deviation_until.is_none_or(|until| until <= now) {
            self.deviation = self.jitter.deviation();
            self.deviation_until = Some(now + jitter * DEVIATION_HOLD);
        }
        let offset = jitter.mul_f64(self.deviation.abs()).min(delay);
        if self.deviation < 0.0 { delay.saturating_sub(offset) } else { delay + offset }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use proptest::prelude::*;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// What comes out, as times since the start, for what goes in: (time since the start, bytes).
    fn dues(shape: LinkShape, sent: &[(Duration, usize)]) -> Vec<Duration> {
        let start = Instant::now();
        let mut line = DelayLine::new(shape, 1);
        sent.iter().map(|&(at, bytes)| line.admit(start + at, bytes) - start).collect()
    }

    #[test]
    fn without_jitter_every_byte_takes_exactly_the_delay() {
        let shape = LinkShape::with_delay(ms(35));
        let sent = [(ms(0), 1), (ms(0), 65_536), (ms(1), 0), (ms(200), 7)];
        assert_eq!(dues(shape, &sent), [ms(35), ms(35), ms(36), ms(235)]);
    }

    #[test]
    fn bytes_queue_for_the_bandwidth_and_an_idle_path_saves_none_of_it() {
        let shape =
            LinkShape::with_delay(ms(10)).bandwidth(NonZeroU64::new(1_000_000).expect("not zero"));
        let sent = [(ms(0), 5_000), (ms(0), 5_000), (ms(2), 0), (ms(100), 5_000), (ms(100), 1_000)];
        assert_eq!(dues(shape, &sent), [ms(15), ms(20), ms(20), ms(115), ms(116)]);
    }

    #[test]
    fn a_deviation_holds_for_ten_standard_deviations_and_is_then_drawn_anew() {
        let shape = LinkShape::with_delay(ms(10)).jitter(ms(1));
        let due = dues(shape, &[(ms(0), 1), (ms(9), 1), (ms(30), 1), (ms(39), 1)]);
        assert_eq!(due[1], due[0] + ms(9));
        assert_eq!(due[3], due[2] + ms(9));
        assert_ne!(due[2], due[1] + ms(21));
    }

    #[test]
    fn the_mean_delay_is_right_for_a_sparse_and_for_a_dense_sender() {
        let shape = LinkShape::with_delay(ms(10)).jitter(ms(2));
        for gap in [Duration::from_micros(500), ms(2), ms(50)] {
            let sent: Vec<(Duration, usize)> = (0..200_000).map(|i| (gap * i, 100)).collect();
            let due: Duration = dues(shape, &sent).into_iter().sum();
            let at: Duration = sent.iter().map(|(at, _)| *at).sum();
            let mean_ms = (due.as_secs_f64() - at.as_secs_f64()) * 1e3 / 200_000.0;
            // Were it drawn anew for every piece, the dense sender's mean would be above 13 ms.
            assert!((mean_ms - 10.0).abs() < 0.2, "every {gap:?}: {mean_ms} ms");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_times() {
        let shape = LinkShape::with_delay(ms(10)).jitter(ms(3));
        let sent: Vec<(Duration, usize)> = (0..100).map(|i| (ms(40) * i, 1)).collect();
        assert_eq!(dues(shape, &sent), dues(shape, &sent));
    }

    #[test]
    fn a_restarted_line_has_no_queue_and_the_new_shape() {
        let start = Instant::now();
        let slow = LinkShape::with_delay(ms(500)).bandwidth(NonZeroU64::MIN);
        let mut line = DelayLine::new(slow, 1);
        assert_eq!(line.admit(start, 2) - start, ms(2_500));
        line.restart(LinkShape::with_delay(ms(5)));
        assert_eq!(line.admit(start + ms(1), 2) - start, ms(6));
    }

    proptest! {
        #[test]
        fn bytes_come_out_in_order_not_too_early_and_not_too_fast(
            delay_us in 0u64..300_000,
            jitter_us in 0u64..50_000,
            bandwidth in proptest::option::of(1_000u64..1_000_000_000),
            seed: u64,
            pieces in proptest::collection::vec((0u64..20_000, 0usize..65_536), 1..100),
        ) {
            let mut shape = LinkShape::with_delay(Duration::from_micros(delay_us))
                .jitter(Duration::from_micros(jitter_us));
            shape.bandwidth_bytes_per_s = bandwidth.and_then(NonZeroU64::new);
            let start = Instant::now();
            let mut line = DelayLine::new(shape, seed);
            let (mut now, mut last, mut total) = (start, start, 0);
            for (gap_us, bytes) in pieces {
                now += Duration::from_micros(gap_us);
                total += bytes;
                let due = line.admit(now, bytes);
                prop_assert!(due >= last);
                prop_assert!(due >= now + shape.delay_min());
                prop_assert!(due >= start + shape.transmission(total) + shape.delay_min());
                last = due;
            }
        }
    }
}
