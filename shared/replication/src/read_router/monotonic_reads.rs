//! `monotonic_reads`: not before what this session has read.

use tombolo_causality::{Session, VersionVector};

pub(super) fn required(session: &Session) -> VersionVector {
    session.read().clone()
}
