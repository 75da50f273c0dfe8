//! How a region comes back: watched from the resuming of its links until it shows what the others
//! show, or is told that it needs a snapshot and moves no more.

use std::fmt;
use std::time::Duration;

use anyhow::bail;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::LOOK_EVERY;
use crate::cluster::{Cluster, Region, VersionVector};
use crate::report::{per_second, whole};

/// How long it may take to level.
const CATCH_UP_TIME_MAX: Duration = Duration::from_mins(10);
/// For how long a region that needs a snapshot must stand still to be taken at its word.
const STANDSTILL: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct CatchUp {
    /// What it lacked when its links were resumed.
    behind_changes: u64,
    /// Until it was level, or said that it would not be.
    seconds: f64,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum End {
    /// It shows what the others show, and holds the same items.
    Level,
    /// The others no longer have the log that it lacks.
    NeedsSnapshot,
}

/// How many changes `first` shows that `away` does not.
pub(super) async fn behind(first: &Region, away: &Region) -> anyhow::Result<u64> {
    Ok(lacking(&first.vector().await?, &away.vector().await?))
}

impl CatchUp {
    /// Watches `away`, to which the links were just resumed, until it has an end.
    pub(super) async fn watch(
        cluster: &Cluster,
        first: &Region,
        away: &Region,
        behind_changes: u64,
    ) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut still_since = started;
        let mut vector = away.vector().await?;
        let (end, time) = loop {
            if cluster.is_level().await? {
                break (End::Level, started.elapsed());
            }
            let now = away.vector().await?;
            if now != vector {
                (vector, still_since) = (now, Instant::now());
            }
            let link = first.link(away.name()).await?;
            if link.state == "needs_snapshot" && still_since.elapsed() > STANDSTILL {
                break (End::NeedsSnapshot, still_since - started);
            }
            if started.elapsed() > CATCH_UP_TIME_MAX {
                bail!("{} is not level after {CATCH_UP_TIME_MAX:?}, {}", away.name(), link.state);
            }
            sleep(LOOK_EVERY).await;
        };
        if end == End::Level {
            cluster.check_digests().await?;
        }
        Ok(Self { behind_changes, seconds: time.as_secs_f64(), end })
    }
}

impl fmt::Display for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { behind_changes, seconds, end } = *self;
        match end {
            End::Level => {
                let pace = whole(per_second(behind_changes, Duration::from_secs_f64(seconds)));
                write!(f, "level again, digests equal: {behind_changes} changes in ")?;
                write!(f, "{seconds:.2} s, {pace} changes/s")
            }
            End::NeedsSnapshot => {
                write!(f, "needs_snapshot: {behind_changes} changes behind and standing still ")?;
                write!(f, "{seconds:.2} s after its return")
            }
        }
    }
}

/// How many changes are in `one` and not in `other`.
fn lacking(one: &VersionVector, other: &VersionVector) -> u64 {
    let lacking = |(replica, sequence): (&String, &u64)| {
        sequence.saturating_sub(other.get(replica).copied().unwrap_or(0))
    };
    one.iter().map(lacking).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(entries: &[(&str, u64)]) -> VersionVector {
        entries.iter().map(|(replica, sequence)| ((*replica).to_owned(), *sequence)).collect()
    }

    #[test]
    fn what_is_lacking_is_counted_replica_by_replica() {
        let one = vector(&[("a", 10), ("b", 3)]);
        assert_eq!(lacking(&one, &vector(&[("a", 4), ("c", 9)])), 9);
        assert_eq!(lacking(&one, &vector(&[("a", 11), ("b", 3)])), 0);
    }

    #[test]
    fn both_ends_are_told_in_a_sentence() {
        let level = CatchUp { behind_changes: 1_000_000, seconds: 8.0, end: End::Level };
        assert_eq!(
            level.to_string(),
            "level again, digests equal: 1000000 changes in 8.00 s, 125,000 changes/s"
        );
        let stuck = CatchUp { behind_changes: 7, seconds: 0.5, end: End::NeedsSnapshot };
        assert_eq!(
            stuck.to_string(),
            "needs_snapshot: 7 changes behind and standing still 0.50 s after its return"
        );
    }
}
