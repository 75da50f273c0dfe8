//! The circuit breaker of a link: stops trying what does not answer, and tries again with jitter.
//!
//! A link is judged by what is heard from the peer, not by connecting. Closed: in use. Open: not
//! tried until a time. Half-open: one attempt is under way.

use core::fmt;

/// Bounds of a breaker.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Silence after which a link in use is given up.
    pub silence_ms_max: u64,
    /// The wait after the first failure.
    pub backoff_ms_min: u64,
    /// The longest wait.
    pub backoff_ms_max: u64,
}

/// What a breaker says of its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The link is in use.
    Closed,
    /// Not before this time, in monotonic ms, is it tried again.
    Open {
        /// When it may be tried.
        until_ms: u64,
    },
    /// An attempt is under way.
    HalfOpen,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
        })
    }
}

/// See the module.
#[derive(Debug)]
pub struct CircuitBreaker {
    limits: Limits,
    state: State,
    failures: u32,
    heard_at_ms: u64,
}

impl CircuitBreaker {
    /// A breaker that lets the first attempt pass.
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Open { until_ms: 0 }, failures: 0, heard_at_ms: 0 }
    }

    /// What it says now.
    pub fn state(&self) -> State {
        self.state
    }

    /// When it may be tried next; nothing while it is in use or being tried.
    pub fn attempt_at_ms(&self) -> Option<u64> {
        match self.state {
            State::Open { until_ms } => Some(until_ms),
            State::Closed | State::HalfOpen => None,
        }
    }

    /// An attempt begins.
    pub fn attempt(&mut self) {
        self.state = State::HalfOpen;
    }

    /// Something was heard from the peer: it answers.
    pub fn heard(&mut self, now_ms: u64) {
        self.state = State::Closed;
        self.failures = 0;
        self.heard_at_ms = now_ms;
    }

    /// When silence will have lasted too long.
    pub fn silent_at_ms(&self) -> u64 {
        self.heard_at_ms + self.limits.silence_ms_max
    }

    /// The attempt or the link failed; `jitter` is any random number.
    ///
    /// The wait doubles from failure to failure and is drawn from its upper half, so that peers
    /// that lost a region together do not come back together.
    pub fn failed(&mut self, now_ms: u64, jitter: u64) {
        let doubled = self.limits.backoff_ms_min.saturating_mul(1 << self.failures.min(16));
        let wait = doubled.min(self.limits.backoff_ms_max).max(1);
        self.failures = self.failures.saturating_add(1);
        let until_ms = now_ms + wait / 2 + jitter % (wait / 2 + 1);
        self.state = State::Open { until_ms };
    }

    /// Whoever paused or feared for the link says it may be tried at once.
    pub fn try_now(&mut self, now_ms: u64) {
        self.failures = 0;
        if let State::Open { .. } = self.state {
            self.state = State::Open { until_ms: now_ms };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { silence_ms_max: 1_000, backoff_ms_min: 100, backoff_ms_max: 1_000 };

    #[test]
    fn waits_double_up_to_the_bound_and_begin_anew_once_the_peer_is_heard() {
        let mut breaker = CircuitBreaker::new(LIMITS);
        assert_eq!(breaker.attempt_at_ms(), Some(0));
        let mut waits = Vec::new();
        for _ in 0..6 {
            breaker.attempt();
            assert_eq!(breaker.state(), State::HalfOpen);
            breaker.failed(0, 0);
            waits.push(breaker.attempt_at_ms().unwrap());
        }
        assert_eq!(waits, [50, 100, 200, 400, 500, 500]);
        breaker.heard(7);
        assert_eq!((breaker.state(), breaker.silent_at_ms()), (State::Closed, 1_007));
        breaker.failed(10, 0);
        assert_eq!(breaker.attempt_at_ms(), Some(60));
    }

    #[test]
    fn jitter_stays_within_the_upper_half_of_the_wait() {
        for jitter in 0..500 {
            let mut breaker = CircuitBreaker::new(LIMITS);
            breaker.failed(1_000, jitter);
            let at = breaker.attempt_at_ms().unwrap();
            assert!((1_050..=1_100).contains(&at), "{at}");
        }
    }

    #[test]
    fn an_open_breaker_can_be_told_to_try_at_once() {
        let mut breaker = CircuitBreaker::new(LIMITS);
        breaker.failed(1_000, 3);
        breaker.try_now(1_001);
        assert_eq!(breaker.attempt_at_ms(), Some(1_001));
    }
}
