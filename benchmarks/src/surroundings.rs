//! What else keeps the machine busy: looked at while the servers under test are at rest, so that
//! whatever is busy then is something else.
//!
//! On a busy machine a waking thread waits for a scheduler tick, and every figure here is made of
//! waking threads.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tokio::time::sleep;

use crate::report::{median, quotient};

/// How long one look takes.
const WINDOW: Duration = Duration::from_millis(250);
/// The share of the processors above which figures are not to be compared.
const SHARE_MAX: f64 = 0.1;

/// The share of all processors' time that others used, look by look.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Surroundings {
    busy_shares: Vec<f64>,
}

/// Processor time of the machine since its start, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    busy: u64,
    all: u64,
}

impl Surroundings {
    /// Looks, for a quarter of a second. The servers under test must be at rest.
    pub(crate) async fn look(&mut self) -> anyhow::Result<()> {
        let before = Ticks::now()?;
        sleep(WINDOW).await;
        let after = Ticks::now()?;
        let (busy, all) = (after.busy - before.busy, after.all - before.all);
        self.busy_shares.push(quotient(busy, all));
        Ok(())
    }
}

impl fmt::Display for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = median(self.busy_shares.iter().copied());
        let most = self.busy_shares.iter().copied().fold(0.0, f64::max);
        let (share_percent, most_percent) = (100.0 * share, 100.0 * most);
        write!(f, "processors busy with other work: {share_percent:.0} % in the middle, ")?;
        write!(f, "{most_percent:.0} % at most")?;
        if share > SHARE_MAX {
            write!(f, "; TOO BUSY: do not compare these figures")?;
        }
        Ok(())
    }
}

impl Ticks {
    fn now() -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("cannot watch the machine")?;
        Self::parse(&stat).context("/proc/stat has no line of all processors")
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal. What
    /// follows is counted in user and nice already.
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Option<Vec<u64>> =
            line.split_ascii_whitespace().take(8).map(|field| field.parse().ok()).collect();
        let ticks = ticks.filter(|ticks| ticks.len() == 8)?;
        let (all, idle) = (ticks.iter().sum::<u64>(), ticks[3] + ticks[4]);
        Some(Self { busy: all - idle, all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_the_disk_is_not_work_and_guests_are_counted_once() {
        let stat = "cpu  10 1 5 100 20 2 3 4 9 9\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(Ticks::parse(stat), Some(Ticks { busy: 25, all: 145 }));
        assert_eq!(Ticks::parse("cpu  1 2 3\n"), None);
        assert_eq!(Ticks::parse("cpu0 1 1 1 1 1 1 1 1\n"), None);
    }

    #[test]
    fn a_busy_machine_is_named_and_a_single_burst_is_not() {
        let shown =
            |busy_shares: &[f64]| Surroundings { busy_shares: busy_shares.to_vec() }.to_string();
        assert_eq!(
            shown(&[0.02, 0.9, 0.04]),
            "processors busy with other work: 4 % in the middle, 90 % at most"
        );
        assert!(shown(&[0.02, 0.9, 0.2]).ends_with("TOO BUSY: do not compare these figures"));
    }
}
