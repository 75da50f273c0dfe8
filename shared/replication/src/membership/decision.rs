//! Deciding a change of the list.

use tombolo_causality::{Dot, RegionId};

use super::{Member, MemberAddress, Membership, Removed};
use crate::leader::Refusal;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberCommand {
    /// Add a region.
    Add {
        /// Its name.
        region: RegionId,
        /// Where the others dial it.
        address: MemberAddress,
    },
    /// Remove a region.
    Remove {
        /// Its name.
        region: RegionId,
    },
}

/// What a command comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// It is so already, by this change; from the beginning where there is none.
    AsIs(Option<Dot>),
    /// The list is to change.
    Change,
}

impl Membership {
    /// What `command` comes to.
    pub fn plan(&self, command: &MemberCommand) -> Result<Plan, Refusal> {
        match command {
            MemberCommand::Add { region, address } => match self.member(*region) {
                Some(member) if member.address == *address => Ok(Plan::AsIs(member.since)),
                Some(_) => Err(Refusal::MemberExists),
                None if self.members.len() >= Self::MEMBERS_MAX => Err(Refusal::TooManyMembers),
                None => Ok(Plan::Change),
            },
            MemberCommand::Remove { region } if self.contains(*region) => {
                if self.members.len() == 1 {
                    return Err(Refusal::LastMember);
                }
                Ok(Plan::Change)
            }
            MemberCommand::Remove { region } => {
                let removed = self.removed.iter().find(|removed| removed.region == *region);
                removed.map(|removed| Plan::AsIs(Some(removed.by))).ok_or(Refusal::NoSuchMember)
            }
        }
    }

    /// The list after `command`, which is decided by the change `dot`.
    #[must_use]
    pub fn after(&self, command: MemberCommand, dot: Dot) -> Self {
        let mut after = self.clone();
        after.epoch += 1;
        match command {
            MemberCommand::Add { region, address } => {
                after.removed.retain(|removed| removed.region != region);
                after.members.push(Member { region, address, since: Some(dot) });
            }
            MemberCommand::Remove { region } => {
                after.members.retain(|member| member.region != region);
                if after.removed.len() == Self::REMOVED_MAX {
                    after.removed.remove(0);
                }
                after.removed.push(Removed { region, by: dot });
                if self.orderer() == Some(region)
                    && let Err(at) = after.ordered_before.binary_search(&region)
                {
                    after.ordered_before.insert(at, region);
                    after.ordered_before.truncate(Self::REMOVED_MAX);
                }
            }
        }
        after
    }
}
