//! Attending to changes of the list of members: a link for each that comes, the end of that of each
//! that goes.
//!
//! It looks at what is shown, so that what counts members (who confirms, what is kept for whom) does
//! so from the moment at which the change is durable here.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;
use tombolo_causality::RegionId;
use tombolo_replication::{Member, Membership};
use tombolo_storage::PausedLinks;
use tombolo_storage::disk::Disk;

use crate::connecting::Connecting;
use crate::links::Links;
use crate::replication::PauseChanged;
use crate::roster::Roster;

/// See the module.
#[derive(Debug)]
pub(crate) struct Attending {
    pub(crate) roster: Arc<Roster>,
    pub(crate) links: Arc<Links>,
    pub(crate) connecting: Connecting,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) published: watch::Receiver<u64>,
}

impl Attending {
    /// Attends to them for as long as anything is shown; `attended` are the members whose links are
    /// open.
    pub(crate) async fn run(mut self, mut attended: Arc<Membership>) {
        while self.published.changed().await.is_ok() {
            let members = self.roster.members();
            if members.epoch() != attended.epoch() {
                self.attend(&members).await;
                attended = members;
            }
        }
    }

    async fn attend(&self, members: &Membership) {
        let own = self.links.own();
        if !members.contains(own) {
            // What this region has ordered last, its own removal perhaps, others may still lack: they
            // end the links as they learn of it.
            tracing::warn!(epoch = members.epoch(), "this region is no longer a member");
            return;
        }
        // A region that was removed and added again is another peer.
        let is_gone = |peer: &RegionId, since| {
            members.member(*peer).is_none_or(|member| member.since != since)
        };
        for link in self.links.all() {
            if is_gone(&link.peer, link.since) {
                self.part(link.peer, members.epoch()).await;
            }
        }
        for member in members.members() {
            if member.region != own && self.links.get(&member.region).is_none() {
                self.join(member, members.epoch());
            }
        }
    }

    fn join(&self, member: &Member, epoch: u64) {
        let peer = member.region;
        let Some(address) = self.roster.address(member) else {
            tracing::error!(%peer, address = member.address.as_str(), "it cannot be dialled there");
            return;
        };
        tracing::info!(%peer, epoch, "a member was added");
        let link = self.links.add(peer, address, member.since, false);
        self.connecting.open(&link);
    }

    async fn part(&self, peer: RegionId, epoch: u64) {
        tracing::info!(%peer, epoch, "a member was removed");
        let Some(link) = self.links.get(&peer) else { return };
        let was_paused = link.is_paused();
        self.links.remove(peer);
        if let Some(replication) = link.replication() {
            // Where it has ended there is nothing to be told.
            replication.send(PauseChanged).await.ok();
        }
        if was_paused {
            let links = self.links.all();
            let paused = links.iter().filter(|link| link.is_paused()).map(|link| link.peer);
            let written = PausedLinks(paused.collect::<BTreeSet<_>>()).write(&*self.disk);
            if let Err(error) = written {
                tracing::warn!(%peer, %error, "its pause is remembered, and is without effect");
            }
        }
    }
}
