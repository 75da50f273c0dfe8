//! What clients are answered: the API's part, as far as it decides anything.

use tombolo_datatypes::{self as datatypes, Operation, Settlement, Verdict};
use tombolo_replication::leader::{Command, Condition};
use tombolo_replication::read_router::{Hop, Peer, ReadRouter, Route, required};
use tombolo_replication::{ItemKey, TableName};
use tombolo_resolvers::Shown;
use tombolo_storage::Outcome;

use super::{Delayed, Failure, Region, Running, Waiter, Wake};
use crate::around::Around;
use crate::coverage::PathKind;
use crate::invariant::Invariant;
use crate::mutant::Mutant;
use crate::request::{Reply, Request, What};
use crate::truth::Decision;

/// What an item shows, as JSON texts; of siblings all.
pub(crate) fn texts(shown: &Shown<'_>) -> Vec<String> {
    match shown {
        Shown::Nothing => Vec::new(),
        Shown::Value(value, _) => vec![value.to_json().as_str().to_owned()],
        Shown::Siblings(siblings) => {
            siblings.values().map(|(value, _)| value.as_str().to_owned()).collect()
        }
    }
}

impl Running {
    pub(super) fn ask(
        &mut self,
        region: &Region,
        around: &mut Around,
        request: Request,
    ) -> Result<(), Failure> {
        let wait_ms = match request.hop {
            Hop::First => request.wait_ms,
            Hop::Forwarded => request.wait_ms / 2,
        };
        let until_ms = around.now_ms() + wait_ms;
        self.route(region, around, Delayed { request, until_ms, is_planned: false })?;
        self.flush(region, around)
    }

    fn route(
        &mut self,
        region: &Region,
        around: &mut Around,
        delayed: Delayed,
    ) -> Result<(), Failure> {
        let Delayed { request, until_ms, .. } = &delayed;
        let required = required(request.consistency, &request.session);
        let required = around.as_required(required);
        let router = ReadRouter::new(required, *until_ms, request.hop);
        let peers = self.links.values().map(|link| Peer {
            region: link.name,
            vector: link.known.vector(),
            is_usable: !link.paused && link.last_heard_ms.is_some(),
            rtt_us: link.rtt_us,
        });
        let route = router.route(around.now_ms(), &self.vector(), peers);
        match route {
            Route::Serve => self.serve(region, around, delayed.request),
            Route::Wait { until_ms } => {
                if !delayed.is_planned {
                    around.path(PathKind::WaitedForSession);
                    let in_us = (until_ms * 1_000).saturating_sub(around.now_us);
                    around.wake(region.index, region.life, in_us, Wake::Waited);
                }
                self.delayed.push(Delayed { is_planned: true, ..delayed });
                Ok(())
            }
            Route::Forward { to } => {
                let (client, number) = (request.client, request.number);
                let to = around.names.iter().position(|name| *name == to);
                let forwarded = Request { hop: Hop::Forwarded, ..delayed.request };
                if to.is_some_and(|to| around.forward(region.index, to, forwarded)) {
                    around.path(PathKind::Forwarded);
                } else {
                    around.reply(client, number, Reply::Stale);
                }
                Ok(())
            }
            Route::Refuse => {
                around.path(PathKind::RefusedStale);
                around.reply(request.client, request.number, Reply::Stale);
                Ok(())
            }
        }
    }

    /// More is shown, or time has passed: whoever waits is looked at again.
    pub(super) fn look_at_delayed(
        &mut self,
        region: &Region,
        around: &mut Around,
    ) -> Result<(), Failure> {
        for delayed in core::mem::take(&mut self.delayed) {
            self.route(region, around, delayed)?;
        }
        self.flush(region, around)
    }

    fn serve(
        &mut self,
        region: &Region,
        around: &mut Around,
        request: Request,
    ) -> Result<(), Failure> {
        let Request { client, number, .. } = request;
        let view = self.writer.overlay().views().load_full();
        match request.what {
            What::Read { table, key } => {
                let Some(definition) = view.catalog().by_name(table) else {
                    around.reply(client, number, Reply::NoSuchTable);
                    return Ok(());
                };
                let item = ItemKey { table: definition.id, key };
                let state = view.get(&item)?;
                let resolver = definition.shape.resolver.resolver();
                let shown = state.as_ref().map_or(Shown::Nothing, |s| resolver.shown(s));
                let shown = texts(&shown);
                let expected = around.truth.shown_at(&item, view.vector());
                if shown != expected {
                    let name = region.name;
                    let detail = format!("{name} shows {shown:?} of {item:?}, not {expected:?}");
                    around.check(Err(Invariant::I3.broken(detail)));
                }
                let context = state.map(|state| state.context().clone()).unwrap_or_default();
                let vector = (**view.vector()).clone();
                around.reply(client, number, Reply::Read { context, vector });
                Ok(())
            }
            _ if self.room.is_short() => {
                around.path(PathKind::StorageFull);
                around.reply(client, number, Reply::StorageFull);
                Ok(())
            }
            _ if self.writer.overlay().is_full() => {
                around.path(PathKind::Overloaded);
                around.reply(client, number, Reply::Overloaded);
                Ok(())
            }
            what => self.write(region, around, (client, number), what),
        }
    }

    fn write(
        &mut self,
        region: &Region,
        around: &mut Around,
        (client, number): (usize, u64),
        what: What,
    ) -> Result<(), Failure> {
        let now_ms = region.wall_ms(around);
        let told = |reply| Waiter { client, number, reply };
        let by_name = |table: &str| self.writer.machine().catalog().by_name(table).cloned();
        let now = match what {
            What::Define { table, shape } => {
                let Ok(name) = TableName::new(table) else { return Ok(()) };
                self.writer.decide(
                    |machine| machine.define(now_ms, &name, &shape),
                    |decided| told(decided.map_or_else(Reply::Refused, |_| Reply::Tables)),
                )?
            }
            What::Settle { table, key, verdict } => {
                let Some(definition) = by_name(table) else {
                    around.reply(client, number, Reply::NoSuchTable);
                    return Ok(());
                };
                let item = ItemKey { table: definition.id, key };
                let state = self.writer.overlay().latest(&item)?;
                let resolver = definition.shape.resolver.resolver();
                let settlement = state.as_deref().and_then(|state| {
                    let mut records = resolver.records(state).into_iter();
                    let lost = records.find(|record| {
                        let is_open = record.outcome == datatypes::Outcome::Open;
                        is_open == (verdict != Verdict::Undo)
                    })?;
                    let (element, dot) = (lost.element.cloned(), lost.lost.written.dot);
                    Some(Settlement { element, dot, verdict })
                });
                let Some(settlement) = settlement else {
                    around.reply(client, number, Reply::NothingToSettle);
                    return Ok(());
                };
                around.path(match verdict {
                    Verdict::Undo => PathKind::SettlementUndone,
                    Verdict::Restore | Verdict::Dismiss => PathKind::ConflictSettled,
                });
                let command = Command::new(item, Operation::Settle(settlement));
                self.submit(around, now_ms, (client, number), command)?
            }
            What::Write { table, key, operation, condition, named } => {
                let Some(definition) = by_name(table) else {
                    around.reply(client, number, Reply::NoSuchTable);
                    return Ok(());
                };
                let item = ItemKey { table: definition.id, key };
                let command = Command { item, operation, condition, request: named, span: None };
                self.submit(around, now_ms, (client, number), command)?
            }
            What::Read { .. } => None,
        };
        if let Some(Waiter { client, number, reply, .. }) = now {
            around.reply(client, number, reply);
        }
        Ok(())
    }

    fn submit(
        &mut self,
        around: &mut Around,
        now_ms: u64,
        (client, number): (usize, u64),
        command: Command,
    ) -> Result<Option<Waiter>, Failure> {
        let named = match &command.condition {
            Some(Condition::Versions(versions)) => Some(versions.clone()),
            _ => None,
        };
        let decision = Decision {
            item: command.item.clone(),
            operation: command.operation.clone(),
            named,
            request: command.request.map(|request| request.name),
            by: (client, number),
        };
        let command = around.as_submitted(command);
        let (mut decided, mut early) = (None, None);
        let told = self.writer.submit(now_ms, command, |outcome| {
            let (reply, dot) = match outcome {
                Outcome::Done(done) => {
                    let context = done.state.context().clone();
                    let shown = done.tells_value.then(|| texts(&done.shown()));
                    let dot = done.change.dot;
                    (Reply::Wrote { dot, context, shown, repeated: false }, Some(dot))
                }
                Outcome::Repeated(kept) => {
                    let (dot, context) = (kept.dot, kept.record.answer.context.clone());
                    (Reply::Wrote { dot, context, shown: None, repeated: true }, None)
                }
                Outcome::Refused(refusal) => (Reply::Refused(refusal), None),
            };
            decided = dot;
            early = dot.is_some().then(|| reply.clone());
            Waiter { client, number, reply }
        })?;
        if around.is_planted(Mutant::AcknowledgedEarly)
            && let Some(reply) = early
        {
            around.reply(client, number, reply);
        }
        if let Some(dot) = decided {
            around.truth.decided(dot, decision);
        }
        Ok(told)
    }
}
