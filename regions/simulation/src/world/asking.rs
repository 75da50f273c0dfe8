//! Clients and regions: what is asked, what is answered, and what is held against the answer.

use super::{Event, World};
use crate::around::Around;
use crate::clients::{Pending, TABLES, shape};
use crate::coverage::{FaultKind, PathKind};
use crate::invariant::Invariant;
use crate::request::{Reply, Request, What};

/// How long a client waits for an answer.
const CLIENT_WAITS_US: u64 = 5_000_000;

impl World {
    pub(super) fn client(&mut self, index: usize) {
        if self.clients[index].pending.is_some() {
            return;
        }
        if self.healed {
            return;
        }
        let request = if index == 0 && !self.tables_left.is_empty() {
            let table = self.tables_left.last().copied().unwrap_or(0);
            let (table, data_type, resolver) = TABLES[table];
            let what = What::Define { table, shape: shape(data_type, resolver) };
            let consistency = tombolo_replication::Consistency::Eventual;
            self.clients[0].region = 0;
            self.clients[0].request(Pending { number: 0, what, consistency, retries: 0 })
        } else {
            let Around { plan, random, .. } = &mut self.around;
            self.clients[index].next(plan, random)
        };
        self.send(index, request);
    }

    pub(super) fn send(&mut self, client: usize, request: Request) {
        let (region, what) = (self.clients[client].region, &request.what);
        let name = self.regions[region].name;
        self.around.tell(|| format!("client {client} asks {name}: {what:?}"));
        let number = request.number;
        let at_us = self.around.now_us + CLIENT_WAITS_US;
        self.around.queue.plan(at_us, Event::Timeout { client, number });
        let region = self.clients[client].region;
        self.ask(region, request);
    }

    pub(super) fn timeout(&mut self, client: usize, number: u64) {
        let waits = self.clients[client].pending.as_ref().is_some_and(|p| p.number == number);
        if waits {
            self.unanswered(client);
        }
    }

    /// A client was not answered: it asks again where it may, and goes on otherwise.
    pub(super) fn unanswered(&mut self, client: usize) {
        let Around { plan, random, .. } = &mut self.around;
        match self.clients[client].again(plan, random) {
            Some(request) => self.send(client, request),
            None => self.thinks(client),
        }
    }

    pub(super) fn thinks(&mut self, client: usize) {
        let think_us = self.around.plan.think_ms * 1_000;
        // The tables come first.
        let defines = client == 0 && !self.tables_left.is_empty();
        let think_us =
            if defines { 10_000 } else { think_us / 2 + self.around.random.below(think_us + 1) };
        self.around.queue.plan(self.around.now_us + think_us, Event::Client { client });
    }

    pub(super) fn replies(&mut self) {
        while !self.around.replies.is_empty() {
            for (client, number, reply) in core::mem::take(&mut self.around.replies) {
                self.replied(client, number, reply);
            }
        }
    }

    pub(super) fn replied(&mut self, index: usize, number: u64, reply: Reply) {
        let refused = matches!(
            reply,
            Reply::Refused(_)
                | Reply::NothingToSettle
                | Reply::Stale
                | Reply::StorageFull
                | Reply::Overloaded
                | Reply::NoSuchTable
        );
        if refused {
            self.refused.insert((index, number));
        }
        let pending = self.clients[index].pending.as_ref();
        let Some(pending) = pending.filter(|pending| pending.number == number).cloned() else {
            return;
        };
        if self.around.plan.allows(FaultKind::AnswerLost) && self.around.random.one_in(40) {
            self.around.coverage.fault(FaultKind::AnswerLost);
            return;
        }
        self.answered += 1;
        self.around.tell(|| format!("client {index} is told: {reply:?}"));
        let client = &mut self.clients[index];
        match reply {
            Reply::Unknown | Reply::Unreachable => return self.unanswered(index),
            Reply::Read { context, vector } => {
                if !vector.descends(&client.must_see(pending.consistency)) {
                    let detail = format!("client {index} was shown less than it had seen");
                    self.around.violations.push(Invariant::I7.broken(detail));
                }
                client.session.saw(&context);
                client.read.join(&context);
                if let What::Read { table, key } = pending.what {
                    client.has_seen(table, key, context);
                }
            }
            Reply::Wrote { dot, context, shown, repeated } => {
                let checked = self.around.truth.check_answer(dot, shown.as_deref());
                self.around.check(checked);
                if repeated {
                    self.around.coverage.path(PathKind::Repeated);
                }
                client.session.wrote(dot);
                client.session.saw(&context);
                client.written.learn(dot);
                client.read.join(&context);
                // Whoever wrote it has it; the client may have asked another region.
                let names = &self.around.names;
                let author = names.iter().position(|name| *name == dot.replica.region);
                if let (Some(author), false) = (author, repeated) {
                    self.around.truth.acknowledged(author, dot);
                }
            }
            Reply::Tables => {
                self.tables_left.pop();
            }
            Reply::Refused(tombolo_replication::leader::Refusal::VersionMismatch) => {
                self.around.coverage.path(PathKind::ConditionUnmet);
            }
            _ => {}
        }
        self.clients[index].pending = None;
        self.thinks(index);
    }
}
