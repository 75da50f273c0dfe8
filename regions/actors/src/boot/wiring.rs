//! Making the actors, and telling them of each other.

mod states;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::{Actor, Addr};
use actix_rt::Arbiter;
use arc_swap::ArcSwap;
use core::time::Duration;
use tokio::sync::watch;
use tombolo_causality::{RegionId, ReplicaId};
use tombolo_datatypes::ItemLimits;
use tombolo_protocol::limits::STREAMS_MAX;
use tombolo_replication::circuit_breaker::{self, CircuitBreaker};
use tombolo_replication::intake::{self, Intake as IntakeMachine};
use tombolo_replication::leader::Leader as LeaderMachine;
use tombolo_replication::shipper;
use tombolo_storage::journal::JournalReader;
use tombolo_storage::{Store, View};
use tombolo_topology::Settings;

use super::threads::Threads;
use crate::catching_up::CatchUpState;
use crate::forwarding::{Asking, Forwarder};
use crate::intake::Intake;
use crate::journal::Journal;
use crate::leader::{self, Leader};
use crate::links::Links;
use crate::listener::Open;
use crate::materializer::Materializer;
use crate::meters::Meters;
use crate::observer::Observed;
use crate::replication::Replication;
use crate::retention::Retention;
use crate::shipping::Shipping;
use crate::tables::Tables;

/// How long an unanswered request for missing changes stands.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A peer's requests for missing changes that may wait.
const ASKS_MAX: usize = 64;

/// What every actor is made from.
pub(super) struct Wiring<'a> {
    pub(super) settings: &'a Settings,
    pub(super) replica: ReplicaId,
    pub(super) links: &'a Arc<Links>,
    pub(super) views: &'a Arc<ArcSwap<View>>,
    pub(super) meters: &'a Arc<Meters>,
    pub(super) state: &'a Arc<CatchUpState>,
    pub(super) observed: &'a Observed,
}

impl Wiring<'_> {
    pub(super) fn actors(
        &self,
        store: Store,
        peers: &[(RegionId, (String, u16))],
        thread: &Threads,
        published: watch::Sender<u64>,
        failed: watch::Sender<bool>,
    ) -> Open {
        let Store { overlay, journal, materializer, reader, recovered, materialized, room } = store;
        room.wait_from_now_on();
        let watch_published = published.subscribe();
        let (replay_from, watch_replay_from) = watch::channel(materialized);
        let streams = self.views.load().position().streams.clone();

        let meters = || Arc::clone(self.meters);
        let journal = Journal::new(journal, Arc::clone(&room), meters());
        let journal = Journal::start_in_arbiter(&thread.journal.handle(), |_| journal);
        let materializer = Materializer::new(materializer, meters());
        let materializer =
            Materializer::start_in_arbiter(&thread.materializer.handle(), |_| materializer);
        let leader = &self.settings.leader;
        let parts = leader::Parts {
            machine: LeaderMachine::resume(self.replica, recovered).with_limits(self.item_limits()),
            overlay,
            limits: leader::Limits {
                mailbox_commands: leader.mailbox_commands_max,
                group_changes: leader.group_changes_max,
                group_bytes: leader.group_bytes_max,
            },
            journal: journal.clone(),
            materializer,
            published,
            failed,
            replay_from,
            meters: meters(),
            observed: self.observed.clone(),
            room,
            is_catching_up: self.state.is_on(),
            belief: leader::Belief {
                orderer: self.orderer(),
                clock_skew_ms_max: ms(self.settings.leader.clock_skew_max),
            },
        };
        let leader = Leader::start_in_arbiter(&thread.leader.handle(), |_| Leader::new(parts));
        let intake = IntakeMachine::new(self.replica, &streams, self.intake_limits());
        let intake = {
            let intake = Intake::new(intake, leader.clone(), Arc::clone(self.links), meters());
            Intake::start_in_arbiter(&thread.links.handle(), |_| intake)
        };
        let replications: BTreeMap<_, _> = peers
            .iter()
            .filter_map(|(peer, address)| {
                let replication =
                    self.replication(*peer, address.clone(), &watch_published, &reader)?;
                let started =
                    Replication::start_in_arbiter(&thread.links.handle(), |_| replication);
                Some((*peer, started))
            })
            .collect();
        let retention = Retention {
            reader,
            journal,
            links: Arc::clone(self.links),
            replay_from: watch_replay_from,
            journal_bytes_max: self.settings.journal.journal_bytes_max,
        };
        Retention::start_in_arbiter(&thread.links.handle(), |_| retention);
        let tables = self.tables(&leader, &replications, &watch_published);
        let holdings = self.holdings(&leader, &watch_published, &thread.background);
        Open {
            own: self.replica,
            leader,
            intake,
            tables,
            replications: Arc::new(replications),
            published: watch_published,
            holdings,
        }
    }

    /// The ways on which requests are forwarded, each with a task of its own on `thread`.
    pub(super) fn forwarders(
        &self,
        peers: &[(RegionId, (String, u16))],
        thread: &Arbiter,
    ) -> BTreeMap<RegionId, Forwarder> {
        let settings = &self.settings.replication;
        let ways = peers.iter().filter_map(|(peer, address)| {
            let (forwarder, jobs) = Forwarder::new(settings.forwards_in_flight_max);
            let asking = Asking {
                cluster: self.settings.cluster.id.as_str().to_owned(),
                own: self.replica,
                address: address.clone(),
                link: Arc::clone(self.links.get(peer)?),
                jobs,
                dial_timeout: settings.dial_timeout,
                frame_bytes_max: settings.frame_bytes_max,
            };
            // Where the thread has ended the region has as well.
            thread.spawn_fn(move || drop(actix_rt::spawn(asking.run())));
            Some((*peer, forwarder))
        });
        ways.collect()
    }

    fn orderer(&self) -> RegionId {
        self.settings.cluster.orderer().unwrap_or(self.replica.region)
    }

    fn item_limits(&self) -> ItemLimits {
        let items = &self.settings.items;
        ItemLimits {
            value_bytes_max: self.settings.http.value_bytes_max,
            siblings_max: items.siblings_max,
            conflicts_max: items.conflicts_max,
            conflict_bytes_max: items.conflict_bytes_max,
            conflict_ms_max: ms(items.conflict_retention),
        }
    }

    fn intake_limits(&self) -> intake::Limits {
        intake::Limits {
            held_back_bytes_max: self.settings.replication.held_back_bytes_max,
            clock_skew_ms_max: ms(self.settings.leader.clock_skew_max),
            silence_ms_max: ms(self.settings.replication.silence_max),
            ask_again_ms: ms(ASK_AGAIN),
            // One is left for what this replica writes itself.
            streams_max: STREAMS_MAX - 1,
        }
    }

    fn replication(
        &self,
        peer: RegionId,
        address: (String, u16),
        published: &watch::Receiver<u64>,
        reader: &JournalReader,
    ) -> Option<Replication> {
        let settings = &self.settings.replication;
        let shipping = Shipping {
            cluster: self.settings.cluster.id.as_str().to_owned(),
            own: self.replica,
            link: Arc::clone(self.links.get(&peer)?),
            links: Arc::clone(self.links),
            views: Arc::clone(self.views),
            published: published.clone(),
            heartbeat: settings.heartbeat,
            silence_max: settings.silence_max,
            dial_timeout: settings.dial_timeout,
            batch_bytes: settings.batch_bytes,
            compression_level: settings.compression_level,
        };
        let limits =
            shipper::Limits { window_bytes_max: settings.window_bytes_max, asks_max: ASKS_MAX };
        let breaker = CircuitBreaker::new(circuit_breaker::Limits {
            silence_ms_max: ms(settings.silence_max),
            backoff_ms_min: ms(settings.backoff_min),
            backoff_ms_max: ms(settings.backoff_max),
        });
        Some(Replication::new(address, shipping, limits, reader.clone(), breaker))
    }

    fn tables(
        &self,
        leader: &Addr<Leader>,
        replications: &BTreeMap<RegionId, Addr<Replication>>,
        published: &watch::Receiver<u64>,
    ) -> Tables {
        let orderer = self.orderer();
        Tables {
            orderer,
            to_orderer: replications.get(&orderer).cloned(),
            leader: leader.clone(),
            links: Arc::clone(self.links),
            views: Arc::clone(self.views),
            published: published.clone(),
            meters: Arc::clone(self.meters),
            wait: self.settings.replication.definition_timeout,
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
