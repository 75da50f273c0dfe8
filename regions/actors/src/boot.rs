//! Starting a region: from a directory to running actors.

mod directory;
mod threads;
mod wiring;

use std::path::Path;
use std::sync::Arc;

use actix_rt::{Arbiter, ArbiterHandle};
use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tombolo_causality::ReplicaId;
use tombolo_replication::catch_up::Goal;
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::JournalReader;
use tombolo_storage::{Begun, CatchingUp, LastStop, View};
use tombolo_topology::Settings;

use self::directory::{Opened, open, settle};
pub(crate) use self::directory::{mint, store_options};
use self::threads::Threads;
pub(crate) use self::threads::yield_to_others;
use self::wiring::Wiring;
use crate::backing_up::Backups;
use crate::catching_up::CatchUpState;
use crate::clock;
use crate::error::StartError;
use crate::forwarding::Answers;
use crate::links::Links;
use crate::listener::{Listener, Open};
use crate::meters::Meters;
use crate::newcomer;
use crate::observer::Observed;
use crate::roster::Roster;
use crate::running::Running;
use crate::standing::Standing;

/// What a forwarded request or answer takes beside a value: key, headers, tokens, and room for a
/// page of small items.
const FORWARD_OVERHEAD_BYTES: usize = 64 << 10;

pub(crate) async fn start(disk: Arc<dyn Disk>, settings: Settings) -> Result<Running, StartError> {
    clock::shift(settings.clock.offset_ms);
    let started_at_ms = clock::wall_ms();
    let opened = open(Arc::clone(&disk), settings.clone()).await?;
    let Opened { mut identity, begun, store, paused, mut catching_up, reauthored, removal } =
        opened;
    let own = settings.region.name;
    let views = store.overlay.views();
    let roster = Arc::new(Roster::new(&settings, Arc::clone(&views)));
    let standing = Standing::new(own, Arc::clone(&disk), Arc::clone(&roster), removal);
    let standing = Arc::new(standing);
    let links = Arc::new(Links::new(own));
    let attended = roster.members();
    for peer in roster.peers() {
        if let Some(address) = roster.address(&peer) {
            links.add(peer.region, address, peer.since, paused.0.contains(&peer.region));
        }
    }
    let (journal, meters) = (store.reader.clone(), Arc::new(Meters::new()));
    let thread = Threads::start();
    let (to_listener, open) = watch::channel(None);
    let answers = Answers::default();
    let answering = (answers.clone(), thread.answers.handle());
    let who = (identity.replica, &roster);
    let known = (&views, &journal);
    let listener = listener(&settings, who, &links, known, open, answering);
    let replication_address = listen(listener, &settings, &thread.links).await?;

    match begun {
        // It writes nothing any more, under whatever name.
        Begun::Before if !standing.is_member() => {}
        Begun::Before => settle(&settings, &mut identity, &links, &views, &standing).await?,
        Begun::Now => {
            let cluster = settings.cluster.id.as_str();
            let wait = settings.replication.identity_check;
            if let Some(from) =
                newcomer::met_by(cluster, identity.replica, &links.all(), wait).await
            {
                tracing::info!(%from, "it takes what the members show before it takes part");
                let begins = CatchingUp { from, goal: Goal::default() };
                begins.write(&*disk)?;
                catching_up = Some(begins);
            }
        }
    }
    identity.last_stop = LastStop::Unclean;
    identity.write(&*disk)?;
    let (state, ends) = CatchUpState::new(catching_up.as_ref());
    let state = Arc::new(state);

    let (failed, has_failed) = watch::channel(false);
    let (published, _) = watch::channel(0);
    let observed = Observed::default();
    let wiring = Wiring {
        settings: &settings,
        replica: identity.replica,
        links: &links,
        roster: &roster,
        standing: &standing,
        views: &views,
        meters: &meters,
        state: &state,
        observed: &observed,
    };
    let room = Arc::clone(&store.room);
    let open = wiring.actors(store, &thread, published, failed);
    wiring.links(&open, &disk, &journal, &thread.links, attended);
    wiring.taking((&open, &disk), &thread.links, (catching_up, ends));
    wiring.feeding((&open, &disk), &thread.links, reauthored);
    let verifier = wiring.verifier(&thread.links, &open.holdings);
    let below = settings.backup.directory.path().map(Path::to_owned);
    let backups = Backups::new(settings.cluster.id.as_str(), identity.replica, below);
    let running = Running {
        identity,
        started_at_ms,
        replication_address,
        disk,
        room,
        views,
        journal,
        meters,
        leader: open.leader.clone(),
        links,
        roster,
        standing,
        tables: open.tables.clone(),
        members: open.members.clone(),
        answers,
        verifier,
        backups,
        state,
        observed,
        published: open.published.clone(),
        waiting: Arc::new(Semaphore::new(settings.http.waiting_requests_max)),
        failed: has_failed,
        threads: thread.handles(),
        settings,
    };
    to_listener.send_replace(Some(open));
    Ok(running)
}

fn listener(
    settings: &Settings,
    (before, roster): (ReplicaId, &Arc<Roster>),
    links: &Arc<Links>,
    (views, journal): (&Arc<ArcSwap<View>>, &JournalReader),
    open: watch::Receiver<Option<Open>>,
    (answers, answer_thread): (Answers, ArbiterHandle),
) -> Listener {
    let replication = &settings.replication;
    Listener {
        cluster: settings.cluster.id.as_str().to_owned(),
        region: settings.region.name,
        before,
        links: Arc::clone(links),
        roster: Arc::clone(roster),
        views: Arc::clone(views),
        journal: journal.clone(),
        open,
        unknown: Arc::new(Semaphore::new(replication.unauthenticated_connections_max)),
        hello_timeout: replication.hello_timeout,
        silence_max: replication.silence_max,
        frame_bytes_max: replication.frame_bytes_max,
        answers,
        answer_thread,
        forward_bytes_max: settings.http.value_bytes_max + FORWARD_OVERHEAD_BYTES,
        forwards_in_flight_max: replication.forwards_in_flight_max,
        forward_timeout_max: replication.forward_timeout + settings.http.timeout_max,
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
