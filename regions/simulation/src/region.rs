//! A region as it runs in the world: the machines and the storage of production, and a shell that
//! performs their outputs as the actors do, in one thread and on the world's time.

mod answering;
mod linking;
mod shipping;
mod starting;
mod writing;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tombolo_causality::{RegionId, VersionVector};
use tombolo_replication::acknowledgements::Known;
use tombolo_replication::circuit_breaker::CircuitBreaker;
use tombolo_replication::intake::{Input, Intake};
use tombolo_replication::lag::Lag;
use tombolo_replication::shipper::Shipper;
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::{Journal, JournalReader, Position};
use tombolo_storage::{
    Append, Identity, LogReader, Materializer, Room, SealedLayer, Shortage, StorageError, View,
    Writer,
};

use crate::around::Around;
use crate::clock::WallClock;
use crate::disk::SimulatedDisk;
use crate::network::{ConnectionId, RegionIndex};
use crate::request::{Reply, Request};

pub(crate) use self::answering::texts;
pub(crate) use self::starting::Starting;

/// Why a process ends: what the actors stop the region for.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self(text)
    }
}

/// What a region wakes up for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wake {
    /// The write to the journal is done but for its sync.
    Sync,
    /// The materializer has come to the next layer.
    Materialize,
    /// It is time for heartbeats, and to see who is silent.
    Heartbeat,
    /// It is time to dial a peer.
    Attempt { peer: RegionIndex, turn: u64 },
    /// It is time to see whether there is room on the disk.
    LookForRoom,
    /// A request has waited long enough.
    Waited,
    /// The peers have had long enough to say what they know.
    IdentityChecked,
    /// A peer that could not be asked is asked again.
    AskAgain { peer: RegionIndex },
}

/// Who waits for a group to be durable, and what it is then told.
#[derive(Debug)]
pub(crate) struct Waiter {
    client: usize,
    number: u64,
    reply: Reply,
}

/// The dialling end of a link.
#[derive(Debug)]
struct Outbound {
    connection: ConnectionId,
    /// There once the peer has said who it is.
    shipping: Option<Shipping>,
    dialled_ms: u64,
    heard_ms: u64,
}

#[derive(Debug)]
struct Shipping {
    shipper: Shipper,
    log: LogReader,
}

/// The listening end.
#[derive(Debug)]
struct Inbound {
    connection: ConnectionId,
    heard_ms: u64,
    /// What of the peer's was last acknowledged.
    acknowledged: VersionVector,
}

/// A peer, as it is known here.
#[derive(Debug)]
struct Link {
    name: RegionId,
    breaker: CircuitBreaker,
    turn: u64,
    paused: bool,
    outbound: Option<Outbound>,
    inbound: Option<Inbound>,
    known: Known,
    lag: Lag,
    last_heard_ms: Option<u64>,
    rtt_us: Option<u64>,
    needs_snapshot: bool,
}

/// A request that waits for what its session has seen.
#[derive(Debug)]
struct Delayed {
    request: Request,
    until_ms: u64,
    /// It is planned to look at it when its time is up.
    is_planned: bool,
}

/// A region that is open.
#[derive(Debug)]
pub(crate) struct Running {
    identity: Identity,
    writer: Writer<Waiter>,
    journal: Journal,
    reader: JournalReader,
    materializer: Materializer,
    replay_from: Option<Position>,
    room: Arc<Room>,
    shortage: Option<Shortage>,
    held: Option<Append>,
    /// The payload of the group under way.
    appending: Vec<u8>,
    layers: VecDeque<SealedLayer>,
    intake: Intake,
    /// What arrived while nothing could be taken in.
    arrived: VecDeque<(RegionIndex, ConnectionId, Input)>,
    links: BTreeMap<RegionIndex, Link>,
    delayed: Vec<Delayed>,
    retention_due_ms: u64,
}

/// What runs on a region's machine.
#[derive(Debug)]
pub(crate) enum Process {
    /// Nothing.
    Down,
    /// A region that makes sure who it is.
    Starting(Box<Starting>),
    /// A region.
    Running(Box<Running>),
}

/// A region's machine: its disk and its clock outlive its processes.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what befell a disk is several things at once")]
pub(crate) struct Region {
    pub(crate) index: RegionIndex,
    pub(crate) name: RegionId,
    pub(crate) disk: SimulatedDisk,
    pub(crate) clock: WallClock,
    /// Counts the processes: what was planned for an earlier one has no say any more.
    pub(crate) life: u64,
    pub(crate) process: Process,
    /// Something was done to the disk for which a process may end.
    pub(crate) disk_is_bad: bool,
    /// The disk has lied: what it has said to be durable may go with the power.
    pub(crate) disk_has_lied: bool,
    /// The disk may have lost what was durable.
    pub(crate) disk_is_excused: bool,
    /// The region has started on what such a disk has left: it may meet the damage later.
    pub(crate) disk_may_be_damaged: bool,
    /// Nothing runs until then: the process is stopped by a signal.
    pub(crate) stopped_until_us: u64,
    /// Syncs take so many times longer.
    pub(crate) disk_slowness: u64,
    pub(crate) disk_is_full: bool,
}

impl Region {
    pub(crate) fn new(index: RegionIndex, name: RegionId, seed: u64) -> Self {
        Self {
            index,
            name,
            disk: SimulatedDisk::new(seed),
            clock: WallClock::default(),
            life: 0,
            process: Process::Down,
            disk_is_bad: false,
            disk_has_lied: false,
            disk_is_excused: false,
            disk_may_be_damaged: false,
            stopped_until_us: 0,
            disk_slowness: 1,
            disk_is_full: false,
        }
    }

    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    pub(crate) fn wall_ms(&self, around: &Around) -> u64 {
        let tick_ms = around.plan.clock_tick_ms;
        self.clock.now_ms(around.now_us) / tick_ms * tick_ms
    }

    /// What the region shows, where it is open.
    pub(crate) fn view(&self) -> Option<Arc<View>> {
        match &self.process {
            Process::Running(running) => Some(running.writer.overlay().views().load_full()),
            _ => None,
        }
    }

    pub(crate) fn running(&self) -> Option<&Running> {
        match &self.process {
            Process::Running(running) => Some(running),
            _ => None,
        }
    }

    /// A process wakes up for what was planned.
    pub(crate) fn wake(&mut self, around: &mut Around, what: Wake) -> Result<(), Failure> {
        match core::mem::replace(&mut self.process, Process::Down) {
            Process::Down => Ok(()),
            Process::Starting(mut starting) => {
                let done = starting.wake(self, around, what);
                self.process = Process::Starting(starting);
                if done { self.open(around) } else { Ok(()) }
            }
            Process::Running(mut running) => {
                let result = running.wake(self, around, what);
                self.process = Process::Running(running);
                result
            }
        }
    }

    /// Something comes out of a connection.
    pub(crate) fn arrived(
        &mut self,
        around: &mut Around,
        delivery: crate::network::Delivery,
    ) -> Result<(), Failure> {
        match core::mem::replace(&mut self.process, Process::Down) {
            // Nobody listens.
            Process::Down => {
                around.close(delivery.connection, self.index);
                Ok(())
            }
            Process::Starting(mut starting) => {
                let done = starting.arrived(self, around, delivery);
                self.process = Process::Starting(starting);
                if done { self.open(around) } else { Ok(()) }
            }
            Process::Running(mut running) => {
                let result = running.arrived(self, around, delivery);
                self.process = Process::Running(running);
                result
            }
        }
    }

    /// A client asks.
    pub(crate) fn ask(&mut self, around: &mut Around, request: Request) -> Result<(), Failure> {
        match core::mem::replace(&mut self.process, Process::Down) {
            Process::Running(mut running) => {
                let result = running.ask(self, around, request);
                self.process = Process::Running(running);
                result
            }
            other => {
                self.process = other;
                around.reply(request.client, request.number, Reply::Unreachable);
                Ok(())
            }
        }
    }
}
