//! A seeded source of standard normal deviates, cut off at three.
//!
//! The same seed gives the same deviates on every machine: only additions and one
//! multiplication by a power of two are used, no logarithm or cosine of a system's library.

/// Deviates beyond this are drawn in to it. It happens to about three in a thousand, and to both
/// sides alike, so the mean stays zero.
const DEVIATION_MAX: f64 = 3.0;

/// `SplitMix64` (Steele, Lea and Flood, 2014) and the sum of twelve of its numbers.
#[derive(Debug)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of standard deviations, in -3 to 3, its mean 0. The sum of twelve uniform
    /// numbers has variance 1 and is as near to normal as a network's jitter will ever be.
    pub(crate) fn deviation(&mut self) -> f64 {
        let sum: f64 = (0..12).map(|_| self.uniform()).sum();
        (sum - 6.0).clamp(-DEVIATION_MAX, DEVIATION_MAX)
    }

    /// A number in 0 to 1: the 32 upper bits, which convert without loss.
    fn uniform(&mut self) -> f64 {
        let upper = self.next_u64() >> 32;
        f64::from(u32::try_from(upper).unwrap_or(u32::MAX)) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_agrees_with_its_published_sequence() {
        let mut jitter = Jitter::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| jitter.next_u64()).collect();
        assert_eq!(
            drawn,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn a_hundred_thousand_deviates_have_mean_zero_and_variance_one() {
        let mut jitter = Jitter::new(7);
        let drawn: Vec<f64> = (0..100_000).map(|_| jitter.deviation()).collect();
        let mean = drawn.iter().sum::<f64>() / 100_000.0;
        let variance = drawn.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 100_000.0;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
        assert!(drawn.iter().all(|z| z.abs() <= DEVIATION_MAX));
    }
}
