//! `read_your_writes`: not before this session's writes.

use tombolo_causality::{Session, VersionVector};

pub(super) fn required(session: &Session) -> VersionVector {
    session.written().clone()
}
