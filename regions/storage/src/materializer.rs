//! Moving sealed layers into the state database, in the background.

use std::sync::Arc;

use tombolo_replication::Catalog;

use crate::StorageError;
use crate::journal::Position;
use crate::layer::Layer;
use crate::state::{Materialized, Snapshot, State};

/// A layer that is durable in the journal and takes no more entries.
#[derive(Debug)]
pub struct SealedLayer {
    pub(crate) layer: Arc<Layer>,
    pub(crate) after: Materialized,
}

/// What the overlay needs to know of a layer that is in the database.
#[derive(Debug)]
pub struct Installed {
    pub(crate) snapshot: Arc<Snapshot>,
    /// Journal segments before this one are no longer needed for recovery.
    pub replay_from: Option<Position>,
}

/// See the module. Blocks for as long as the commit takes: not for a thread that serves.
#[derive(Debug)]
pub struct Materializer {
    state: Arc<State>,
    catalog: Catalog,
}

impl Materializer {
    pub(crate) fn new(state: Arc<State>, catalog: Catalog) -> Self {
        Self { state, catalog }
    }

    /// Writes a layer in one durable commit. Layers come in the order in which they were sealed.
    pub fn materialize(&mut self, sealed: &SealedLayer) -> Result<Installed, StorageError> {
        let SealedLayer { layer, after } = sealed;
        self.state.materialize(layer, &self.catalog, after)?;
        self.catalog = after.catalog.clone();
        let snapshot = Arc::new(self.state.snapshot()?);
        Ok(Installed { snapshot, replay_from: after.replay_from })
    }

    /// The answers to named requests that the state holds.
    #[cfg(test)]
    pub(crate) fn requests(
        &self,
    ) -> Result<Vec<tombolo_replication::idempotency::KeptRecord>, StorageError> {
        self.state.requests()
    }
}
