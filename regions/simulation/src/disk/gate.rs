//! A gate that holds syncs until a test opens it: a slow disk without a clock.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    shared: Arc<(Mutex<Passage>, Condvar)>,
}

#[derive(Debug)]
struct Passage {
    reached: bool,
    open: bool,
}

impl Gate {
    pub(super) fn new() -> Self {
        let passage = Passage { reached: false, open: false };
        Self { shared: Arc::new((Mutex::new(passage), Condvar::new())) }
    }

    /// Blocks until a sync stands before the gate.
    pub fn wait_until_reached(&self) {
        let (_, changed) = &*self.shared;
        let mut passage = self.lock();
        while !passage.reached {
            passage = changed.wait(passage).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the syncs through, now and when they come.
    pub fn open(&self) {
        self.lock().open = true;
        self.shared.1.notify_all();
    }

    pub(super) fn pass(&self) {
        let (_, changed) = &*self.shared;
        let mut passage = self.lock();
        passage.reached = true;
        changed.notify_all();
        while !passage.open {
            passage = changed.wait(passage).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Passage> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
