//! Damage to what a stopped region holds: item by item, and without a change that says so.

use std::path::Path;
use std::sync::Arc;

use tombolo_causality::{Dot, VersionVector};
use tombolo_datatypes::{Entry, ItemState, JsonText, Live, RegisterState, TypeState};
use tombolo_replication::idempotency::LedgerLimits;
use tombolo_replication::{ItemKey, Key, SetAside};
use tombolo_storage::disk::{Disk, RealDisk};
use tombolo_storage::journal::JournalOptions;
use tombolo_storage::{Begun, OverlayOptions, Store, StoreOptions};

/// What becomes of a state.
pub(super) type Damage = fn(&ItemState) -> ItemState;

/// The item is as if it had never been heard of.
pub(super) fn forgotten(state: &ItemState) -> ItemState {
    ItemState::new(state.data_type())
}

/// It still shows what it showed, and no longer knows which other writes it has seen.
pub(super) fn without_what_is_hidden(state: &ItemState) -> ItemState {
    let TypeState::Register(register) = state.value() else { panic!("not a register: {state:?}") };
    let shown = register.live.iter().map(|entry| entry.dot);
    let context: VersionVector = shown.map(|dot| (dot.replica, dot.seq)).collect();
    assert_ne!(&context, state.context(), "nothing is hidden");
    ItemState::from_parts(context, state.value().clone())
}

/// Nothing is known any more of what was decided about its conflicts.
pub(super) fn with_nothing_settled(state: &ItemState) -> ItemState {
    let TypeState::Register(register) = state.value() else { panic!("not a register: {state:?}") };
    assert!(register.live.has_aside(), "nothing is settled");
    let entries = register.live.all().cloned().map(|entry| Entry { settled: None, ..entry });
    let live = Live::from_entries(entries.collect());
    let value = TypeState::Register(RegisterState { live, kept: register.kept.clone() });
    ItemState::from_parts(state.context().clone(), value)
}

/// It shows what nobody has written.
pub(super) fn with_another_value(state: &ItemState) -> ItemState {
    let TypeState::Register(register) = state.value() else { panic!("not a register: {state:?}") };
    let entries = register.live.iter().cloned().map(|mut entry| {
        entry.value.value = Some(JsonText::parse(br#""zzz""#).unwrap());
        entry
    });
    let live = Live::from_entries(entries.collect());
    let value = TypeState::Register(RegisterState { live, kept: None });
    ItemState::from_parts(state.context().clone(), value)
}

/// Damages items of a table of the region in `directory`, which must be stopped.
pub(super) fn damage(directory: &Path, table: &str, items: &[(&str, Damage)]) {
    change(directory, |store| {
        let table = store.recovered.catalog().by_name(table).unwrap().id;
        for (key, damaged) in items {
            let item = ItemKey { table, key: Key::new(key).unwrap() };
            let state = store.overlay.latest(&item).unwrap().unwrap();
            store.overlay.stage_joined(&item, Arc::new(damaged(&state))).unwrap();
        }
    });
}

/// The region in `directory`, which must be stopped, says that it has set a change aside.
pub(super) fn set_aside(directory: &Path, dot: Dot) {
    let exceptions = [(dot, SetAside::Unseen)].into_iter().collect();
    change(directory, |store| store.overlay.stage_exceptions(&exceptions).unwrap());
}

/// Does `stage`, and makes it durable.
fn change(directory: &Path, stage: impl FnOnce(&mut Store)) {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(directory).unwrap());
    let options = StoreOptions {
        journal: JournalOptions::new(1),
        overlay: OverlayOptions {
            seal_bytes: 1 << 30,
            sealed_layers_max: 2,
            replay_bytes: 1 << 30,
            recent_bytes_max: 1 << 20,
        },
        cache_bytes: 1 << 20,
        requests: LedgerLimits::default(),
    };
    let mut store = Store::open(&disk, Begun::Before, &options).unwrap();
    let catalog = Arc::clone(store.recovered.catalog());
    stage(&mut store);
    let group = store.overlay.close_group(&catalog).unwrap().unwrap();
    let head = tombolo_protocol::encode_position(group.before()).unwrap();
    store.journal.append(&[&group.payload], || head).unwrap();
    store.journal.sync().unwrap();
}
