//! `session`: neither before what this session has written nor before what it has read. The only
//! one that orders writes as well: they come after all of it.

use tombolo_causality::{Session, VersionVector};

pub(super) fn required(session: &Session) -> VersionVector {
    let mut required = session.read().clone();
    required.join(session.written());
    required
}
