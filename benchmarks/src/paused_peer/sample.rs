//! Memory and disk of all regions, at moments of a run, and what a region's being away added.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::cluster::Cluster;
use crate::disk;
use crate::report::{Table, mebibytes};

/// Where in a run a sample was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Before the first write.
    Started,
    /// During the writes with all links up.
    Linked,
    /// After those, when all regions showed them.
    Level,
    /// During the writes with one region away.
    Paused,
    /// After its return.
    Resumed,
}

/// What one region took at one moment.
#[derive(Debug, Clone, Copy, Serialize)]
struct Taken {
    resident_bytes: u64,
    disk_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Sample {
    phase: Phase,
    writes: u64,
    /// In the order of the regions.
    regions: Vec<Taken>,
}

/// All samples of a run, and their table.
#[derive(Debug, Serialize)]
pub(super) struct Samples {
    regions: Vec<&'static str>,
    samples: Vec<Sample>,
}

impl Samples {
    /// None yet, of regions by these names.
    pub(super) fn new(regions: &[&'static str]) -> Self {
        Self { regions: regions.to_vec(), samples: Vec::new() }
    }

    /// Takes one of each region, `writes` into its phase.
    pub(super) fn look(
        &mut self,
        phase: Phase,
        writes: u64,
        cluster: &Cluster,
    ) -> anyhow::Result<()> {
        let take = |region: &crate::cluster::Region| {
            let resident_bytes = region.process.resident_bytes()?;
            let disk_bytes = disk::used_bytes(&region.data_dir);
            let disk_bytes = disk_bytes.with_context(|| format!("disk of {}", region.name()))?;
            anyhow::Ok(Taken { resident_bytes, disk_bytes })
        };
        let regions = cluster.regions.iter().map(take).collect::<Result<_, _>>()?;
        self.samples.push(Sample { phase, writes, regions });
        Ok(())
    }

    /// How much more memory region `index` took at most while one was away than when none was.
    /// Negative where it took less.
    fn growth_bytes(&self, index: usize) -> Option<i64> {
        let peak = |phase| {
            let samples = self.samples.iter().filter(|sample| sample.phase == phase);
            samples.filter_map(|sample| Some(sample.regions.get(index)?.resident_bytes)).max()
        };
        let (linked, paused) = (peak(Phase::Linked)?, peak(Phase::Paused)?);
        Some(i64::try_from(paused).ok()? - i64::try_from(linked).ok()?)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "started",
            Self::Linked => "all linked",
            Self::Level => "level",
            Self::Paused => "one away",
            Self::Resumed => "resumed",
        })
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.regions.iter().map(|region| format!("{region} RSS"));
        let disk = self.regions.iter().map(|region| format!("{region} disk"));
        let headings: Vec<String> =
            ["MiB".to_owned(), "writes".to_owned()].into_iter().chain(memory).chain(disk).collect();
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        let mut table = Table::new(&headings);
        for sample in &self.samples {
            let mut row = vec![sample.phase.to_string(), sample.writes.to_string()];
            row.extend(sample.regions.iter().map(|taken| mebibytes(taken.resident_bytes)));
            row.extend(sample.regions.iter().map(|taken| mebibytes(taken.disk_bytes)));
            table.push(row);
        }
        write!(f, "{table}memory with one away, above that with all linked, peak to peak:")?;
        for (index, region) in self.regions.iter().enumerate() {
            if let Some(bytes) = self.growth_bytes(index) {
                let comma = if index == 0 { "" } else { "," };
                let sign = if bytes < 0 { '-' } else { '+' };
                write!(f, "{comma} {region} {sign}{} MiB", mebibytes(bytes.unsigned_abs()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(taken: &[(Phase, u64)]) -> Samples {
        let sample = |(phase, mebibytes): &(Phase, u64)| {
            let taken = Taken { resident_bytes: mebibytes << 20, disk_bytes: 7 << 20 };
            Sample { phase: *phase, writes: 5, regions: vec![taken] }
        };
        Samples { regions: vec!["us-east"], samples: taken.iter().map(sample).collect() }
    }

    #[test]
    fn growth_is_from_peak_to_peak_and_may_be_negative() {
        let grown = [
            (Phase::Started, 900),
            (Phase::Linked, 150),
            (Phase::Linked, 120),
            (Phase::Paused, 110),
            (Phase::Paused, 160),
            (Phase::Resumed, 999),
        ];
        assert_eq!(samples(&grown).growth_bytes(0), Some(10 << 20));
        let shrunk = [(Phase::Linked, 150), (Phase::Paused, 149)];
        assert_eq!(samples(&shrunk).growth_bytes(0), Some(-(1 << 20)));
        assert_eq!(samples(&[(Phase::Linked, 1)]).growth_bytes(0), None);
    }

    #[test]
    fn the_table_has_a_row_a_sample_and_the_growth_below() {
        let shown = samples(&[(Phase::Linked, 150), (Phase::Paused, 1_600)]).to_string();
        assert_eq!(
            shown,
            "MiB          writes   us-east RSS   us-east disk\n\
             all linked        5           150              7\n\
             one away          5         1,600              7\n\
             memory with one away, above that with all linked, peak to peak: us-east +1,450 MiB"
        );
    }
}
