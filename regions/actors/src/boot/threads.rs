//! The threads of a region.

use actix_rt::{Arbiter, ArbiterHandle};

/// A thread each for what must not wait for the others.
pub(super) struct Threads {
    pub(super) leader: Arbiter,
    pub(super) journal: Arbiter,
    pub(super) materializer: Arbiter,
    pub(super) links: Arbiter,
}

impl Threads {
    pub(super) fn start() -> Self {
        Self {
            leader: Arbiter::new(),
            journal: Arbiter::new(),
            materializer: Arbiter::new(),
            links: Arbiter::new(),
        }
    }

    pub(super) fn handles(&self) -> Vec<ArbiterHandle> {
        [&self.links, &self.leader, &self.journal, &self.materializer].map(Arbiter::handle).into()
    }
}
