//! Opening the data directory, and making sure of who it is.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tombolo_causality::{Incarnation, ReplicaId};
use tombolo_replication::idempotency::LedgerLimits;
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::JournalOptions;
use tombolo_storage::{
    Begun, CatchingUp, Identity, LastStop, OverlayOptions, PausedLinks, Reauthored, Removal,
    StorageError, Store, StoreOptions, View,
};
use tombolo_topology::Settings;

use crate::clock;
use crate::error::StartError;
use crate::identity_check::{self, Question, Verdict};
use crate::links::Links;
use crate::standing::Standing;

/// What a directory holds.
pub(super) struct Opened {
    pub(super) identity: Identity,
    pub(super) begun: Begun,
    pub(super) store: Store,
    pub(super) paused: PausedLinks,
    pub(super) catching_up: Option<CatchingUp>,
    pub(super) reauthored: Option<Reauthored>,
    pub(super) removal: Option<Removal>,
}

/// Opens the directory, on a thread that may block.
pub(super) async fn open(disk: Arc<dyn Disk>, settings: Settings) -> Result<Opened, StartError> {
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
    let store = Store::open(disk, begun, &store_options(settings)?)?;
    let paused = PausedLinks::read(&**disk)?;
    let catching_up = CatchingUp::read(&**disk)?;
    let reauthored = Reauthored::open(&**disk)?;
    let removal = Removal::read(&**disk)?;
    Ok(Opened { identity, begun, store, paused, catching_up, reauthored, removal })
}

/// How a directory is opened.
pub(crate) fn store_options(settings: &Settings) -> Result<StoreOptions, StartError> {
    let mut journal = JournalOptions::new(clock::random().map_err(StartError::Random)?);
    journal.segment_bytes = settings.journal.segment_bytes;
    Ok(StoreOptions {
        journal,
        overlay: OverlayOptions {
            seal_bytes: settings.overlay.seal_bytes,
            sealed_layers_max: settings.overlay.sealed_layers_max,
            replay_bytes: settings.overlay.replay_bytes,
            recent_bytes_max: settings.overlay.recent_bytes_max,
        },
        cache_bytes: settings.state.cache_bytes,
        requests: LedgerLimits {
            ttl_ms: u64::try_from(settings.requests.idempotency_ttl.as_millis())
                .unwrap_or(u64::MAX),
            bytes_max: settings.requests.idempotency_bytes_max,
        },
    })
}

/// An incarnation that never was.
pub(crate) fn mint() -> Result<Incarnation, StartError> {
    clock::random().map(Incarnation).map_err(StartError::Random)
}

/// Whether the incarnation lives on: not where a peer knows more than is here (the directory was put
/// back from a copy, or its disk has lied), and after an unclean stop only where every peer confirms
/// it.
pub(super) async fn settle(
    settings: &Settings,
    identity: &mut Identity,
    links: &Links,
    views: &ArcSwap<View>,
    standing: &Standing,
) -> Result<(), StartError> {
    let view = views.load_full();
    let question = Question {
        cluster: identity.cluster.clone(),
        replica: identity.replica,
        here: view.position().streams.get(&identity.replica),
        vector: (**view.vector()).clone(),
        last_stop: identity.last_stop,
    };
    let wait = settings.replication.identity_check;
    match identity_check::check(&question, &links.all(), wait).await {
        Verdict::Confirmed => {
            tracing::info!(replica = %identity.replica, "the peers confirm the incarnation");
        }
        // It writes nothing any more, under whatever name.
        Verdict::Removed { by } => standing.tell(by),
        Verdict::Unanswered { because } if identity.last_stop == LastStop::Clean => {
            tracing::info!(replica = %identity.replica, because, "the incarnation lives on");
        }
        Verdict::Unanswered { because } | Verdict::Outdated { because } => {
            let before = identity.replica;
            identity.replica.incarnation = mint()?;
            tracing::warn!(%before, now = %identity.replica, because, "a new incarnation begins");
        }
    }
    Ok(())
}
