//! The threads of a region.

use actix_rt::{Arbiter, ArbiterHandle};

/// A thread each for what must not wait for the others.
pub(super) struct Threads {
    pub(super) leader: Arbiter,
    pub(super) journal: Arbiter,
    pub(super) materializer: Arbiter,
    pub(super) links: Arbiter,
    /// Where requests that peers pass on are answered.
    pub(super) answers: Arbiter,
}

impl Threads {
    pub(super) fn start() -> Self {
        Self {
            leader: Arbiter::new(),
            journal: Arbiter::new(),
            materializer: Arbiter::new(),
            links: Arbiter::new(),
            answers: Arbiter::new(),
        }
    }

    pub(super) fn handles(&self) -> Vec<ArbiterHandle> {
        let all = [&self.answers, &self.links, &self.leader, &self.journal, &self.materializer];
        all.map(Arbiter::handle).into()
    }
}
