//! Whether anything may pass over a link.

use tombolo_causality::RegionId;
use tombolo_protocol::RefusalCode;

use crate::connection::ConnectionError;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// All may.
    Open,
    /// An operator has paused it here.
    Paused,
    /// The peer is no longer a member. It stays so: a peer that is added again has another link.
    Ended,
}

impl Passage {
    pub(super) fn of(paused: bool) -> Self {
        if paused { Self::Paused } else { Self::Open }
    }

    /// Why a connection to `peer` is closed.
    pub(super) fn refusal(self, peer: RegionId) -> ConnectionError {
        match self {
            Self::Open | Self::Paused => {
                let detail = "the link is paused".to_owned();
                ConnectionError::Refusing { code: RefusalCode::Paused, detail }
            }
            Self::Ended => {
                let detail = format!("{peer} is no longer a member");
                ConnectionError::Refusing { code: RefusalCode::Removed, detail }
            }
        }
    }
}
