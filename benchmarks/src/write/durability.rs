//! Whether what was measured was durable: acknowledged writes are read back, also after a SIGKILL,
//! and no lone write was answered sooner than the disk can be.
//!
//! A killed process shows that writes have left it; that they have reached the disk is shown only
//! by the time that they took.

use std::fmt;

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::Value;

use super::comparison::Comparison;
use crate::cluster::Region;
use crate::http::{self, Connection};
use crate::load::{self, Key, Stamp, Work};
use crate::report::{median, milliseconds};

/// What was checked.
#[derive(Debug, Default, Serialize)]
pub(super) struct Checks {
    /// Writes read back after their turns; one that was not there has ended the run.
    read_back: usize,
    /// Writes of the last turn read back once more after a SIGKILL and a start.
    read_back_after_crash: usize,
    /// Where a lone client was measured, its PUT beside the disk.
    lone_put: Option<LonePut>,
    #[serde(skip)]
    last_written: Vec<(Key, Stamp)>,
}

/// A lone client's PUT beside the disk's write and fdatasync.
#[derive(Debug, Clone, Copy, Serialize)]
struct LonePut {
    put_p50_us: f64,
    sync_p50_us: f64,
    /// The median of each round's own ratio: a disk that is slow in one round and fast in another
    /// says nothing about the store.
    put_over_sync: f64,
}

impl Checks {
    /// Reads the writes of a turn from `region`, and fails where one is not as it was
    /// acknowledged.
    pub(super) async fn read_back(
        &mut self,
        region: &Region,
        written: Vec<(Key, Stamp)>,
    ) -> anyhow::Result<()> {
        if written.is_empty() {
            return Ok(());
        }
        self.read_back += read_all(region, &written).await?;
        self.last_written = written;
        Ok(())
    }

    /// Kills `region`, starts it again and reads the writes of the last turn from it.
    pub(super) async fn survive_crash(&mut self, region: &mut Region) -> anyhow::Result<()> {
        region.crash_and_start().await.context("after a SIGKILL")?;
        let written = std::mem::take(&mut self.last_written);
        let read = read_all(region, &written).await;
        self.read_back_after_crash = read.context("after a SIGKILL")?;
        Ok(())
    }

    /// Takes down a lone client's PUT beside what the disk did at the time.
    pub(super) fn compare_with_disk(&mut self, comparisons: &[Comparison]) {
        let is_lone = |one: &&Comparison| one.work == Work::Put && one.connections == 1;
        self.lone_put = comparisons.iter().find(is_lone).map(|lone| {
            let puts = lone.tombolo.iter().map(|turn| turn.latency.p50_us);
            let syncs = lone.disk.iter().map(|disk| disk.p50_us);
            let ratios = puts.clone().zip(syncs.clone()).map(|(put, sync)| put / sync.max(1.0));
            LonePut {
                put_p50_us: median(puts),
                sync_p50_us: median(syncs),
                put_over_sync: median(ratios),
            }
        });
    }

    /// Whether all that was checked holds.
    pub(super) fn hold(&self) -> bool {
        self.lone_put.is_none_or(|lone| lone.put_over_sync >= 1.0)
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "read back as acknowledged: {} writes after their turns, {} after a SIGKILL",
            self.read_back, self.read_back_after_crash
        )?;
        match self.lone_put {
            None => write!(f, "not checked against the disk: no lone client was measured"),
            Some(LonePut { put_p50_us, sync_p50_us, put_over_sync }) => {
                let (put, sync) = (milliseconds(put_p50_us), milliseconds(sync_p50_us));
                write!(
                    f,
                    "lone PUT p50 {put} ms, write and fdatasync of 4 KiB beside it {sync} ms: "
                )?;
                write!(f, "× {put_over_sync:.2}, ")?;
                f.write_str(if self.hold() {
                    "at least × 1 holds"
                } else {
                    "FAILS: it was not durable, or the machine was not idle"
                })
            }
        }
    }
}

async fn read_all(region: &Region, written: &[(Key, Stamp)]) -> anyhow::Result<usize> {
    let mut connection = Connection::open(region.api).await?;
    for (key, stamp) in written {
        let path = format!("{}{key}", load::ITEMS_PATH);
        let request = http::request(region.api, "GET", &path, None);
        let answer = connection.exchange(request.as_bytes()).await?;
        answer.check()?;
        let shown: Value = serde_json::from_slice(answer.body())?;
        let expected: Value = serde_json::from_str(&load::value(*stamp))?;
        if shown["value"] != expected {
            bail!("acknowledged and not there: {key} is {shown}, and {expected} was written");
        }
    }
    Ok(written.len())
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::turn;
    use super::*;

    /// The checks of rounds in which a lone PUT and the disk took so long.
    fn checked(rounds_us: &[(f64, f64)]) -> Checks {
        let mut lone = Comparison::new(Work::Put, 1);
        for (put_p50_us, sync_p50_us) in rounds_us {
            lone.tombolo.push(turn(1.0, *put_p50_us));
            lone.disk.push(turn(1.0, *sync_p50_us).latency);
        }
        let mut checks = Checks::default();
        checks.compare_with_disk(&[Comparison::new(Work::Put, 64), lone]);
        checks
    }

    #[test]
    fn a_lone_write_that_is_faster_than_the_disk_is_not_believed() {
        assert!(checked(&[(150.0, 150.0)]).hold());
        let checks = checked(&[(149.0, 150.0)]);
        assert!(!checks.hold());
        let shown = checks.to_string();
        assert!(shown.contains("beside it 0.150 ms: × 0.99, FAILS"), "{shown}");
    }

    #[test]
    fn a_disk_that_was_slow_in_one_round_alone_accuses_nobody() {
        assert!(checked(&[(300.0, 150.0), (1_400.0, 900.0), (310.0, 1_000.0)]).hold());
        assert!(!checked(&[(100.0, 150.0), (1_400.0, 1_500.0), (310.0, 150.0)]).hold());
    }

    #[test]
    fn without_a_lone_client_nothing_is_claimed_about_the_disk() {
        let mut checks = Checks::default();
        checks.compare_with_disk(&[Comparison::new(Work::Put, 8)]);
        assert!(checks.hold());
        assert!(checks.to_string().ends_with("no lone client was measured"));
    }
}
