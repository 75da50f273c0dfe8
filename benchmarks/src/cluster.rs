//! Regions as they are run: the release binary with a settings file, asked over its listeners.
//!
//! The settings are the defaults but for names, places and what a benchmark changes on purpose.
//! Every process ends with the value that stands for it.

mod process;
mod region;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep};
use tombolo_causality::RegionId;
use tombolo_topology::Settings;
use tombolo_topology::settings::{Listen, Member};

use crate::binary::Binary;
use crate::{http, load};
pub(crate) use process::Process;
pub(crate) use region::Region;

/// How long the regions of a cluster may take to find one another.
const MEETING_TIME_MAX: Duration = Duration::from_secs(30);
/// How often what is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How far a region has come: the last change applied, by replica.
pub(crate) type VersionVector = BTreeMap<String, u64>;

/// One or more regions that know one another.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// In the order of their names.
    pub(crate) regions: Vec<Region>,
}

impl Cluster {
    /// Starts a region for each of `names`, with all its files in `folder`, waits until all take
    /// requests and hear one another, and creates the table of the benchmarks.
    pub(crate) async fn start(
        binary: &Binary,
        folder: &Path,
        names: &[&str],
        adjust: impl Fn(&mut Settings),
    ) -> anyhow::Result<Self> {
        let mut settings = settings_of(names, folder)?;
        settings.iter_mut().for_each(adjust);
        let mut regions = Vec::new();
        for settings in settings {
            regions.push(Region::start(binary, folder, settings)?);
        }
        for region in &mut regions {
            region.wait_ready().await?;
        }
        let cluster = Self { regions };
        cluster.wait_linked().await?;
        let table = Some(r#"{"type":"register"}"#);
        let [first, ..] = cluster.regions.as_slice() else { bail!("a cluster has regions") };
        http::call(first.api, "PUT", load::TABLE_PATH, table).await?;
        Ok(cluster)
    }

    /// Whether all regions show the same changes.
    pub(crate) async fn is_level(&self) -> anyhow::Result<bool> {
        let mut vectors = Vec::new();
        for region in &self.regions {
            vectors.push(region.vector().await?);
        }
        Ok(vectors.windows(2).all(|pair| pair[0] == pair[1]))
    }

    /// Returns when all regions show the same changes, or fails after `time_max`.
    pub(crate) async fn wait_level(&self, time_max: Duration) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.is_level().await? {
            if started.elapsed() > time_max {
                bail!("the regions do not show the same changes after {time_max:?}");
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Fails unless all regions hold the same items. Meant for when they show the same changes.
    pub(crate) async fn check_digests(&self) -> anyhow::Result<()> {
        let (mut digests, mut shown) = (Vec::new(), Vec::new());
        for region in &self.regions {
            let digest = http::call(region.admin, "GET", "/v1/digests", None).await?;
            shown.push(format!("{}: {digest}", region.name()));
            if digest["digest"].as_str().is_none() {
                bail!("an answer without a digest: {digest}");
            }
            digests.push(digest);
        }
        if digests.windows(2).any(|pair| pair[0] != pair[1]) {
            bail!("level, and yet the regions hold different items:\n{}", shown.join("\n"));
        }
        Ok(())
    }

    async fn wait_linked(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        for region in &self.regions {
            while !region.links().await?.iter().all(|link| link.state == "up") {
                if started.elapsed() > MEETING_TIME_MAX {
                    let links = region.links().await?;
                    bail!("after {MEETING_TIME_MAX:?}, {} has {links:?}", region.name());
                }
                sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }
}

/// Settings for each of `names`, all knowing all.
fn settings_of(names: &[&str], folder: &Path) -> anyhow::Result<Vec<Settings>> {
    let mut members = Vec::new();
    let mut places = Vec::new();
    let mut addresses = free_addresses(3 * names.len())?.into_iter();
    for name in names {
        let (Some(api), Some(admin), Some(replication)) =
            (addresses.next(), addresses.next(), addresses.next())
        else {
            bail!("too few addresses");
        };
        let name = RegionId::new(name)?;
        members.push(Member { name, replication: replication.into() });
        places.push((name, Listen { api, admin, replication }));
    }
    let settings = places.into_iter().map(|(name, listen)| {
        let mut settings = Settings::for_region(name, folder.join(name.as_str()));
        settings.listen = listen;
        settings.cluster.regions.clone_from(&members);
        settings
    });
    Ok(settings.collect())
}

/// A loopback address on which nobody listens.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let addresses = free_addresses(1)?;
    addresses.first().copied().context("no free address")
}

/// As many, all different. Another process could take one before it is used, which then shows as
/// a process that does not start.
fn free_addresses(count: usize) -> io::Result<Vec<SocketAddr>> {
    let held: io::Result<Vec<_>> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect();
    held?.iter().map(TcpListener::local_addr).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_region_has_valid_settings_that_name_all_regions_at_their_own_addresses() {
        let all = settings_of(&["us-east", "eu-west"], Path::new("/x")).unwrap();
        let mut ports = BTreeSet::new();
        for settings in &all {
            settings.check().unwrap();
            assert_eq!(settings.cluster, all[0].cluster);
            let Listen { api, admin, replication } = settings.listen;
            ports.extend([api, admin, replication].map(|address| address.port()));
            assert!(
                settings.cluster.regions.contains(&Member {
                    name: settings.region.name,
                    replication: replication.into()
                })
            );
        }
        assert_eq!(ports.len(), 6);
        assert_eq!(all[1].region.data_dir, Path::new("/x/eu-west"));
    }
}
