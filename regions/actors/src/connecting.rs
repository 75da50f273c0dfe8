//! Opening a link: the actor that keeps a connection to the peer, and the way on which requests are
//! forwarded.

use core::time::Duration;
use std::sync::Arc;

use actix::Actor;
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use tokio::sync::watch;
use tombolo_causality::ReplicaId;
use tombolo_replication::circuit_breaker::{self, CircuitBreaker};
use tombolo_replication::shipper;
use tombolo_storage::View;
use tombolo_storage::journal::JournalReader;
use tombolo_topology::settings::Replication as Settings;

use crate::forwarding::{Asking, Forwarder};
use crate::links::{Link, Links};
use crate::replication::Replication;
use crate::roster::Roster;
use crate::shipping::Shipping;
use crate::standing::Standing;

/// A peer's requests for missing changes that may wait.
const ASKS_MAX: usize = 64;

/// What every link is opened with.
#[derive(Debug)]
pub(crate) struct Connecting {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) settings: Settings,
    pub(crate) standing: Arc<Standing>,
    pub(crate) reader: JournalReader,
    pub(crate) links: Arc<Links>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) published: watch::Receiver<u64>,
    /// Where the links live.
    pub(crate) thread: ArbiterHandle,
}

impl Connecting {
    /// Opens `link`.
    pub(crate) fn open(&self, link: &Arc<Link>) {
        let replication = self.replication(link);
        let replication = Replication::start_in_arbiter(&self.thread, |_| replication);
        let (forwarder, jobs) = Forwarder::new(self.settings.forwards_in_flight_max);
        let asking = Asking {
            cluster: self.cluster.clone(),
            own: self.own,
            link: Arc::clone(link),
            jobs,
            dial_timeout: self.settings.dial_timeout,
            frame_bytes_max: self.settings.frame_bytes_max,
        };
        // Where the thread has ended the region has as well.
        self.thread.spawn_fn(move || drop(actix_rt::spawn(asking.run())));
        link.is_served_by(replication, forwarder);
    }

    fn replication(&self, link: &Arc<Link>) -> Replication {
        let settings = &self.settings;
        let shipping = Shipping {
            cluster: self.cluster.clone(),
            own: self.own,
            link: Arc::clone(link),
            links: Arc::clone(&self.links),
            roster: Arc::clone(&self.roster),
            views: Arc::clone(&self.views),
            published: self.published.clone(),
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
        let (standing, reader) = (Arc::clone(&self.standing), self.reader.clone());
        Replication::new(standing, shipping, limits, reader, breaker)
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
