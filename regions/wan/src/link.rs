//! One link: the loopback listener that stands for a place as seen from another place.
//!
//! Bounded: beyond [`CONNECTIONS_MAX`] connections new ones wait in the kernel's backlog.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::alarm::Agenda;
use crate::connection;
use crate::path::Path;

/// Most connections of one link at a time.
const CONNECTIONS_MAX: usize = 1024;
/// How long to leave the listener alone after it failed (out of file descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a link has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkCounters {
    /// Bytes delivered in this direction, by whichever side their connections were opened.
    pub carried_bytes: u64,
    /// Connections accepted on this link's listener since the start.
    pub connections_accepted: u64,
    /// Those of them that have not ended.
    pub connections_open: u64,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// Where the listener is.
    pub(crate) address: SocketAddr,
    /// Where the place itself is.
    pub(crate) upstream: SocketAddr,
    pub(crate) path: Arc<Path>,
    pub(crate) way_back: Arc<Path>,
    /// Counts the severings; a connection ends when it changes.
    severed: watch::Sender<u64>,
    slots: Arc<Semaphore>,
    accepted: AtomicU64,
}

impl Link {
    pub(crate) fn new(
        address: SocketAddr,
        upstream: SocketAddr,
        path: Arc<Path>,
        way_back: Arc<Path>,
    ) -> Self {
        Self {
            address,
            upstream,
            path,
            way_back,
            severed: watch::Sender::new(0),
            slots: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            accepted: AtomicU64::new(0),
        }
    }

    /// Drops the connections of this link with a reset to both ends.
    pub(crate) fn sever(&self) {
        self.severed.send_modify(|times| *times += 1);
    }

    pub(crate) fn counters(&self) -> LinkCounters {
        LinkCounters {
            carried_bytes: self.path.carried_bytes(),
            connections_accepted: self.accepted.load(Ordering::Relaxed),
            connections_open: (CONNECTIONS_MAX - self.slots.available_permits()) as u64,
        }
    }

    /// Accepts for as long as the relay runs.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, agenda: Arc<Agenda>) {
        loop {
            match listener.accept().await {
                Ok((client, _)) => {
                    // Never closed: the semaphore is the link's own.
                    let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
                    self.spawn(client, slot, &agenda);
                }
                Err(error) => {
                    tracing::warn!(address = %self.address, %error, "accepting failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(
        self: &Arc<Self>,
        client: TcpStream,
        slot: OwnedSemaphorePermit,
        agenda: &Arc<Agenda>,
    ) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = client.set_nodelay(true) {
            tracing::debug!(%error, "the client is gone already");
            return;
        }
        let (link, agenda) = (Arc::clone(self), Arc::clone(agenda));
        let severed = link.severed.subscribe();
        tokio::spawn(async move {
            connection::carry(client, &link, severed, &agenda).await;
            drop(slot);
        });
    }
}
