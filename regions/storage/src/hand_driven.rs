//! A region's store and leader on a temporary directory, moved one step at a time by unit tests.

use std::sync::Arc;

use tempfile::TempDir;
use tombolo_causality::{HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::{DataType, ItemState, JsonText, Operation};
use tombolo_protocol::{encode_position, seal};
use tombolo_replication::idempotency::{LedgerLimits, NamedRequest};
use tombolo_replication::leader::{Applier, Command, Decided, Leader};
use tombolo_replication::{
    Catalog, Change, Consistency, ItemKey, Key, SealedChange, Strategy, TableId, TableName,
    TableShape,
};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

use crate::disk::{Disk, RealDisk};
use crate::journal::{Journal, JournalOptions, JournalReader, SEGMENT_BYTES_MIN};
use crate::{
    Begun, Group, Materializer, Overlay, OverlayOptions, SealedLayer, StorageError, Store,
    StoreOptions, View,
};

/// An overlay that seals nothing by itself.
pub(crate) const NEVER_SEALS: OverlayOptions = OverlayOptions {
    seal_bytes: usize::MAX / 4,
    sealed_layers_max: 1,
    replay_bytes: usize::MAX / 4,
    recent_bytes_max: 1 << 20,
};

/// An overlay that seals after every group.
pub(crate) const SEALS_EACH_GROUP: OverlayOptions =
    OverlayOptions { seal_bytes: 1, sealed_layers_max: 2, ..NEVER_SEALS };

/// See the module.
pub(crate) struct HandDriven {
    pub(crate) overlay: Overlay,
    pub(crate) journal: Journal,
    pub(crate) materializer: Materializer,
    pub(crate) reader: JournalReader,
    pub(crate) leader: Leader,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) now_ms: u64,
    directory: TempDir,
}

fn replica(region: &str) -> ReplicaId {
    ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(1))
}

fn open(
    disk: &Arc<dyn Disk>,
    begun: Begun,
    overlay: OverlayOptions,
) -> Result<Store, StorageError> {
    let journal = JournalOptions { segment_bytes: SEGMENT_BYTES_MIN, spares_max: 1, nonce: 7 };
    Store::open(
        disk,
        begun,
        &StoreOptions { journal, overlay, cache_bytes: 1 << 20, requests: LedgerLimits::default() },
    )
}

/// The item of that key.
pub(crate) fn item(table: TableId, key: &str) -> ItemKey {
    ItemKey { table, key: Key::new(key).unwrap() }
}

/// What an item's state shows: registers hold numbers here.
pub(crate) fn number(state: &ItemState) -> Option<i64> {
    let kind = ResolverKind::of(state.data_type())[0];
    match kind.resolver().shown(state) {
        Shown::Nothing => None,
        Shown::Value(ShownValue::Integer(value), _) => Some(value),
        Shown::Value(ShownValue::Json(value), _) => Some(value.as_str().parse().unwrap()),
        other => panic!("no number: {other:?}"),
    }
}

/// What a view shows of an item.
pub(crate) fn shown(view: &View, item: &ItemKey) -> Option<i64> {
    view.get(item).unwrap().and_then(|state| number(&state))
}

impl HandDriven {
    pub(crate) fn begin(overlay: OverlayOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(directory.path()).unwrap());
        let store = open(&disk, Begun::Now, overlay).unwrap();
        Self::with(store, disk, directory)
    }

    /// Ends without further ado and opens again.
    pub(crate) fn reopen(self, overlay: OverlayOptions) -> Self {
        let (disk, directory) = self.close();
        let store = open(&disk, Begun::Before, overlay).unwrap();
        Self::with(store, disk, directory)
    }

    /// Ends, leaves the directory to `meddle`, and tells why it is not opened any more.
    pub(crate) fn refused(
        self,
        begun: Begun,
        meddle: impl FnOnce(&dyn Disk),
    ) -> (StorageError, Arc<dyn Disk>, TempDir) {
        let (disk, directory) = self.close();
        meddle(&*disk);
        (open(&disk, begun, NEVER_SEALS).unwrap_err(), disk, directory)
    }

    pub(crate) fn with(store: Store, disk: Arc<dyn Disk>, directory: TempDir) -> Self {
        let Store { overlay, journal, materializer, reader, recovered, .. } = store;
        let leader = Leader::resume(replica("here"), recovered);
        Self { overlay, journal, materializer, reader, leader, disk, now_ms: 1, directory }
    }

    fn close(self) -> (Arc<dyn Disk>, TempDir) {
        (self.disk, self.directory)
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.overlay.views().load_full()
    }

    /// Stages the definition of a table.
    pub(crate) fn define(&mut self, name: &str, data_type: DataType) -> TableId {
        let resolver = ResolverKind::of(data_type)[0];
        let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
        let shape = TableShape { data_type, resolver, strategy, consistency };
        let change = self.leader.define(1, &TableName::new(name).unwrap(), &shape);
        let change = change.unwrap().unwrap();
        let id = TableId(change.dot);
        self.stage(change, None);
        id
    }

    /// Stages the end of a table.
    pub(crate) fn drop_table(&mut self, name: &str) {
        let change = self.leader.drop_table(1, name).unwrap();
        self.stage(change, None);
    }

    /// Stages a write to a register.
    pub(crate) fn put(&mut self, item: &ItemKey, value: i64) -> SealedChange {
        let json = JsonText::parse(value.to_string().as_bytes()).unwrap();
        self.operate(item, Operation::Put(json))
    }

    /// Stages a write to a register by a named request.
    pub(crate) fn put_named(&mut self, item: &ItemKey, value: i64, request: NamedRequest) {
        let json = JsonText::parse(value.to_string().as_bytes()).unwrap();
        let command = Command::new(item.clone(), Operation::Put(json));
        self.submit(Command { request: Some(request), ..command });
    }

    /// Stages an operation.
    pub(crate) fn operate(&mut self, item: &ItemKey, operation: Operation) -> SealedChange {
        self.submit(Command::new(item.clone(), operation))
    }

    fn submit(&mut self, command: Command) -> SealedChange {
        let state = self.overlay.latest(&command.item).unwrap();
        let decided = self.leader.decide(self.now_ms, command, state.as_deref()).unwrap();
        let Decided { change, item, state, .. } = decided;
        self.stage(change, Some((item, state.into())))
    }

    fn stage(&mut self, change: Change, state: Option<(ItemKey, Arc<ItemState>)>) -> SealedChange {
        let sealed = seal(change).unwrap();
        self.overlay.stage(&sealed, state).unwrap();
        sealed
    }

    /// Another region's leader, which knows the tables and has applied nothing.
    pub(crate) fn other_region(&self, name: &str) -> Leader {
        let catalog = Catalog::clone(self.leader.catalog());
        let nothing = Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, catalog);
        Leader::resume(replica(name), nothing)
    }

    /// Stages an increment by another region.
    pub(crate) fn relay(&mut self, other: &mut Leader, item: &ItemKey, by: i64) -> SealedChange {
        let state = self.overlay.latest(item).unwrap();
        let command = Command::new(item.clone(), Operation::Increment(by));
        let change = other.decide(1, command, state.as_deref()).unwrap().change;
        self.take_in(change)
    }

    /// Stages an operation by another region, which knows nothing of the item.
    pub(crate) fn relay_blind(&mut self, other: &mut Leader, item: &ItemKey, what: Operation) {
        let command = Command::new(item.clone(), what);
        let change = other.decide(1, command, None).unwrap().change;
        self.take_in(change);
    }

    /// Stages a change of another region.
    pub(crate) fn take_in(&mut self, change: Change) -> SealedChange {
        let sealed = seal(change).unwrap();
        let overlay = &self.overlay;
        let applied = self.leader.apply(&sealed.change, |item| overlay.latest(item)).unwrap();
        self.overlay.stage_applied(&sealed, applied).unwrap();
        sealed
    }

    /// Closes what is staged as a group.
    pub(crate) fn group(&mut self) -> Group {
        self.overlay.close_group(self.leader.catalog()).unwrap().unwrap()
    }

    /// Makes a group durable, and shows it.
    pub(crate) fn publish(&mut self, group: &Group) -> Option<SealedLayer> {
        let head = encode_position(group.before()).unwrap();
        self.journal.append(&[&group.payload], || head).unwrap();
        self.journal.sync().unwrap();
        self.overlay.publish(group, self.journal.end())
    }

    /// Closes, makes durable and shows what is staged.
    pub(crate) fn commit(&mut self) -> Option<SealedLayer> {
        let group = self.group();
        self.publish(&group)
    }

    /// Moves a layer into the state.
    pub(crate) fn install(&mut self, sealed: &SealedLayer) {
        let installed = self.materializer.materialize(sealed).unwrap();
        self.overlay.installed(installed);
    }
}
