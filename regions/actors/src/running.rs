//! What a running region consists of.

use std::net::SocketAddr;
use std::sync::Arc;

use actix::Addr;
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, watch};
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::JournalReader;
use tombolo_storage::{Identity, Room, View};
use tombolo_topology::Settings;

use crate::backing_up::Backups;
use crate::catching_up::CatchUpState;
use crate::forwarding::Answers;
use crate::leader::Leader;
use crate::links::Links;
use crate::members::Members;
use crate::meters::Meters;
use crate::observer::Observed;
use crate::roster::Roster;
use crate::standing::Standing;
use crate::tables::Tables;
use crate::verifying::Verifier;

/// The parts behind every handle of one region.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) settings: Settings,
    pub(crate) identity: Identity,
    pub(crate) started_at_ms: u64,
    pub(crate) replication_address: SocketAddr,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) room: Arc<Room>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) journal: JournalReader,
    pub(crate) meters: Arc<Meters>,
    pub(crate) leader: Addr<Leader>,
    pub(crate) links: Arc<Links>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) tables: Tables,
    pub(crate) members: Members,
    pub(crate) answers: Answers,
    pub(crate) verifier: Verifier,
    pub(crate) backups: Backups,
    pub(crate) state: Arc<CatchUpState>,
    pub(crate) observed: Observed,
    pub(crate) published: watch::Receiver<u64>,
    /// Of the requests that wait for other regions.
    pub(crate) waiting: Arc<Semaphore>,
    pub(crate) failed: watch::Receiver<bool>,
    pub(crate) threads: Vec<ArbiterHandle>,
}
