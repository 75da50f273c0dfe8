//! Making the actors, and telling them of each other.

mod states;

use std::sync::Arc;

use actix::{Actor, Addr};
use actix_rt::Arbiter;
use arc_swap::ArcSwap;
use core::time::Duration;
use tokio::sync::watch;
use tombolo_causality::ReplicaId;
use tombolo_datatypes::ItemLimits;
use tombolo_protocol::limits::STREAMS_MAX;
use tombolo_replication::Membership;
use tombolo_replication::intake::{self, Intake as IntakeMachine};
use tombolo_replication::leader::Leader as LeaderMachine;
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::JournalReader;
use tombolo_storage::{Store, View};
use tombolo_topology::Settings;

use super::threads::Threads;
use crate::attending::Attending;
use crate::catching_up::CatchUpState;
use crate::connecting::Connecting;
use crate::intake::Intake;
use crate::journal::Journal;
use crate::leader::{self, Leader};
use crate::links::Links;
use crate::listener::Open;
use crate::materializer::Materializer;
use crate::members::Members;
use crate::meters::Meters;
use crate::observer::Observed;
use crate::ordering::Ordering;
use crate::retention::Retention;
use crate::roster::Roster;
use crate::standing::Standing;
use crate::tables::Tables;

/// How long an unanswered request for missing changes stands.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What every actor is made from.
pub(super) struct Wiring<'a> {
    pub(super) settings: &'a Settings,
    pub(super) replica: ReplicaId,
    pub(super) links: &'a Arc<Links>,
    pub(super) roster: &'a Arc<Roster>,
    pub(super) standing: &'a Arc<Standing>,
    pub(super) views: &'a Arc<ArcSwap<View>>,
    pub(super) meters: &'a Arc<Meters>,
    pub(super) state: &'a Arc<CatchUpState>,
    pub(super) observed: &'a Observed,
}

impl Wiring<'_> {
    pub(super) fn actors(
        &self,
        store: Store,
        thread: &Threads,
        published: watch::Sender<u64>,
        failed: watch::Sender<bool>,
    ) -> Open {
        let Store { overlay, journal, materializer, reader, recovered, materialized, room, .. } =
            store;
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
            roster: Arc::clone(self.roster),
            standing: Arc::clone(self.standing),
            belief: leader::Belief { clock_skew_ms_max: ms(self.settings.leader.clock_skew_max) },
        };
        let leader = Leader::start_in_arbiter(&thread.leader.handle(), |_| Leader::new(parts));
        let intake = IntakeMachine::new(self.replica, &streams, self.intake_limits());
        let intake = {
            let intake = Intake::new(intake, leader.clone(), Arc::clone(self.links), meters());
            Intake::start_in_arbiter(&thread.links.handle(), |_| intake)
        };
        let retention = Retention {
            reader,
            journal,
            links: Arc::clone(self.links),
            replay_from: watch_replay_from,
            journal_bytes_max: self.settings.journal.journal_bytes_max,
        };
        Retention::start_in_arbiter(&thread.links.handle(), |_| retention);
        let ordering = self.ordering(&leader, &watch_published);
        let tables = Tables { ordering: ordering.clone(), meters: meters() };
        let members = Members { ordering };
        let holdings = self.holdings(&leader, &watch_published, &thread.background);
        Open {
            own: self.replica,
            leader,
            intake,
            tables,
            members,
            published: watch_published,
            holdings,
        }
    }

    /// Opens the links with the peers, and attends to changes of the members from `attended` on, in a
    /// task of its own on `thread`.
    pub(super) fn links(
        &self,
        open: &Open,
        disk: &Arc<dyn Disk>,
        reader: &JournalReader,
        thread: &Arbiter,
        attended: Arc<Membership>,
    ) {
        let connecting = Connecting {
            cluster: self.settings.cluster.id.as_str().to_owned(),
            own: self.replica,
            settings: self.settings.replication.clone(),
            standing: Arc::clone(self.standing),
            reader: reader.clone(),
            links: Arc::clone(self.links),
            roster: Arc::clone(self.roster),
            views: Arc::clone(self.views),
            published: open.published.clone(),
            thread: thread.handle(),
        };
        for link in self.links.all() {
            connecting.open(&link);
        }
        let attending = Attending {
            roster: Arc::clone(self.roster),
            links: Arc::clone(self.links),
            connecting,
            disk: Arc::clone(disk),
            published: open.published.clone(),
        };
        // Where the thread has ended the region has as well.
        thread.spawn_fn(move || drop(actix_rt::spawn(attending.run(attended))));
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

    fn ordering(&self, leader: &Addr<Leader>, published: &watch::Receiver<u64>) -> Ordering {
        Ordering {
            roster: Arc::clone(self.roster),
            standing: Arc::clone(self.standing),
            leader: leader.clone(),
            links: Arc::clone(self.links),
            views: Arc::clone(self.views),
            published: published.clone(),
            wait: self.settings.replication.definition_timeout,
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
