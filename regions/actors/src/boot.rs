//! Starting a region: from a directory to running actors.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::{Actor, Addr};
use actix_rt::{Arbiter, ArbiterHandle};
use arc_swap::ArcSwap;
use core::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tombolo_causality::{Incarnation, RegionId, ReplicaId};
use tombolo_replication::circuit_breaker::{self, CircuitBreaker};
use tombolo_replication::intake::{self, Intake as IntakeMachine};
use tombolo_replication::leader::Leader as LeaderMachine;
use tombolo_replication::shipper;
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::JournalOptions;
use tombolo_storage::{
    Begun, Identity, LastStop, OverlayOptions, PausedLinks, StorageError, Store, StoreOptions, View,
};
use tombolo_topology::Settings;

use crate::clock;
use crate::error::StartError;
use crate::identity_check::{self, Question, Verdict};
use crate::intake::Intake;
use crate::journal::Journal;
use crate::leader::{self, Leader};
use crate::links::Links;
use crate::listener::{Listener, Open};
use crate::materializer::Materializer;
use crate::region::Running;
use crate::replication::Replication;
use crate::retention::Retention;
use crate::shipping::Shipping;
use crate::tables::Tables;

/// How long an unanswered request for missing changes stands.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A peer's requests for missing changes that may wait.
const ASKS_MAX: usize = 64;

pub(crate) async fn start(disk: Arc<dyn Disk>, settings: Settings) -> Result<Running, StartError> {
    let started_at_ms = clock::wall_ms();
    let opened = open(Arc::clone(&disk), settings.clone()).await?;
    let Opened { mut identity, begun, store, paused } = opened;
    let own = settings.region.name;
    let peers: Vec<_> = settings
        .cluster
        .peers(own)
        .map(|peer| (peer.name, (peer.replication.host().to_owned(), peer.replication.port())))
        .collect();
    let links = Arc::new(Links::new(own, peers.iter().map(|(peer, _)| *peer), |peer| {
        paused.0.contains(&peer)
    }));
    let views = store.overlay.views();
    let thread = Threads::start();
    let (to_listener, open) = watch::channel(None);
    let listener = listener(&settings, identity.replica, &links, &views, open);
    let replication_address = listen(listener, &settings, &thread.links).await?;

    if begun == Begun::Before && identity.last_stop == LastStop::Unclean {
        settle(&settings, &mut identity, &peers, &views).await?;
    }
    identity.last_stop = LastStop::Unclean;
    identity.write(&*disk)?;

    let (failed, has_failed) = watch::channel(false);
    let (published, _) = watch::channel(0);
    let core =
        Core { settings: &settings, replica: identity.replica, links: &links, views: &views };
    let open = core.actors(store, &peers, &thread, published, failed);
    let running = Running {
        identity,
        started_at_ms,
        replication_address,
        disk,
        views,
        leader: open.leader.clone(),
        links,
        replications: Arc::clone(&open.replications),
        tables: open.tables.clone(),
        failed: has_failed,
        threads: thread.handles(),
        settings,
    };
    to_listener.send_replace(Some(open));
    Ok(running)
}

struct Opened {
    identity: Identity,
    begun: Begun,
    store: Store,
    paused: PausedLinks,
}

/// Opens the directory, on a thread that may block.
async fn open(disk: Arc<dyn Disk>, settings: Settings) -> Result<Opened, StartError> {
    let opening = tokio::task::spawn_blocking(move || open_blocking(&disk, &settings));
    opening.await.map_err(|_| StartError::Thread)?
}

fn open_blocking(disk: &Arc<dyn Disk>, settings: &Settings) -> Result<Opened, StartError> {
    let (cluster, region) = (settings.cluster.id.as_str(), settings.region.name);
    let (identity, begun) = if let Some(identity) = Identity::read(&**disk)? {
        (identity, Begun::Before)
    } else {
        let replica = ReplicaId::new(region, mint()?);
        let last_stop = LastStop::Unclean;
        (Identity { cluster: cluster.to_owned(), replica, last_stop }, Begun::Now)
    };
    if identity.cluster != cluster || identity.replica.region != region {
        return Err(StartError::Storage(StorageError::Foreign {
            found: format!("{} of cluster {}", identity.replica.region, identity.cluster),
            expected: format!("{region} of cluster {cluster}"),
        }));
    }
    let mut journal = JournalOptions::new(clock::random().map_err(StartError::Random)?);
    journal.segment_bytes = settings.journal.segment_bytes;
    let options = StoreOptions {
        journal,
        overlay: OverlayOptions {
            seal_bytes: settings.overlay.seal_bytes,
            sealed_layers_max: settings.overlay.sealed_layers_max,
        },
        cache_bytes: settings.state.cache_bytes,
    };
    let store = Store::open(disk, begun, &options)?;
    let paused = PausedLinks::read(&**disk)?;
    Ok(Opened { identity, begun, store, paused })
}

fn mint() -> Result<Incarnation, StartError> {
    clock::random().map(Incarnation).map_err(StartError::Random)
}

/// After an unclean stop: the same incarnation where every peer confirms it, a new one otherwise.
async fn settle(
    settings: &Settings,
    identity: &mut Identity,
    peers: &[(RegionId, (String, u16))],
    views: &ArcSwap<View>,
) -> Result<(), StartError> {
    let view = views.load_full();
    let question = Question {
        cluster: identity.cluster.clone(),
        replica: identity.replica,
        here: view.position().streams.get(&identity.replica),
        vector: (**view.vector()).clone(),
    };
    let wait = settings.replication.identity_check;
    match identity_check::check(&question, peers, wait).await {
        Verdict::Confirmed => {
            tracing::info!(replica = %identity.replica, "the peers confirm the incarnation");
        }
        Verdict::Unconfirmed { because } => {
            let before = identity.replica;
            identity.replica.incarnation = mint()?;
            tracing::warn!(%before, now = %identity.replica, because, "a new incarnation begins");
        }
    }
    Ok(())
}

/// The threads of a region.
struct Threads {
    leader: Arbiter,
    journal: Arbiter,
    materializer: Arbiter,
    links: Arbiter,
}

impl Threads {
    fn start() -> Self {
        Self {
            leader: Arbiter::new(),
            journal: Arbiter::new(),
            materializer: Arbiter::new(),
            links: Arbiter::new(),
        }
    }

    fn handles(&self) -> Vec<ArbiterHandle> {
        [&self.links, &self.leader, &self.journal, &self.materializer].map(Arbiter::handle).into()
    }
}

fn listener(
    settings: &Settings,
    before: ReplicaId,
    links: &Arc<Links>,
    views: &Arc<ArcSwap<View>>,
    open: watch::Receiver<Option<Open>>,
) -> Listener {
    let replication = &settings.replication;
    Listener {
        cluster: settings.cluster.id.as_str().to_owned(),
        region: settings.region.name,
        before,
        links: Arc::clone(links),
        views: Arc::clone(views),
        open,
        unknown: Arc::new(Semaphore::new(replication.unauthenticated_connections_max)),
        hello_timeout: replication.hello_timeout,
        silence_max: replication.silence_max,
        frame_bytes_max: replication.frame_bytes_max,
    }
}

/// Binds the replication listener on the thread that will serve it.
async fn listen(
    listener: Listener,
    settings: &Settings,
    thread: &Arbiter,
) -> Result<std::net::SocketAddr, StartError> {
    let address = settings.listen.replication;
    let (bound, answer) = oneshot::channel();
    thread.spawn(async move {
        let socket = TcpListener::bind(address).await;
        let socket = socket.and_then(|socket| Ok((socket.local_addr()?, socket)));
        match socket {
            Ok((local, socket)) => {
                if bound.send(Ok(local)).is_ok() {
                    listener.run(socket).await;
                }
            }
            // Whoever starts the region waits for this answer.
            Err(error) => drop(bound.send(Err(error))),
        }
    });
    let bound = answer.await.map_err(|_| StartError::Thread)?;
    bound.map_err(|source| StartError::Listen { address, source })
}

struct Core<'a> {
    settings: &'a Settings,
    replica: ReplicaId,
    links: &'a Arc<Links>,
    views: &'a Arc<ArcSwap<View>>,
}

impl Core<'_> {
    fn actors(
        &self,
        store: Store,
        peers: &[(RegionId, (String, u16))],
        thread: &Threads,
        published: watch::Sender<u64>,
        failed: watch::Sender<bool>,
    ) -> Open {
        let Store { overlay, journal, materializer, reader, recovered, materialized } = store;
        let watch_published = published.subscribe();
        let (replay_from, watch_replay_from) = watch::channel(materialized);
        let streams = self.views.load().position().streams.clone();

        let journal =
            Journal::start_in_arbiter(&thread.journal.handle(), |_| Journal::new(journal));
        let materializer = Materializer::start_in_arbiter(&thread.materializer.handle(), |_| {
            Materializer::new(materializer)
        });
        let leader = &self.settings.leader;
        let parts = leader::Parts {
            machine: LeaderMachine::resume(self.replica, recovered),
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
        };
        let leader = Leader::start_in_arbiter(&thread.leader.handle(), |_| Leader::new(parts));
        let intake = IntakeMachine::new(self.replica, &streams, self.intake_limits());
        let intake = {
            let (leader, links) = (leader.clone(), Arc::clone(self.links));
            Intake::start_in_arbiter(&thread.links.handle(), |_| Intake::new(intake, leader, links))
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
        Open {
            own: self.replica,
            leader,
            intake,
            tables,
            replications: Arc::new(replications),
            published: watch_published,
        }
    }

    fn intake_limits(&self) -> intake::Limits {
        intake::Limits {
            held_back_bytes_max: self.settings.replication.held_back_bytes_max,
            clock_skew_ms_max: ms(self.settings.leader.clock_skew_max),
            silence_ms_max: ms(self.settings.replication.silence_max),
            ask_again_ms: ms(ASK_AGAIN),
        }
    }

    fn replication(
        &self,
        peer: RegionId,
        address: (String, u16),
        published: &watch::Receiver<u64>,
        reader: &tombolo_storage::journal::JournalReader,
    ) -> Option<Replication> {
        let settings = &self.settings.replication;
        let shipping = Shipping {
            cluster: self.settings.cluster.id.as_str().to_owned(),
            own: self.replica,
            link: Arc::clone(self.links.get(&peer)?),
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
        let orderer = self.settings.cluster.orderer().unwrap_or(self.replica.region);
        Tables {
            orderer,
            to_orderer: replications.get(&orderer).cloned(),
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
