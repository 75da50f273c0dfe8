//! What one region orders for all: who that is, and when all have it.

use core::time::Duration;
use std::sync::Arc;

use actix::Addr;
use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::timeout;
use tombolo_causality::{Dot, RegionId};
use tombolo_storage::View;

use crate::error::SubmitError;
use crate::leader::Leader;
use crate::links::Links;
use crate::replication::{Ask, Replication};
use crate::roster::Roster;
use crate::shipping::Question;
use crate::standing::Standing;

/// Where a call must be known to have arrived before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In every region.
    Everywhere,
    /// In this region, and in every other that confirms it in time.
    AtLeastHere,
    /// In this region.
    Here,
}

/// The region that orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Orderer {
    /// This one.
    Here,
    /// That one.
    There(RegionId),
}

/// Why something that was ordered is not known to have arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unconfirmed {
    /// These regions have not confirmed it.
    Pending(Vec<RegionId>),
    /// The region is stopping.
    Stopping,
}

/// See the module. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Ordering {
    pub(crate) roster: Arc<Roster>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) leader: Addr<Leader>,
    pub(crate) links: Arc<Links>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) wait: Duration,
}

impl Ordering {
    /// Who orders, as far as this region shows it.
    pub(crate) fn orderer(&self) -> Orderer {
        match self.roster.members().orderer() {
            Some(region) if region != self.links.own() => Orderer::There(region),
            _ => Orderer::Here,
        }
    }

    /// Refuses what a region is asked that no longer takes part.
    pub(crate) fn check_standing(&self) -> Result<(), SubmitError> {
        if self.standing.is_member() { Ok(()) } else { Err(SubmitError::NotAMember) }
    }

    /// Passes a question on to `orderer`; false where that cannot be.
    pub(crate) async fn ask(&self, orderer: RegionId, question: Question) -> bool {
        let link = self.links.get(&orderer);
        let Some(way) = link.as_ref().and_then(|link| link.replication()) else { return false };
        Addr::<Replication>::send(way, Ask(question)).await.unwrap_or(false)
    }

    /// Waits until the change `dot` has arrived.
    pub(crate) async fn confirm(&self, dot: Dot, reach: Reach) -> Result<(), Unconfirmed> {
        let mut published = self.published.clone();
        let mut acknowledged = self.links.watch_acknowledged();
        let arrived = async {
            while !self.missing(&dot, reach).is_empty() {
                let told = tokio::select! {
                    told = published.changed() => told,
                    told = acknowledged.changed() => told,
                };
                told.map_err(|_| Unconfirmed::Stopping)?;
            }
            Ok(())
        };
        match timeout(self.wait, arrived).await {
            Ok(confirmed) => confirmed,
            // The others hear of it in time.
            Err(_) if reach == Reach::AtLeastHere && self.is_here(&dot) => Ok(()),
            Err(_) => Err(Unconfirmed::Pending(self.missing(&dot, reach))),
        }
    }

    /// Of the regions that are waited for, those that are not known to hold the change `dot`: of the
    /// members all but one that the change itself has added.
    pub(crate) fn missing(&self, dot: &Dot, reach: Reach) -> Vec<RegionId> {
        let own = self.links.own();
        let members = self.roster.members();
        let waited_for = members.members().iter().filter(|member| {
            let is_meant = member.region == own || reach != Reach::Here;
            is_meant && member.since != Some(*dot)
        });
        let lacks = |region: &RegionId| {
            if *region == own {
                return !self.is_here(dot);
            }
            let link = self.links.get(region);
            !link.is_some_and(|link| link.facts().known.contains(dot))
        };
        waited_for.map(|member| member.region).filter(lacks).collect()
    }

    fn is_here(&self, dot: &Dot) -> bool {
        self.views.load().shows(dot)
    }
}
