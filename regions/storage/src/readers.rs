//! Which superseded views are still being looked at.

use std::sync::{Arc, Weak};

use crate::View;

/// The views that have been replaced while somebody held them. As many as there are such readers.
#[derive(Debug, Default)]
pub(crate) struct Readers(Vec<(u64, Weak<View>)>);

impl Readers {
    /// Takes in that `view` is no longer the present one, and answers the commit of the oldest
    /// view that is read: no older one can be seen again.
    ///
    /// `view` must have been swapped out: then every reader that still has it counts.
    pub(crate) fn replaced(&mut self, view: &Arc<View>, present_commit: u64) -> u64 {
        self.0.retain(|(_, view)| view.strong_count() > 0);
        if Arc::strong_count(view) > 1 {
            self.0.push((view.commit, Arc::downgrade(view)));
        }
        self.0.first().map_or(present_commit, |(commit, _)| *commit)
    }
}
