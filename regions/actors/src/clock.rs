//! The clocks of this process, read in one place.

use core::sync::atomic::{AtomicI64, Ordering};
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// This moment, to measure from.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// What is added to the machine's wall clock: of the whole process, as its clock is.
static OFFSET_MS: AtomicI64 = AtomicI64::new(0);

/// Has the wall clock go ahead by so much, or behind.
pub(crate) fn shift(offset_ms: i64) {
    if OFFSET_MS.swap(offset_ms, Ordering::Relaxed) != offset_ms {
        tracing::warn!(offset_ms, "the clock is shifted by the setting clock.offset_ms");
    }
}

/// Wall time, in ms since 1970.
pub(crate) fn wall_ms() -> u64 {
    wall_us() / 1_000
}

/// Wall time, in µs since 1970.
pub(crate) fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    now_us.saturating_add_signed(OFFSET_MS.load(Ordering::Relaxed).saturating_mul(1_000))
}

/// Monotonic time since the process first asked, in µs.
pub(crate) fn monotonic_us() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The same in ms.
pub(crate) fn monotonic_ms() -> u64 {
    monotonic_us() / 1_000
}

/// 64 random bits of the operating system.
pub(crate) fn random() -> std::io::Result<u64> {
    getrandom::u64().map_err(std::io::Error::other)
}
