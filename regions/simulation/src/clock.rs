//! A region's wall clock: off by something, drifting, and set now and then.

/// The wall clock when every world begins: 2026-01-01, in ms since 1970.
pub(crate) const EPOCH_MS: u64 = 1_767_225_600_000;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WallClock {
    /// How far off it is, in ms.
    pub(crate) off_ms: i64,
    /// How much it gains, in millionths.
    pub(crate) drift_ppm: i64,
}

impl WallClock {
    /// What it shows, in ms since 1970.
    pub(crate) fn now_ms(&self, now_us: u64) -> u64 {
        let passed_ms = i64::try_from(now_us / 1_000).unwrap_or(i64::MAX);
        let gained_ms = passed_ms.saturating_mul(self.drift_ppm) / 1_000_000;
        let passed_ms = passed_ms.saturating_add(gained_ms).saturating_add(self.off_ms);
        EPOCH_MS.saturating_add_signed(passed_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_off_and_drifts() {
        let clock = WallClock { off_ms: -250, drift_ppm: 100 };
        assert_eq!(clock.now_ms(0), EPOCH_MS - 250);
        assert_eq!(clock.now_ms(100_000_000), EPOCH_MS - 250 + 100_000 + 10);
    }
}
