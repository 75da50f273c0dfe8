//! Adding and removing members: decided in the region that orders definitions, agreed when all members
//! hold it durably.
//!
//! An addition is agreed when all who were members before have it, a removal when all who stay have
//! it. Until then it is pending, and whoever asks for the same again waits for the same. A region that
//! was removed is not added before all who stay know of that: to one that does not, a directory that
//! begins anew would be the old one that has lost everything.

use tokio::sync::oneshot;
use tokio::time::timeout;
use tombolo_causality::{Dot, RegionId};
use tombolo_protocol::{MemberAction, MemberReply};
use tombolo_replication::leader::Refusal;
use tombolo_replication::{MemberAddress, MemberCommand, MemberPlan};

use crate::error::{MemberError, SubmitError};
use crate::leader::DecideMembers;
use crate::ordering::{Orderer, Ordering, Reach, Unconfirmed};
use crate::shipping::Question;

/// What a call on members can be refused for, each by its code.
const REFUSALS: [(&str, Refusal); 4] = [
    ("member_exists", Refusal::MemberExists),
    ("no_such_member", Refusal::NoSuchMember),
    ("too_many_members", Refusal::TooManyMembers),
    ("last_member", Refusal::LastMember),
];

/// The call names something that this version does not know.
const MALFORMED: &str = "malformed";
/// It was not decided, or nobody knows.
const UNAVAILABLE: &str = "unavailable";
/// An earlier removal of the same region is not agreed yet.
const PENDING: &str = "membership_pending";

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MembersDecision {
    /// This change did it.
    Done(Dot),
    /// It was so already, by that change; from the beginning where there is none.
    AsIs(Option<Dot>),
}

/// Whether a call has changed the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberAnswer {
    /// It has.
    Changed,
    /// The list was as asked for.
    AsItWas,
}

/// See the module. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    pub(crate) ordering: Ordering,
}

impl Members {
    /// Has a call decided, and waits until it is agreed.
    pub(crate) async fn call(&self, command: MemberCommand) -> Result<MemberAnswer, MemberError> {
        self.ordering.check_standing()?;
        if command == (MemberCommand::Remove { region: self.ordering.links.own() }) {
            return Err(MemberError::AskedToLeave);
        }
        let decision = match self.ordering.orderer() {
            Orderer::Here => self.decide_here(command).await?,
            Orderer::There(orderer) => self.ask(orderer, &command).await?,
        };
        let (dot, answer) = match decision {
            MembersDecision::Done(dot) => (Some(dot), MemberAnswer::Changed),
            MembersDecision::AsIs(dot) => (dot, MemberAnswer::AsItWas),
        };
        if let Some(dot) = dot {
            self.ordering.confirm(dot, Reach::Everywhere).await?;
        }
        Ok(answer)
    }

    /// Decides for a peer that does not order.
    pub(crate) async fn decide_for_peer(&self, asked: MemberAction) -> MemberReply {
        let refused = |code: &str| MemberReply::Refused { code: code.to_owned() };
        let command = match asked {
            MemberAction::Remove { region } => MemberCommand::Remove { region },
            MemberAction::Add { region, address } => match MemberAddress::new(&address) {
                Ok(address) => MemberCommand::Add { region, address },
                Err(_) => return refused(MALFORMED),
            },
        };
        if self.ordering.orderer() != Orderer::Here {
            return refused(UNAVAILABLE);
        }
        match self.decide_here(command).await {
            Ok(MembersDecision::Done(dot)) => MemberReply::Done { dot },
            Ok(MembersDecision::AsIs(dot)) => MemberReply::AsIs { dot },
            Err(MemberError::RemovalPending { .. }) => refused(PENDING),
            Err(MemberError::Submit(SubmitError::Refused(refusal))) => {
                let code = REFUSALS.iter().find(|(_, known)| *known == refusal);
                refused(code.map_or(UNAVAILABLE, |(code, _)| code))
            }
            Err(_) => refused(UNAVAILABLE),
        }
    }

    async fn decide_here(&self, command: MemberCommand) -> Result<MembersDecision, MemberError> {
        if let Some(removal) = self.removal_before(&command) {
            let agreed = self.ordering.confirm(removal, Reach::Everywhere).await;
            agreed.map_err(|unconfirmed| match unconfirmed {
                Unconfirmed::Pending(regions) => MemberError::RemovalPending { regions },
                Unconfirmed::Stopping => SubmitError::Stopping.into(),
            })?;
        }
        let (reply, answer) = oneshot::channel();
        let sent = self.ordering.leader.send(DecideMembers { command, reply }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        Ok(answer.await.unwrap_or(Err(SubmitError::Stopping))?)
    }

    /// The removal of the region that is to be added, where it was removed.
    fn removal_before(&self, command: &MemberCommand) -> Option<Dot> {
        let MemberCommand::Add { region, .. } = command else { return None };
        let removal = MemberCommand::Remove { region: *region };
        match self.ordering.roster.members().plan(&removal) {
            Ok(MemberPlan::AsIs(by)) => by,
            Ok(MemberPlan::Change) | Err(_) => None,
        }
    }

    async fn ask(
        &self,
        orderer: RegionId,
        command: &MemberCommand,
    ) -> Result<MembersDecision, MemberError> {
        let unreachable = MemberError::OrdererUnreachable { region: orderer };
        let what = match command {
            MemberCommand::Remove { region } => MemberAction::Remove { region: *region },
            MemberCommand::Add { region, address } => {
                MemberAction::Add { region: *region, address: address.as_str().to_owned() }
            }
        };
        let (reply, answer) = oneshot::channel();
        if !self.ordering.ask(orderer, Question::Member { what, reply }).await {
            return Err(unreachable);
        }
        match timeout(self.ordering.wait, answer).await {
            Ok(Ok(MemberReply::Done { dot })) => Ok(MembersDecision::Done(dot)),
            Ok(Ok(MemberReply::AsIs { dot })) => Ok(MembersDecision::AsIs(dot)),
            Ok(Ok(MemberReply::Refused { code })) if code == PENDING => {
                Err(MemberError::RemovalPending {
                    regions: self.not_known_to_have_removal(command),
                })
            }
            Ok(Ok(MemberReply::Refused { code })) => {
                let refusal = REFUSALS.iter().find(|(known, _)| *known == code);
                Err(refusal.map_or(unreachable, |(_, refusal)| {
                    SubmitError::Refused(refusal.clone()).into()
                }))
            }
            Ok(Err(_)) | Err(_) => Err(unreachable),
        }
    }

    /// Who has not confirmed the removal before `command`, as far as this region knows.
    fn not_known_to_have_removal(&self, command: &MemberCommand) -> Vec<RegionId> {
        let removal = self.removal_before(command);
        removal.map_or_else(Vec::new, |removal| self.ordering.missing(&removal, Reach::Everywhere))
    }
}
