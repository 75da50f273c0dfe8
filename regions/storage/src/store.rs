//! Opening what a region keeps: state, then the journal from where the state ends.

use std::sync::Arc;

use tombolo_protocol::{
    DecodeError, JoinedItem, JournalFrame, Record, RegionPosition, decode_catalog, decode_change,
    decode_exceptions, decode_joined_item, decode_kept_record, decode_position, encode_position,
};
use tombolo_replication::idempotency::{Ledger, LedgerLimits};
use tombolo_replication::leader::{Applier, NotApplied};
use tombolo_replication::{Catalog, Exceptions, SealedChange};

use crate::StorageError;
use crate::backup::is_half_restored;
use crate::disk::Disk;
use crate::journal::segment::FOLDER;
use crate::journal::{Journal, JournalOptions, JournalReader, Position};
use crate::layer::Layer;
use crate::log::LogReader;
use crate::materializer::Materializer;
use crate::overlay::Overlay;
use crate::room::{Room, WaitingDisk};
use crate::state::{Begun, Materialized, State};
use crate::suspect::{MarkedDisk, renew};

/// How large the overlay may grow.
#[derive(Clone, Copy, Debug)]
pub struct OverlayOptions {
    /// The size at which a layer is sealed and handed to the materializer.
    pub seal_bytes: usize,
    /// How many sealed layers may wait. Past them, and with the active layer at twice its size,
    /// the overlay is full.
    pub sealed_layers_max: usize,
    /// What a layer may stand for in the journal before it is sealed: what a restart reads again.
    pub replay_bytes: usize,
    /// Memory for the states of the items that were written last.
    pub recent_bytes_max: usize,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The journal's.
    pub journal: JournalOptions,
    /// The overlay's.
    pub overlay: OverlayOptions,
    /// redb's cache.
    pub cache_bytes: usize,
    /// What is remembered of named requests.
    pub requests: LedgerLimits,
}

/// An open store, in the parts that different threads own.
#[derive(Debug)]
pub struct Store {
    /// For the leader.
    pub overlay: Overlay,
    /// For the journal's thread.
    pub journal: Journal,
    /// For the materializer's thread.
    pub materializer: Materializer,
    /// For whoever ships.
    pub reader: JournalReader,
    /// What the leader resumes from.
    pub recovered: Applier,
    /// Where replay would begin: segments before it are in the state.
    pub materialized: Option<Position>,
    /// Whether there is room on the disk. It is not waited for until somebody says so.
    pub room: Arc<Room>,
    /// Whether a sync had failed, and everything was written anew before it was believed.
    pub was_suspect: bool,
}

impl Store {
    /// Opens the store of a directory, or begins it where `begun` says that there is none.
    ///
    /// Everything that was acknowledged is there at return, and nothing that was not begun. The
    /// identity file is written after the store was begun and before the first change: where it
    /// exists, so must the rest, and where it does not, there can be no changes. A directory that
    /// has lost one of its parts is refused, and what is left of it stays as it is.
    pub fn open(
        disk: &Arc<dyn Disk>,
        begun: Begun,
        options: &StoreOptions,
    ) -> Result<Self, StorageError> {
        if is_half_restored(&**disk).map_err(StorageError::Disk)? {
            return Err(StorageError::HalfRestored);
        }
        Self::open_store(disk, begun, options)
    }

    /// The same for one that is being restored, to see what it holds.
    pub(crate) fn open_restored(
        disk: &Arc<dyn Disk>,
        options: &StoreOptions,
    ) -> Result<Self, StorageError> {
        Self::open_store(disk, Begun::Before, options)
    }

    fn open_store(
        disk: &Arc<dyn Disk>,
        begun: Begun,
        options: &StoreOptions,
    ) -> Result<Self, StorageError> {
        let disk: Arc<dyn Disk> = Arc::new(MarkedDisk(Arc::clone(disk)));
        if begun == Begun::Before && Journal::is_absent(&*disk).map_err(StorageError::Disk)? {
            return Err(StorageError::Lost { what: "journal" });
        }
        let was_suspect =
            begun == Begun::Before && renew(&*disk, &["", FOLDER]).map_err(StorageError::Disk)?;
        // A journal that is there already keeps the heads it has.
        let head = encode_position(&RegionPosition::default())?;
        let (journal, reader) = Journal::open(Arc::clone(&disk), &options.journal, || head)?;
        if begun == Begun::Now && has_changes(&reader) {
            return Err(StorageError::Lost { what: "identity" });
        }
        let room = Arc::new(Room::default());
        let waiting = WaitingDisk { disk: Arc::clone(&disk), room: Arc::clone(&room) };
        let ttl_ms = options.requests.ttl_ms;
        let state = Arc::new(State::open(&waiting, begun, options.cache_bytes, ttl_ms)?);
        let materialized = state.materialized()?;
        let from = replay_from(&materialized, &reader)?;
        let mut replay = Replay::new(state, materialized, from, options)?;
        replay.run(&reader)?;
        let Replay { applier, overlay, materializer, materialized, .. } = replay;
        let recovered = applier;
        Ok(Self {
            overlay,
            journal,
            materializer,
            reader,
            recovered,
            materialized,
            room,
            was_suspect,
        })
    }
}

impl JournalReader {
    /// A reader of changes over this journal.
    pub fn log(&self) -> LogReader {
        LogReader::new(self.clone())
    }
}

/// Whether anything was ever journaled: nothing is, before there is an identity.
fn has_changes(reader: &JournalReader) -> bool {
    let first = reader.first();
    first.segment > 1 || first < reader.end()
}

fn replay_from(
    materialized: &Materialized,
    reader: &JournalReader,
) -> Result<Position, StorageError> {
    let (first, end) = (reader.first(), reader.end());
    match materialized.replay_from {
        // Nothing was ever materialized: the journal must begin at the beginning.
        None if first.segment > 1 => Err(StorageError::Lost { what: "state" }),
        None => Ok(first),
        Some(from) if from > end => Err(StorageError::Lost { what: "journal" }),
        Some(from) if from.segment < first.segment => {
            let detail = format!("the state ends at {from}, the journal begins at {first}");
            Err(StorageError::Mismatched { detail })
        }
        Some(from) => Ok(from),
    }
}

fn malformed(source: DecodeError) -> StorageError {
    StorageError::Decode { what: "journal frame", source }
}

/// Applies the journal to the overlay as the leader did, materializing what grows too large.
struct Replay {
    applier: Applier,
    overlay: Overlay,
    materializer: Materializer,
    materialized: Option<Position>,
    from: Position,
}

impl Replay {
    fn new(
        state: Arc<State>,
        materialized: Materialized,
        from: Position,
        options: &StoreOptions,
    ) -> Result<Self, StorageError> {
        let applier = Applier::resume(
            materialized.position.streams.vector(),
            materialized.position.stamp_floor,
            materialized.catalog.clone(),
        )
        .with_exceptions(Exceptions::clone(&materialized.exceptions));
        let mut requests = Ledger::new(options.requests);
        state.requests()?.into_iter().for_each(|kept| requests.keep(kept));
        let applier = applier.with_ledger(requests);
        let snapshot = Arc::new(state.snapshot()?);
        let catalog: Catalog = materialized.catalog.clone();
        let at = materialized.replay_from;
        let layer = Arc::<Layer>::default();
        let overlay = Overlay::new(options.overlay, layer, snapshot, materialized, from);
        Ok(Self {
            applier,
            overlay,
            materializer: Materializer::new(state, catalog),
            materialized: at,
            from,
        })
    }

    fn run(&mut self, reader: &JournalReader) -> Result<(), StorageError> {
        for frame in reader.frames(self.from) {
            let frame = frame?;
            self.frame(&frame.payload, frame.next)?;
        }
        Ok(())
    }

    fn frame(&mut self, payload: &[u8], end: Position) -> Result<(), StorageError> {
        for record in JournalFrame::decode(payload).map_err(malformed)?.records() {
            match record.map_err(malformed)? {
                Record::Change(bytes) => self.change(bytes)?,
                Record::Joined(bytes) => self.joined(bytes)?,
                Record::Catalog(bytes) => {
                    let catalog = Arc::new(decode_catalog(bytes).map_err(malformed)?);
                    self.overlay.stage_catalog(&catalog)?;
                    self.applier.take_catalog(catalog);
                }
                Record::Request(bytes) => {
                    let kept = decode_kept_record(bytes).map_err(malformed)?;
                    self.overlay.stage_request(kept.clone())?;
                    self.applier.keep(kept);
                }
                Record::Position(bytes) => {
                    let RegionPosition { streams, stamp_floor } =
                        decode_position(bytes).map_err(malformed)?;
                    self.overlay.stage_position(&streams, stamp_floor)?;
                    self.applier.adopt(&streams, stamp_floor);
                }
                Record::Exceptions(bytes) => {
                    let exceptions = decode_exceptions(bytes).map_err(malformed)?;
                    self.overlay.stage_exceptions(&exceptions)?;
                    self.applier.adopt_exceptions(&exceptions);
                }
                Record::Unknown { .. } => {}
            }
        }
        let Some(group) = self.overlay.close_group(self.applier.catalog())? else { return Ok(()) };
        if let Some(sealed) = self.overlay.publish(&group, end) {
            self.materialize(&sealed)?;
        }
        Ok(())
    }

    fn change(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        let change = decode_change(bytes).map_err(malformed)?;
        let overlay = &self.overlay;
        let applied = self.applier.apply(&change, |item| overlay.latest(item));
        let applied = applied.map_err(|error| match error {
            NotApplied::State(error) => error,
            other => StorageError::Mismatched { detail: other.to_string() },
        })?;
        if applied.is_new {
            let sealed = SealedChange { change, bytes: bytes.into() };
            self.overlay.stage_applied(&sealed, applied)?;
        }
        Ok(())
    }

    /// A state that was joined: what came of it, whatever was joined with what.
    fn joined(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        let JoinedItem { item, state } = decode_joined_item(bytes).map_err(malformed)?;
        if self.applier.catalog().by_id(&item.table).is_some() {
            self.overlay.stage_joined(&item, Arc::new(state))?;
        }
        Ok(())
    }

    fn materialize(&mut self, sealed: &crate::SealedLayer) -> Result<(), StorageError> {
        let installed = self.materializer.materialize(sealed)?;
        self.materialized = installed.replay_from;
        self.overlay.installed(installed);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
