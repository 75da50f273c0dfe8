//! Staging what was taken from another region, beside the changes of the group: none of it has a place
//! in a stream.

use std::sync::Arc;

use tombolo_causality::HybridTimestamp;
use tombolo_datatypes::ItemState;
use tombolo_protocol::{
    RegionPosition, StreamStart, encode_catalog, encode_joined_item, encode_kept_record,
    encode_position,
};
use tombolo_replication::idempotency::KeptRecord;
use tombolo_replication::{Catalog, ItemKey, Streams};

use super::Overlay;
use crate::StorageError;

impl Overlay {
    /// Stages the state of an item that came of joining another region's, in the group being
    /// gathered. Stages nothing where it answers an error.
    pub fn stage_joined(
        &mut self,
        item: &ItemKey,
        state: Arc<ItemState>,
    ) -> Result<(), StorageError> {
        let record = encode_joined_item(item, &state)?;
        self.frame.add_joined(&record)?;
        self.active_journaled_bytes += record.len();
        self.stage_state(item, state);
        Ok(())
    }

    /// Stages that a peer's tables have taken the place of those before: from the group being
    /// gathered on they are those that it is closed with.
    pub fn stage_catalog(&mut self, catalog: &Catalog) -> Result<(), StorageError> {
        let record = encode_catalog(catalog)?;
        self.frame.add_catalog(&record)?;
        self.weigh_record(&record);
        Ok(())
    }

    /// Stages the answer to a named request that a peer has told of.
    pub fn stage_request(&mut self, kept: KeptRecord) -> Result<(), StorageError> {
        let record = encode_kept_record(&kept)?;
        self.frame.add_request(&record)?;
        self.weigh_record(&record);
        self.active.add_request(kept);
        Ok(())
    }

    /// Stages that `streams` have come so far by joining states, in the group being gathered.
    pub fn stage_position(
        &mut self,
        streams: &Streams,
        stamp_floor: HybridTimestamp,
    ) -> Result<(), StorageError> {
        let adopted = RegionPosition { streams: streams.clone(), stamp_floor };
        let record = encode_position(&adopted)?;
        let ours = &self.position.streams;
        let before =
            streams.iter().map(|(replica, _)| StreamStart { replica, before: ours.get(&replica) });
        self.frame.add_position(before.collect::<Vec<_>>(), &record)?;
        for (replica, at) in streams.iter() {
            self.position.streams.set(replica, at);
        }
        self.position.stamp_floor = stamp_floor.max(self.position.stamp_floor);
        self.weigh_record(&record);
        Ok(())
    }

    /// A record that changes no item weighs in the journal only, which the state's position must
    /// move past all the same.
    fn weigh_record(&mut self, record: &[u8]) {
        self.active_journaled_bytes += record.len();
        self.active.weigh(record.len());
    }
}
