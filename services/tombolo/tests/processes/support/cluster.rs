//! Three regions, `a`, `b` and `c`, each a process; `a` orders the definitions of tables.

use std::net::{Ipv4Addr, SocketAddr};

use tempfile::TempDir;
use tombolo_causality::RegionId;
use tombolo_topology::Settings;
use tombolo_topology::settings::Member;
use tombolo_wan::{LinkShape, Wan, WanPlan};

use super::region::Change;
use super::{Region, Turn, free_ports};

/// The regions, in their order.
pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];

/// What lies between the regions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Distance {
    /// Loopback: they dial each other.
    None,
    /// A relay through which they dial each other, at first with every link alike.
    Relay(LinkShape),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Cluster {
    regions: Vec<Region>,
    wan: Option<Wan>,
    folder: TempDir,
    _turn: Turn,
}

impl Cluster {
    /// Starts all of them on empty directories, on loopback.
    pub(crate) fn start() -> Self {
        Self::start_with(Distance::None, &|_| {})
    }

    /// Starts all of them on empty directories, with settings changed by `change`.
    pub(crate) fn start_with(distance: Distance, change: Change<'_>) -> Self {
        let mut cluster = Self::unstarted(distance, change);
        cluster.regions.iter_mut().for_each(Region::spawn);
        cluster.regions.iter_mut().for_each(Region::wait_ready);
        cluster
    }

    /// Their settings on empty directories; nothing runs but the relay.
    pub(crate) fn unstarted(distance: Distance, change: Change<'_>) -> Self {
        let turn = Turn::take();
        let folder = tempfile::tempdir().unwrap();
        let ports: [u16; 9] = free_ports();
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listeners: Vec<[SocketAddr; 3]> =
            ports.chunks(3).map(|three| std::array::from_fn(|nth| address(three[nth]))).collect();
        let wan = match distance {
            Distance::None => None,
            Distance::Relay(shape) => Some(relay(shape, &listeners)),
        };
        let settings = |name: &str, [api, admin, replication]: [SocketAddr; 3]| {
            let region = RegionId::new(name).unwrap();
            let mut settings = Settings::for_region(region, folder.path().join(name));
            settings.listen.api = api;
            settings.listen.admin = admin;
            settings.listen.replication = replication;
            settings.http.workers = 1;
            let member = |(peer, [_, _, direct]): (&&str, &[SocketAddr; 3])| {
                let relayed = wan.as_ref().filter(|_| *peer != name);
                let replication = relayed.map_or(*direct, |wan| wan.address(name, peer).unwrap());
                Member { name: RegionId::new(peer).unwrap(), replication: replication.into() }
            };
            settings.cluster.regions = NAMES.iter().zip(&listeners).map(member).collect();
            change(&mut settings);
            settings
        };
        let regions = NAMES.iter().zip(&listeners);
        let regions = regions.map(|(name, listen)| Region::new(&settings(name, *listen))).collect();
        Self { regions, wan, folder, _turn: turn }
    }

    /// One of them.
    pub(crate) fn at(&self, name: &str) -> &Region {
        self.regions.iter().find(|region| region.name == name).unwrap()
    }

    /// One of them, to be started or ended.
    pub(crate) fn at_mut(&mut self, name: &str) -> &mut Region {
        self.regions.iter_mut().find(|region| region.name == name).unwrap()
    }

    /// All of them.
    pub(crate) fn all(&self) -> [&Region; 3] {
        NAMES.map(|name| self.at(name))
    }

    /// The relay between them.
    pub(crate) fn wan(&self) -> &Wan {
        self.wan.as_ref().unwrap()
    }

    /// The folder of all their directories, settings and logs.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

fn relay(shape: LinkShape, listeners: &[[SocketAddr; 3]]) -> Wan {
    let mut plan = WanPlan::new(1);
    for (name, [_, _, replication]) in NAMES.iter().zip(listeners) {
        plan = plan.place(name, *replication);
    }
    for [from, to] in [["a", "b"], ["a", "c"], ["b", "c"]] {
        plan = plan.link(from, to, shape);
    }
    Wan::start(&plan).unwrap()
}
