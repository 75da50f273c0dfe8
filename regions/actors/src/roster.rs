//! Who the members are, as far as this region has heard, and where they are dialled.
//!
//! The list is the one of the catalog that is shown; as long as it was never changed, the one of the
//! settings. An address in the settings goes before the one that was agreed, so that an operator can
//! move a member.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tombolo_causality::RegionId;
use tombolo_replication::{Catalog, Member, MemberAddress, Membership};
use tombolo_storage::View;
use tombolo_topology::Settings;
use tombolo_topology::settings::PeerAddress;

/// See the module.
#[derive(Debug)]
pub(crate) struct Roster {
    own: RegionId,
    founding: Arc<Membership>,
    configured: BTreeMap<RegionId, (String, u16)>,
    views: Arc<ArcSwap<View>>,
}

impl Roster {
    pub(crate) fn new(settings: &Settings, views: Arc<ArcSwap<View>>) -> Self {
        let regions = || settings.cluster.regions.iter();
        // Whatever a setting holds is kept: it is shorter and stricter than an agreed address.
        let founding = regions().filter_map(|member| {
            let address = MemberAddress::new(&member.replication.to_string()).ok()?;
            Some((member.name, address))
        });
        let configured = regions().map(|member| (member.name, dialled(&member.replication)));
        Self {
            own: settings.region.name,
            founding: Arc::new(Membership::founding(founding)),
            configured: configured.collect(),
            views,
        }
    }

    /// The list that the cluster began with, as the settings have it.
    pub(crate) fn founding(&self) -> &Arc<Membership> {
        &self.founding
    }

    /// The members now.
    pub(crate) fn members(&self) -> Arc<Membership> {
        self.of(self.views.load().catalog())
    }

    /// The members of `catalog`.
    pub(crate) fn of(&self, catalog: &Catalog) -> Arc<Membership> {
        Arc::clone(catalog.members().unwrap_or(&self.founding))
    }

    /// All members now but this region, in their order.
    pub(crate) fn peers(&self) -> Vec<Member> {
        let members = self.members();
        let peers = members.members().iter().filter(|member| member.region != self.own);
        peers.cloned().collect()
    }

    /// Where `member` is dialled; nothing where what was agreed is no address.
    pub(crate) fn address(&self, member: &Member) -> Option<(String, u16)> {
        let configured = self.configured.get(&member.region).cloned();
        configured.or_else(|| Some(dialled(&member.address.as_str().parse().ok()?)))
    }

    /// Whose streams define the tables of `catalogs`.
    pub(crate) fn orderers(&self, catalogs: &[&Catalog]) -> BTreeSet<RegionId> {
        let lists: Vec<_> = catalogs.iter().map(|catalog| self.of(catalog)).collect();
        lists.iter().flat_map(|list| list.orderers()).collect()
    }
}

fn dialled(address: &PeerAddress) -> (String, u16) {
    (address.host().to_owned(), address.port())
}
