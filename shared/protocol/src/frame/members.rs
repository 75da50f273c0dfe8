//! A wish to add or to remove a member, on its way to the region that orders that, and the answer.

use serde::{Deserialize, Serialize};
use tombolo_causality::{Dot, RegionId};

/// What a region asks of the one that orders members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberAction {
    /// Add a region.
    Add {
        /// Its name.
        region: RegionId,
        /// Where the others dial it, as `host:port`.
        address: String,
    },
    /// Remove a region.
    Remove {
        /// Its name.
        region: RegionId,
    },
}

/// What the ordering region answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberReply {
    /// Done, by that change.
    Done {
        /// The change.
        dot: Dot,
    },
    /// It is so already.
    AsIs {
        /// The change that made it so; nothing where it has been so from the beginning.
        dot: Option<Dot>,
    },
    /// Refused, for the reason of that code.
    Refused {
        /// As in the errors of the REST contract.
        code: String,
    },
}
