//! Waiting for what can be looked at, never for time to pass.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take that has no time of its own: beyond it a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `look` answers, and fails with its last objection after `within`.
pub(crate) fn until<T>(
    within: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    let started = Instant::now();
    loop {
        let late = started.elapsed() > within;
        match look() {
            Ok(seen) => return seen,
            Err(objection) if late => panic!("not within {within:?}: {what}: {objection}"),
            Err(_) => rarely(LOOK_EVERY),
        }
    }
}

/// Looks until `look` holds, and fails after [`PATIENCE`].
pub(crate) fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    until(PATIENCE, what, || look().then_some(()).ok_or_else(|| "it does not hold".to_owned()));
}

/// The pause between two looks: keeps what is looked at from being busy with being looked at.
pub(crate) fn rarely(pause: Duration) {
    let (_nobody, news) = channel::<()>();
    assert_eq!(news.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
}
