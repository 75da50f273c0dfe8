//! What this region asks the one that orders definitions and members, over the connection on which it
//! ships to it.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use tombolo_protocol::{Frame, MemberAction, MemberReply, TableReply, TableRequest};

/// A question to the peer.
#[derive(Debug)]
pub(crate) enum Question {
    /// About a table.
    Table {
        /// What is asked.
        what: TableRequest,
        /// Where the answer goes.
        reply: oneshot::Sender<TableReply>,
    },
    /// About a member.
    Member {
        /// What is asked.
        what: MemberAction,
        /// Where the answer goes.
        reply: oneshot::Sender<MemberReply>,
    },
}

/// Whoever waits for an answer.
#[derive(Debug)]
enum Asker {
    Table(oneshot::Sender<TableReply>),
    Member(oneshot::Sender<MemberReply>),
}

/// What has been asked on one connection and not been answered.
#[derive(Debug, Default)]
pub(super) struct Asked {
    askers: BTreeMap<u64, Asker>,
    last: u64,
}

impl Question {
    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Table { reply, .. } => reply.is_closed(),
            Self::Member { reply, .. } => reply.is_closed(),
        }
    }
}

impl Asker {
    fn is_closed(&self) -> bool {
        match self {
            Self::Table(reply) => reply.is_closed(),
            Self::Member(reply) => reply.is_closed(),
        }
    }
}

impl Asked {
    /// The frame that asks, its answer being waited for from now on.
    pub(super) fn ask(&mut self, question: Question) -> Frame {
        self.askers.retain(|_, asker| !asker.is_closed());
        self.last += 1;
        let request = self.last;
        let (asker, frame) = match question {
            Question::Table { what, reply } => {
                (Asker::Table(reply), Frame::TableRequest { request, what })
            }
            Question::Member { what, reply } => {
                (Asker::Member(reply), Frame::MemberRequest { request, what })
            }
        };
        self.askers.insert(request, asker);
        frame
    }

    /// Hands an answer over. An asker that no longer waits needs none, and one that does not fit the
    /// question is none.
    pub(super) fn table_answered(&mut self, request: u64, reply: TableReply) {
        if let Some(Asker::Table(asker)) = self.askers.remove(&request) {
            asker.send(reply).ok();
        }
    }

    /// The same of a member.
    pub(super) fn member_answered(&mut self, request: u64, reply: MemberReply) {
        if let Some(Asker::Member(asker)) = self.askers.remove(&request) {
            asker.send(reply).ok();
        }
    }
}
