//! What a demo consists of: places, ports, directories, links.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tombolo_causality::RegionId;
use tombolo_topology::places::{self, Place};
use tombolo_topology::settings::{LogLevel, Member};
use tombolo_topology::{LatencyMatrix, Settings};
use tombolo_wan::{LinkShape, Wan, WanPlan};

use crate::cli::{Demo, Distance};

/// The name by which all regions of a demo know that they belong together.
const CLUSTER: &str = "demo";

/// The relay's jitter is drawn from this, the same in every run.
const SEED: u64 = 1;

/// See the module.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) regions: Vec<DemoRegion>,
    pub(super) restart: bool,
    data_dir: PathBuf,
    distance: Distance,
}

/// One region of a demo.
#[derive(Clone, Copy, Debug)]
pub(super) struct DemoRegion {
    pub(super) name: RegionId,
    pub(super) place: &'static Place,
    pub(super) api: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) replication: SocketAddr,
}

impl Plan {
    /// Checks what was asked for.
    pub(super) fn new(arguments: &Demo) -> anyhow::Result<Self> {
        super::check(arguments)?;
        let regions = arguments.regions.iter().zip(0_u16..).map(|(&name, nth)| {
            let place = places::find(name).with_context(|| {
                format!("{name} is none of the known places; `tombolo demo --list` names them")
            })?;
            let port = |listener: u16| {
                let port = arguments.base_port.checked_add(10 * nth + listener);
                let port = port.with_context(|| {
                    format!("--base-port {} leaves no room for the ports", arguments.base_port)
                })?;
                anyhow::Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            };
            let (api, admin, replication) = (port(1)?, port(2)?, port(3)?);
            Ok(DemoRegion { name, place, api, admin, replication })
        });
        Ok(Self {
            regions: regions.collect::<anyhow::Result<_>>()?,
            restart: arguments.restart,
            data_dir: std::path::absolute(&arguments.data_dir)?,
            distance: arguments.wan,
        })
    }

    /// The relay between the regions, where there is any distance.
    pub(super) fn relay(&self) -> anyhow::Result<Option<Wan>> {
        if self.distance == Distance::None || self.regions.len() < 2 {
            return Ok(None);
        }
        let matrix = LatencyMatrix::measured();
        let mut plan = WanPlan::new(SEED);
        for region in &self.regions {
            plan = plan.place(region.place.name, region.replication);
        }
        for from in &self.regions {
            for to in self.regions.iter().filter(|to| to.name != from.name) {
                let jitter = matrix.rtt(from.place, to.place).mdev / 2;
                let delay = matrix.one_way(from.place, to.place);
                let shape = LinkShape::with_delay(delay).jitter(jitter);
                plan = plan.one_way(from.place.name, to.place.name, shape);
            }
        }
        Ok(Some(Wan::start(&plan)?))
    }

    /// The settings of every region, which reach each other through `relay`.
    pub(super) fn settings(&self, relay: Option<&Wan>) -> anyhow::Result<Vec<Settings>> {
        self.regions.iter().map(|region| self.settings_of(region, relay)).collect()
    }

    fn settings_of(&self, region: &DemoRegion, relay: Option<&Wan>) -> anyhow::Result<Settings> {
        let name = region.name;
        let mut settings = Settings::for_region(name, self.data_dir.join(name.as_str()));
        settings.cluster.id = CLUSTER.parse()?;
        settings.cluster.regions.clear();
        for member in &self.regions {
            let address = match relay {
                Some(relay) if member.name != name => {
                    relay.address(name.as_str(), member.name.as_str())?
                }
                _ => member.replication,
            };
            let member = Member { name: member.name, replication: address.into() };
            settings.cluster.regions.push(member);
        }
        settings.listen.api = region.api;
        settings.listen.admin = region.admin;
        settings.listen.replication = region.replication;
        settings.backup.directory = self.backups().display().to_string().parse()?;
        settings.log.level = LogLevel::Warn;
        settings.check()?;
        Ok(settings)
    }

    /// Where a region's settings are written.
    pub(super) fn settings_file(&self, region: RegionId) -> PathBuf {
        self.data_dir.join(format!("{region}.toml"))
    }

    /// Where backups may be written.
    pub(super) fn backups(&self) -> PathBuf {
        self.data_dir.join("backups")
    }

    /// Where all is kept.
    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}
