//! The clocks of this process, read in one place.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// This moment, to measure from.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Wall time, in ms since 1970.
pub(crate) fn wall_ms() -> u64 {
    wall_us() / 1_000
}

/// Wall time, in µs since 1970.
pub(crate) fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
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
