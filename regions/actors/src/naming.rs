//! Telling a peer what this region has and does not show.

use tombolo_protocol::Frame;
use tombolo_storage::View;

/// What one connection has been told: before it is told that it is here.
#[derive(Debug, Default)]
pub(crate) struct Naming {
    /// How many changes were named: they only grow in number.
    named: usize,
}

impl Naming {
    /// What is to be said before the vector of `view` is, where that is anything.
    pub(crate) fn due(&mut self, view: &View) -> Option<Frame> {
        let exceptions = view.exceptions();
        if exceptions.len() == self.named {
            return None;
        }
        self.named = exceptions.len();
        Some(all(view))
    }
}

/// All that `view` has and does not show.
pub(crate) fn all(view: &View) -> Frame {
    Frame::SetAside { dots: view.exceptions().dots().collect() }
}
