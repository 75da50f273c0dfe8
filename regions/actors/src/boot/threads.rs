//! The threads of a region.

use actix_rt::{Arbiter, ArbiterHandle};

/// How much a thread yields to others, in steps of niceness.
const NICENESS: i32 = 10;

/// A thread each for what must not wait for the others.
pub(super) struct Threads {
    pub(super) leader: Arbiter,
    pub(super) journal: Arbiter,
    pub(super) materializer: Arbiter,
    pub(super) links: Arbiter,
    /// Where requests that peers pass on are answered.
    pub(super) answers: Arbiter,
    /// What walks through everything, behind everyone else.
    pub(super) background: Arbiter,
}

impl Threads {
    pub(super) fn start() -> Self {
        Self {
            leader: Arbiter::new(),
            journal: Arbiter::new(),
            materializer: Arbiter::new(),
            links: Arbiter::new(),
            answers: Arbiter::new(),
            background: background(),
        }
    }

    pub(super) fn handles(&self) -> Vec<ArbiterHandle> {
        let foreground = [&self.answers, &self.links, &self.leader, &self.journal];
        let all = foreground.into_iter().chain([&self.materializer, &self.background]);
        all.map(Arbiter::handle).collect()
    }
}

fn background() -> Arbiter {
    let thread = Arbiter::new();
    thread.spawn_fn(|| yield_to_others("what compares regions"));
    thread
}

/// Lets this thread have what the others leave.
pub(crate) fn yield_to_others(who: &str) {
    let thread = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(thread), NICENESS) {
        tracing::warn!(%error, who, "it runs at the same priority as requests");
    }
}
