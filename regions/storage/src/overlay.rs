//! The overlay's single writer: stages groups, publishes them when they are durable, seals layers
//! for the materializer.
//!
//! ```text
//!  stage … stage ─ close_group ─▶ (journal: append, sync) ─▶ publish ─▶ new view
//!                                                              └─▶ sealed layer ─▶ materialize
//!                                                                  installed ◀─────────┘
//! ```

mod taken;

use std::collections::VecDeque;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tombolo_causality::HybridTimestamp;
use tombolo_datatypes::ItemState;
use tombolo_protocol::{JournalFrameBuilder, RegionPosition};
use tombolo_replication::idempotency::KeptRecord;
use tombolo_replication::{Catalog, ItemKey, SealedChange};

use crate::item_bytes::item_bytes;
use crate::journal::Position;
use crate::layer::{Layer, weight};
use crate::materializer::{Installed, SealedLayer};
use crate::readers::Readers;
use crate::recent::{Recent, RecentItem};
use crate::state::{Materialized, Snapshot};
use crate::{OverlayOptions, StorageError, View};

/// A closed group: what goes to the journal, and what is shown once it is there.
#[derive(Debug)]
pub struct Group {
    commit: u64,
    /// The payload of the group's journal frame.
    pub payload: Vec<u8>,
    /// How many changes it holds.
    pub changes: usize,
    before: Arc<RegionPosition>,
    position: Arc<RegionPosition>,
    catalog: Arc<Catalog>,
}

impl Group {
    /// Where the region stands before this group: what a journal segment that begins with it says.
    pub fn before(&self) -> &Arc<RegionPosition> {
        &self.before
    }
}

/// A layer that is in the state, and the view that still had it. Dropping it may free a great many
/// items, one by one.
#[derive(Debug)]
pub struct Retired {
    _layer: Option<Arc<Layer>>,
    _view: Arc<View>,
}

#[derive(Debug)]
struct Sealing {
    layer: Arc<Layer>,
    /// The group it ends with; durable, it lets the layer go to the materializer.
    commit: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Overlay {
    options: OverlayOptions,
    view: Arc<ArcSwap<View>>,
    readers: Readers,
    /// The oldest commit that anybody looks at.
    oldest_read: u64,
    recent: Recent,
    active: Arc<Layer>,
    /// Counts the layers, so that it is known which one an item was written to.
    active_number: u64,
    /// What the active layer stands for in the journal.
    active_journaled_bytes: usize,
    /// Oldest first.
    sealing: VecDeque<Sealing>,
    snapshot: Arc<Snapshot>,
    /// The group being staged.
    commit: u64,
    /// Where the region stands with everything staged.
    position: RegionPosition,
    closed: Arc<RegionPosition>,
    frame: JournalFrameBuilder,
    durable_end: Position,
}

impl Overlay {
    pub(crate) fn new(
        options: OverlayOptions,
        active: Arc<Layer>,
        snapshot: Arc<Snapshot>,
        recovered: Materialized,
        durable_end: Position,
    ) -> Self {
        let position = recovered.position;
        let view = View {
            commit: 1,
            layers: vec![Arc::clone(&active)],
            snapshot: Arc::clone(&snapshot),
            vector: Arc::new(position.streams.vector()),
            position: Arc::new(position.clone()),
            catalog: Arc::new(recovered.catalog),
        };
        Self {
            options,
            closed: Arc::clone(&view.position),
            view: Arc::new(ArcSwap::from_pointee(view)),
            readers: Readers::default(),
            oldest_read: 1,
            recent: Recent::new(options.recent_bytes_max),
            active,
            active_number: 1,
            active_journaled_bytes: 0,
            sealing: VecDeque::new(),
            snapshot,
            commit: 2,
            position,
            frame: JournalFrameBuilder::default(),
            durable_end,
        }
    }

    /// Where views are published.
    pub fn views(&self) -> Arc<ArcSwap<View>> {
        Arc::clone(&self.view)
    }

    /// Where the region stands with everything staged.
    pub fn position(&self) -> &RegionPosition {
        &self.position
    }

    /// The newest state of an item, staged ones included: what the next decision is based on.
    pub fn latest(&self, item: &ItemKey) -> Result<Option<Arc<ItemState>>, StorageError> {
        let key = item_bytes(item);
        if let Some(state) = self.recent.state(&key) {
            return Ok(Some(Arc::clone(state)));
        }
        if let Some(state) = self.active.get(&key, u64::MAX) {
            return Ok(Some(state));
        }
        let sealed = self.sealing.iter().rev();
        match sealed.map(|s| &s.layer).find_map(|layer| layer.get(&key, u64::MAX)) {
            Some(state) => Ok(Some(state)),
            None => self.snapshot.get(&key),
        }
    }

    /// Whether so much waits for the materializer that nothing more should be taken in.
    pub fn is_full(&self) -> bool {
        self.sealing.len() >= self.options.sealed_layers_max
            && (self.active.bytes() >= 2 * self.options.seal_bytes
                || self.active_journaled_bytes >= 2 * self.options.replay_bytes)
    }

    /// About how much memory all layers take.
    pub fn bytes(&self) -> usize {
        self.active.bytes() + self.sealing.iter().map(|s| s.layer.bytes()).sum::<usize>()
    }

    /// Stages a change and the states that follow from it, in the group being gathered.
    pub fn stage(
        &mut self,
        sealed: &SealedChange,
        states: impl IntoIterator<Item = (ItemKey, Arc<ItemState>)>,
    ) -> Result<(), StorageError> {
        let replica = sealed.change.dot.replica;
        self.frame.add(replica, self.position.streams.get(&replica), &sealed.bytes)?;
        self.position.streams.advance(replica, &sealed.bytes);
        let floor: &mut HybridTimestamp = &mut self.position.stamp_floor;
        *floor = sealed.change.stamp.max(*floor);
        self.active_journaled_bytes += sealed.bytes.len();
        if let Some(record) = &sealed.change.idempotency {
            let (dot, stamp) = (sealed.change.dot, sealed.change.stamp);
            self.active.add_request(KeptRecord { record: record.clone(), dot, stamp });
        }
        let mut changes_items = false;
        for (item, state) in states {
            self.stage_state(&item, state);
            changes_items = true;
        }
        if !changes_items {
            // It weighs in the journal only, which the state's position must move past all the same.
            self.active.weigh(sealed.bytes.len());
        }
        Ok(())
    }

    fn stage_state(&mut self, item: &ItemKey, state: Arc<ItemState>) {
        let key = item_bytes(item);
        let (active, number) = (&self.active, self.active_number);
        let (commit, oldest_read) = (self.commit, self.oldest_read);
        let Some(recent) = self.recent.get_mut(&key) else {
            let versions = active.insert(&key, commit, Arc::clone(&state), oldest_read);
            return self.recent.insert(&key, RecentItem { state, versions, layer: number });
        };
        if recent.layer == number {
            active.update(&key, &recent.versions, commit, Arc::clone(&state), oldest_read);
        } else {
            recent.versions = active.insert(&key, commit, Arc::clone(&state), oldest_read);
            recent.layer = number;
        }
        let after = weight(&state);
        let before = core::mem::replace(&mut recent.state, state);
        let before = weight(&before);
        self.recent.replaced(before, after);
    }

    /// How many changes and joined states are staged in the group being gathered.
    pub fn staged_records(&self) -> usize {
        self.frame.records()
    }

    /// Their size in the journal, in bytes.
    pub fn staged_bytes(&self) -> usize {
        self.frame.bytes()
    }

    /// Closes the group being gathered; nothing where none is.
    pub fn close_group(&mut self, catalog: &Arc<Catalog>) -> Result<Option<Group>, StorageError> {
        if self.frame.records() == 0 {
            return Ok(None);
        }
        let frame = core::mem::take(&mut self.frame);
        let changes = frame.changes();
        let position = Arc::new(self.position.clone());
        let before = core::mem::replace(&mut self.closed, Arc::clone(&position));
        let commit = self.commit;
        self.commit += 1;
        let payload = frame.finish()?;
        self.seal_if_large(commit);
        let catalog = Arc::clone(catalog);
        Ok(Some(Group { commit, payload, changes, before, position, catalog }))
    }

    /// Shows a group that is durable; `end` is where the journal ends after it. Groups are
    /// published in the order in which they were closed. Answers a layer that may now be
    /// materialized, where there is one.
    pub fn publish(&mut self, group: &Group, end: Position) -> Option<SealedLayer> {
        let next = View {
            commit: group.commit,
            layers: self.layers(),
            snapshot: Arc::clone(&self.snapshot),
            vector: Arc::new(group.position.streams.vector()),
            position: Arc::clone(&group.position),
            catalog: Arc::clone(&group.catalog),
        };
        let replaced = self.view.swap(Arc::new(next));
        self.oldest_read = self.readers.replaced(&replaced, group.commit);
        self.durable_end = end;
        let ready = self.sealing.iter().find(|s| s.commit == group.commit)?;
        Some(SealedLayer {
            layer: Arc::clone(&ready.layer),
            after: Materialized {
                position: (*group.position).clone(),
                catalog: (*group.catalog).clone(),
                replay_from: Some(end),
            },
        })
    }

    /// Takes in that the oldest sealed layer is in the state database. Answers what is no longer
    /// needed: to be dropped where time does not matter.
    pub fn installed(&mut self, installed: Installed) -> Retired {
        self.snapshot = installed.snapshot;
        let layer = self.sealing.pop_front().map(|sealing| sealing.layer);
        let view = self.view.load();
        let next = View {
            commit: view.commit,
            layers: self.layers(),
            snapshot: Arc::clone(&self.snapshot),
            vector: Arc::clone(&view.vector),
            position: Arc::clone(&view.position),
            catalog: Arc::clone(&view.catalog),
        };
        drop(view);
        let commit = next.commit;
        let view = self.view.swap(Arc::new(next));
        self.oldest_read = self.readers.replaced(&view, commit);
        Retired { _layer: layer, _view: view }
    }

    /// The active layer as one to be materialized, at a graceful stop. Nothing where a group is
    /// not published or a layer sealed before not installed, and where the state has everything.
    pub fn seal_rest(&mut self) -> Option<SealedLayer> {
        let view = self.view.load_full();
        let under_way = self.frame.records() > 0 || view.commit + 1 < self.commit;
        if under_way || !self.sealing.is_empty() || self.active.bytes() == 0 {
            return None;
        }
        let layer = self.begin_layer();
        let commit = view.commit;
        self.sealing.push_back(Sealing { layer: Arc::clone(&layer), commit });
        let after = Materialized {
            position: (*view.position).clone(),
            catalog: (*view.catalog).clone(),
            replay_from: Some(self.durable_end),
        };
        Some(SealedLayer { layer, after })
    }

    /// Between two groups, so that a layer ends where a group does: with that group durable, the
    /// layer and the journal's end say the same.
    fn seal_if_large(&mut self, commit: u64) {
        let large = self.active.bytes() >= self.options.seal_bytes
            || self.active_journaled_bytes >= self.options.replay_bytes;
        if large && self.sealing.len() < self.options.sealed_layers_max {
            let layer = self.begin_layer();
            self.sealing.push_back(Sealing { layer, commit });
        }
    }

    /// Begins a new active layer, and answers the one before it.
    fn begin_layer(&mut self) -> Arc<Layer> {
        self.active_number += 1;
        self.active_journaled_bytes = 0;
        core::mem::take(&mut self.active)
    }

    fn layers(&self) -> Vec<Arc<Layer>> {
        let sealed = self.sealing.iter().rev().map(|s| Arc::clone(&s.layer));
        core::iter::once(Arc::clone(&self.active)).chain(sealed).collect()
    }
}

#[cfg(test)]
mod tests;
