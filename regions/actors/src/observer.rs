//! Being told of changes of other regions as they become visible here, where the requests that made
//! them are traced.
//!
//! Only of those: of a change without a trace nothing is made, looked at or told.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use tombolo_causality::Dot;
use tombolo_replication::SpanContext;

/// A traced change of another region that is durable and shown here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The change.
    pub change: Dot,
    /// The span in which it was written.
    pub written_in: SpanContext,
    /// When the leader took it, after whatever it depends on.
    pub taken: Instant,
    /// When it was durable and shown.
    pub durable: Instant,
}

/// Whoever is told.
pub trait Observer: Send + Sync {
    /// Called on the leader's thread: it must neither wait nor work.
    fn applied(&self, applied: Applied);
}

/// Where the observer is named, once there is one.
#[derive(Clone, Default)]
pub(crate) struct Observed(Arc<OnceLock<Weak<dyn Observer>>>);

impl core::fmt::Debug for Observed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}

impl Observed {
    /// Tells `observer` from now on, for as long as it lives; the first that is named is the only one.
    pub(crate) fn by(&self, observer: &Arc<dyn Observer>) {
        self.0.get_or_init(|| Arc::downgrade(observer));
    }

    /// Who is told now.
    pub(crate) fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.0.get()?.upgrade()
    }
}
