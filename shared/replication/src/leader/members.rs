//! Deciding who is a member.
//!
//! As with tables, only the leader of the region that orders definitions is asked.

use tombolo_causality::Dot;

use super::{Leader, Refusal};
use crate::membership::Plan;
use crate::{Body, Change, MemberCommand, Membership};

/// What a command on members comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberDecision {
    /// By this change, which is to be journaled.
    Change(Box<Change>),
    /// It is so already, by this change; from the beginning where there is none.
    AsIs(Option<Dot>),
}

impl Leader {
    /// Whether this region is a member, as far as it has heard: not once it has applied its removal.
    pub fn is_member(&self) -> bool {
        let members = self.catalog().members();
        members.is_none_or(|members| members.contains(self.replica.region))
    }

    /// Decides a command on members; `founding` is the list that the cluster began with.
    pub fn decide_members(
        &mut self,
        now_ms: u64,
        founding: &Membership,
        command: MemberCommand,
    ) -> Result<MemberDecision, Refusal> {
        if !self.is_member() {
            return Err(Refusal::NotAMember);
        }
        let present = self.catalog().members().map_or(founding, |members| &**members);
        match present.plan(&command)? {
            Plan::AsIs(by) => Ok(MemberDecision::AsIs(by)),
            Plan::Change => {
                let present = present.clone();
                let written = self.next_name(now_ms);
                let members = present.after(command, written.dot);
                self.applier.take_members(&members);
                let change = self.change(written, Body::Members(Box::new(members)));
                Ok(MemberDecision::Change(Box::new(change)))
            }
        }
    }
}
