//! What a request waits for beyond this region's disk: that enough is shown here, or held elsewhere.
//!
//! Waiting is by event: a view that is published, an acknowledgement that arrives. As many requests
//! wait as the settings allow; more are refused before anything is done.

use core::time::Duration;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use tombolo_causality::{Dot, RegionId, VersionVector};
use tombolo_replication::acknowledgements::{Progress, WriteConcern};
use tombolo_replication::read_router::{Hop, Peer, ReadRouter, Route};

use super::{Region, ms};
use crate::clock::{instant, monotonic_ms};
use crate::error::RouteError;
use crate::forwarding::{Answerer, ForwardError, ForwardReply, ForwardRequest};

/// Where a request is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routed {
    /// Here, from a view that is loaded from now on.
    Here,
    /// By this peer.
    There(RegionId),
}

/// The right to wait, for one request.
#[derive(Debug)]
pub struct MayWait(#[expect(dead_code, reason = "it is held, and let go of")] OwnedSemaphorePermit);

/// A write concern was not met in time: the write is durable and shown here, and in the other
/// regions that are named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not known to be held by more than {holders:?}")]
pub struct ConcernUnmet {
    /// Who holds it.
    pub holders: Vec<RegionId>,
}

impl Region {
    /// A router for a request that requires `required` and waits for it `wait` here.
    pub fn router(&self, required: VersionVector, wait: Duration, hop: Hop) -> ReadRouter {
        ReadRouter::new(required, monotonic_ms().saturating_add(ms(wait)), hop)
    }

    /// Finds out where a request is answered; waits, where that is what it takes.
    pub async fn route(&self, router: &ReadRouter) -> Result<Routed, RouteError> {
        if router.is_met_by(self.view().vector()) {
            return Ok(Routed::Here);
        }
        let _waiting = self.may_wait().ok_or(RouteError::Overloaded)?;
        let began = instant();
        let found = self.wait_for_route(router).await;
        self.0.meters.freshness_wait.observe_span(began, instant());
        found
    }

    async fn wait_for_route(&self, router: &ReadRouter) -> Result<Routed, RouteError> {
        let mut published = self.0.published.clone();
        loop {
            published.borrow_and_update();
            let view = self.view();
            match router.route(monotonic_ms(), view.vector(), self.peers()) {
                Route::Serve => return Ok(Routed::Here),
                Route::Forward { to } => return Ok(Routed::There(to)),
                Route::Refuse => return Err(RouteError::Stale),
                Route::Wait { until_ms } => {
                    tokio::select! {
                        told = published.changed() => told.map_err(|_| RouteError::Stopping)?,
                        () = time_is_up(until_ms) => {}
                    }
                }
            }
        }
    }

    /// Has `peer` answer a request that this region cannot.
    pub async fn forward(
        &self,
        peer: RegionId,
        request: ForwardRequest,
    ) -> Result<ForwardReply, ForwardError> {
        let meters = &self.0.meters;
        let link = self.0.links.get(&peer);
        let answered = match link.as_ref().and_then(|link| link.forwarder()) {
            Some(forwarder) => forwarder.ask(request).await,
            None => Err(ForwardError::NotSent),
        };
        match &answered {
            Ok(_) => meters.forwards_answered.increment(),
            Err(ForwardError::Unanswered) => meters.forwards_unanswered.increment(),
            Err(ForwardError::NotSent) => meters.forwards_not_sent.increment(),
        }
        answered
    }

    /// Has `answerer` answer the requests that peers pass on, for as long as somebody holds it.
    pub fn answer_forwarded_by(&self, answerer: &Arc<dyn Answerer>) {
        self.0.answers.by(answerer);
    }

    /// The right to wait, unless as many requests wait as may.
    pub fn may_wait(&self) -> Option<MayWait> {
        let permit = Arc::clone(&self.0.waiting).try_acquire_owned().ok();
        if permit.is_none() {
            self.0.meters.refused_waiting.increment();
        }
        permit.map(MayWait)
    }

    /// Waits until `regions_min` regions are known to hold `dot` durably and to show it, and names
    /// all that are.
    pub async fn held_by(
        &self,
        dot: Dot,
        regions_min: usize,
        wait: Duration,
        _may_wait: MayWait,
    ) -> Result<Vec<RegionId>, ConcernUnmet> {
        let held = self.wait_for_holders(dot, regions_min, wait).await;
        if held.is_err() {
            self.0.meters.concerns_unmet.increment();
        }
        held
    }

    async fn wait_for_holders(
        &self,
        dot: Dot,
        regions_min: usize,
        wait: Duration,
    ) -> Result<Vec<RegionId>, ConcernUnmet> {
        let until_ms = monotonic_ms().saturating_add(ms(wait));
        let concern = WriteConcern { regions_min, until_ms };
        let mut published = self.0.published.clone();
        let mut acknowledged = self.0.links.watch_acknowledged();
        loop {
            published.borrow_and_update();
            acknowledged.borrow_and_update();
            let holders = self.holders(&dot);
            match concern.progress(monotonic_ms(), holders.len()) {
                Progress::Met => return Ok(holders),
                Progress::Unmet => return Err(ConcernUnmet { holders }),
                Progress::Wait { until_ms } => {
                    let told = tokio::select! {
                        told = published.changed() => told,
                        told = acknowledged.changed() => told,
                        () = time_is_up(until_ms) => Ok(()),
                    };
                    if told.is_err() {
                        return Err(ConcernUnmet { holders });
                    }
                }
            }
        }
    }

    /// Who is known to hold `dot` durably and to show it, in the order of the members.
    pub fn holders(&self, dot: &Dot) -> Vec<RegionId> {
        let own = self.name();
        let holds = |region: &RegionId| {
            if *region == own {
                return self.view().shows(dot);
            }
            let link = self.0.links.get(region);
            link.is_some_and(|link| link.facts().known.contains(dot))
        };
        let members = self.0.roster.members();
        let regions = members.members().iter().map(|member| member.region);
        regions.filter(holds).collect()
    }

    /// What every region is known to show.
    pub fn everywhere(&self) -> VersionVector {
        let mut everywhere = (**self.view().vector()).clone();
        for link in self.0.links.all() {
            everywhere.meet(&link.facts().known.vector());
        }
        everywhere
    }

    fn peers(&self) -> impl Iterator<Item = Peer> {
        let silence_ms_max = ms(self.0.settings.replication.silence_max);
        self.0.links.all().into_iter().map(move |link| {
            let is_usable = link.is_usable(silence_ms_max);
            let facts = link.facts();
            Peer {
                region: link.peer,
                vector: facts.known.vector(),
                is_usable,
                rtt_us: facts.rtt_us,
            }
        })
    }
}

/// Ends at `until_ms`, in monotonic ms.
async fn time_is_up(until_ms: u64) {
    sleep(Duration::from_millis(until_ms.saturating_sub(monotonic_ms()))).await;
}
