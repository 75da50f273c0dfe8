//! Who takes part, how far that is agreed, and what removed regions have left.

use std::sync::Arc;

use tombolo_causality::RegionId;
use tombolo_replication::{Levelling, MemberCommand, Membership};

use super::Region;
use crate::error::MemberError;
use crate::members::MemberAnswer;
use crate::ordering::Reach;

/// The members at one moment, as far as this region knows.
#[derive(Clone, Debug)]
pub struct MembersNow {
    /// The list.
    pub members: Arc<Membership>,
    /// Of each member in turn, who has not confirmed that it was added.
    pub unconfirmed: Vec<Vec<RegionId>>,
    /// Of each removed region in turn, who has not confirmed that it was removed, and how what it has
    /// left has spread.
    pub left: Vec<(Vec<RegionId>, Levelling)>,
}

impl Region {
    /// Whether it is a member of its cluster: one that was removed can be read and takes no writes.
    pub fn is_member(&self) -> bool {
        self.0.standing.is_member()
    }

    /// The members, as far as it has heard.
    pub fn members(&self) -> Arc<Membership> {
        self.0.roster.members()
    }

    /// The same with what is known of how far they are agreed.
    pub fn members_now(&self) -> MembersNow {
        let members = self.members();
        let missing = |dot| self.0.members.ordering.missing(&dot, Reach::Everywhere);
        let since = members.members().iter().map(|member| member.since);
        let unconfirmed = since.map(|since| since.map(missing).unwrap_or_default()).collect();
        let own = self.name();
        let vectors = members.members().iter().filter_map(|member| {
            if member.region == own {
                return Some((own, (**self.view().vector()).clone()));
            }
            let link = self.0.links.get(&member.region)?;
            let vector = link.facts().known.vector();
            Some((member.region, vector))
        });
        let vectors: Vec<_> = vectors.collect();
        let left = members
            .removed()
            .iter()
            .map(|removed| (missing(removed.by), Levelling::of(removed.region, &vectors)));
        let left = left.collect();
        MembersNow { members, unconfirmed, left }
    }

    /// Adds or removes a member; answers when all who are concerned have confirmed it.
    pub async fn call_members(&self, command: MemberCommand) -> Result<MemberAnswer, MemberError> {
        self.0.members.call(command).await
    }
}
