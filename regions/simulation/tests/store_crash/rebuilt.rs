//! The same changes in a store that nothing has ever happened to.

use std::sync::Arc;

use tombolo_datatypes::ItemState;
use tombolo_protocol::encode_position;
use tombolo_replication::ItemKey;
use tombolo_replication::idempotency::LedgerLimits;
use tombolo_simulation::disk::SimulatedDisk;
use tombolo_storage::{
    Begun, OverlayOptions, Store, StoreOptions, View, disk::Disk, journal::JournalOptions,
};

use crate::{failure::Failure, model::Model};

const GROUP_CHANGES: usize = 7;

/// The digest of `view`, which is of all that was acknowledged, is that of a store which took the
/// changes in one after the other, in memory only.
pub(crate) fn digests_agree(view: &View, model: &Model) -> Result<(), Failure> {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new(0));
    let options = StoreOptions {
        journal: JournalOptions { segment_bytes: 1 << 16, spares_max: 0, nonce: 1 },
        overlay: OverlayOptions {
            seal_bytes: usize::MAX,
            sealed_layers_max: 1,
            replay_bytes: usize::MAX,
            recent_bytes_max: 0,
        },
        cache_bytes: 1 << 20,
        requests: LedgerLimits::default(),
    };
    let Store { mut overlay, mut journal, mut recovered, .. } =
        Store::open(&disk, Begun::Now, &options)?;
    for group in model.first(model.acknowledged()).chunks(GROUP_CHANGES) {
        for written in group {
            let applied =
                recovered.apply(&written.sealed.change, |item| overlay.latest(item))?.states;
            let states: Vec<(ItemKey, Arc<ItemState>)> =
                applied.into_iter().map(|(item, state)| (item, state.into())).collect();
            overlay.stage(&written.sealed, states)?;
        }
        if let Some(group) = overlay.close_group(recovered.catalog())? {
            let head = encode_position(group.before())?;
            journal.append(&[&group.payload], || head)?;
            journal.sync()?;
            overlay.publish(&group, journal.end());
        }
    }
    let rebuilt = overlay.views().load_full();
    let (found, expected) = (view.digest(None)?, rebuilt.digest(None)?);
    Failure::unless(found == expected, || {
        format!("the digest is {found:?}, that of a store built anew {expected:?}")
    })
}
