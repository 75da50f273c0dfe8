//! Who is a member: the list that all regions agree on, and what comes of a change of it.
//!
//! Membership is a part of the catalog and travels as table definitions do: the first member orders
//! it, each change of it is a change in that region's stream, and carries the whole list after it.
//! So lists come in one order, and each has an epoch that is larger by one than that of the list
//! before. The region that orders may remove itself: that is the last it orders. The next in the
//! list goes on once it has applied it, so that whatever it orders names the removal as its cause,
//! and no region sees the two in another order.
//!
//! Until the first change the list is the one of the settings, of epoch 0.
//!
//! Who was removed comes back only with a directory that began after that: one that has writes which
//! nobody else has, or has items that the others have forgotten the removal of, is never joined.

mod decision;
mod levelling;

use tombolo_causality::{Dot, RegionId, VersionVector};

pub use self::decision::{MemberCommand, Plan};
pub use self::levelling::Levelling;

/// Where a member is dialled: `host:port`, not resolved and not parsed here. Port 0 says that it is
/// not known, which only the settings say of the region that they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberAddress(String);

/// A text that is no member's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a member's address has the form host:port and at most {max} bytes", max = MemberAddress::ADDRESS_BYTES_MAX)]
pub struct MemberAddressError;

impl MemberAddress {
    /// The longest address, in bytes: a host name of 253, brackets, a colon and a port.
    pub const ADDRESS_BYTES_MAX: usize = 261;

    /// Checks `text` as far as is needed to keep it, and takes it.
    pub fn new(text: &str) -> Result<Self, MemberAddressError> {
        let is_kept = text.len() <= Self::ADDRESS_BYTES_MAX
            && text.bytes().all(|b| b.is_ascii_graphic())
            && text
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if is_kept { Ok(Self(text.to_owned())) } else { Err(MemberAddressError) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A region that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub region: RegionId,
    /// Where the others dial it.
    pub address: MemberAddress,
    /// The change that added it; nothing where it is one of those that the cluster began with.
    pub since: Option<Dot>,
}

/// A region that took part and no longer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its name.
    pub region: RegionId,
    /// The change that removed it.
    pub by: Dot,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Membership {
    epoch: u64,
    members: Vec<Member>,
    removed: Vec<Removed>,
    ordered_before: Vec<RegionId>,
}

/// What becomes of a region that calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It takes part.
    Member,
    /// It is a member, and its directory is empty: it takes what the others show before anything is
    /// shipped to it, since the log also tells of its earlier lives.
    Newcomer,
    /// It is no member, as far as is known here; it may become one.
    Unknown,
    /// It was removed, or its directory is that of a life that was: it will never be let in with it.
    Removed,
}

/// Why a list was not taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a list of members breaks the rule: {rule}")]
pub struct MembershipFlaw {
    /// The rule.
    pub rule: &'static str,
}

impl Membership {
    /// How many members a cluster may have.
    pub const MEMBERS_MAX: usize = 64;

    /// Of how many removed regions it is remembered that they were; then the earliest is forgotten,
    /// and is refused as one that was never heard of.
    pub const REMOVED_MAX: usize = 64;

    /// The list that the cluster begins with.
    pub fn founding(members: impl IntoIterator<Item = (RegionId, MemberAddress)>) -> Self {
        let member = |(region, address)| Member { region, address, since: None };
        Self { members: members.into_iter().map(member).collect(), ..Self::default() }
    }

    /// A list as it was written down.
    pub fn from_parts(
        epoch: u64,
        members: Vec<Member>,
        removed: Vec<Removed>,
        ordered_before: Vec<RegionId>,
    ) -> Result<Self, MembershipFlaw> {
        let rule = |rule| Err(MembershipFlaw { rule });
        if epoch == 0 {
            return rule("its epoch is not that of the settings");
        }
        if members.is_empty() || members.len() > Self::MEMBERS_MAX {
            return rule("it has a member and not too many");
        }
        if removed.len() > Self::REMOVED_MAX || ordered_before.len() > Self::REMOVED_MAX {
            return rule("it names not too many regions of before");
        }
        let names = members.iter().map(|member| member.region);
        let mut names: Vec<_> = names.chain(removed.iter().map(|gone| gone.region)).collect();
        names.sort_unstable();
        if !names.is_sorted_by(|before, after| before < after) {
            return rule("it names a region once");
        }
        if !ordered_before.is_sorted_by(|before, after| before < after) {
            return rule("who ordered before is named once, in order");
        }
        Ok(Self { epoch, members, removed, ordered_before })
    }

    /// How many times it has changed.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The members, the one that orders first.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Who was removed and has not come back, the latest last.
    pub fn removed(&self) -> &[Removed] {
        &self.removed
    }

    /// The region that orders definitions and members.
    pub fn orderer(&self) -> Option<RegionId> {
        self.members.first().map(|member| member.region)
    }

    /// Who ordered before, in ascending order.
    pub fn ordered_before(&self) -> &[RegionId] {
        &self.ordered_before
    }

    /// Every region whose stream has defined tables, or may.
    pub fn orderers(&self) -> impl Iterator<Item = RegionId> + '_ {
        self.orderer().into_iter().chain(self.ordered_before.iter().copied())
    }

    /// The member of that name.
    pub fn member(&self, region: RegionId) -> Option<&Member> {
        self.members.iter().find(|member| member.region == region)
    }

    /// Whether a region of that name is a member.
    pub fn contains(&self, region: RegionId) -> bool {
        self.member(region).is_some()
    }

    /// What becomes of `region`, which says that it has `vector`.
    pub fn admission(&self, region: RegionId, vector: &VersionVector) -> Admission {
        if let Some(member) = self.member(region) {
            return match member.since {
                None => Admission::Member,
                Some(since) if vector.contains(&since) => Admission::Member,
                Some(_) if vector.is_empty() => Admission::Newcomer,
                Some(_) => Admission::Removed,
            };
        }
        match self.removed.iter().find(|removed| removed.region == region) {
            // It knows of its removal, or has begun anew: it waits to be added.
            Some(removed) if vector.is_empty() || vector.contains(&removed.by) => {
                Admission::Unknown
            }
            Some(_) => Admission::Removed,
            None => Admission::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
