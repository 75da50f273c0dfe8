//! The changes that a region has set aside, as its state keeps them and as it names them to others.

use tombolo_causality::{Dot, ReplicaId};
use tombolo_replication::{Exceptions, SetAside};

use crate::envelope::{append, versioned, whole};
use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::rules::{ascending, at_most};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "exceptions";

mod reason {
    pub(super) const WRONG_TYPE: u8 = 1;
    pub(super) const TOO_MANY_TABLES: u8 = 2;
    pub(super) const UNSEEN: u8 = 3;
}

/// Encodes what a region has set aside. Equal exceptions have equal bytes.
pub fn encode_exceptions(exceptions: &Exceptions) -> Result<Vec<u8>, EncodeError> {
    at_most(WHAT, exceptions.len(), Exceptions::CHANGES_MAX)?;
    let mut replicas = ReplicaTable::default();
    let entries = exceptions.iter().map(|(dot, reason)| {
        let reason = match reason {
            SetAside::WrongType => reason::WRONG_TYPE,
            SetAside::TooManyTables => reason::TOO_MANY_TABLES,
            SetAside::Unseen => reason::UNSEEN,
            _ => return Err(EncodeError::Unencodable { what: WHAT }),
        };
        Ok((replicas.dot(dot)?, reason))
    });
    let entries: Vec<(WireDot, u8)> = entries.collect::<Result<_, EncodeError>>()?;
    append(WHAT, vec![VERSION], &(replicas.into_replicas(), entries))
}

/// The inverse of [`encode_exceptions`].
pub fn decode_exceptions(bytes: &[u8]) -> Result<Exceptions, DecodeError> {
    let (replicas, entries): (Vec<ReplicaId>, Vec<(WireDot, u8)>) =
        whole(WHAT, versioned(WHAT, VERSION, bytes)?)?;
    at_most(WHAT, entries.len(), Exceptions::CHANGES_MAX)?;
    let replicas = Replicas::new(&replicas)?;
    let entries = entries.iter().map(|(dot, kind)| {
        let reason = match *kind {
            reason::WRONG_TYPE => SetAside::WrongType,
            reason::TOO_MANY_TABLES => SetAside::TooManyTables,
            reason::UNSEEN => SetAside::Unseen,
            kind => return Err(DecodeError::UnknownKind { what: WHAT, kind }),
        };
        Ok((replicas.dot(*dot)?, reason))
    });
    let entries: Vec<_> = entries.collect::<Result<_, DecodeError>>()?;
    ascending(WHAT, entries.iter().map(|(dot, _)| dot))?;
    Ok(entries.into_iter().collect())
}

/// Names of changes, and the replicas in them.
pub(crate) type DotsV1 = (Vec<ReplicaId>, Vec<WireDot>);

/// The names alone, as a frame tells them.
pub(crate) fn encode_dots(dots: &[Dot]) -> Result<DotsV1, EncodeError> {
    at_most(WHAT, dots.len(), Exceptions::CHANGES_MAX)?;
    ascending(WHAT, dots)?;
    let mut replicas = ReplicaTable::default();
    let wire = dots.iter().map(|dot| replicas.dot(*dot)).collect::<Result<_, _>>()?;
    Ok((replicas.into_replicas(), wire))
}

pub(crate) fn decode_dots((replicas, wire): &DotsV1) -> Result<Vec<Dot>, DecodeError> {
    at_most(WHAT, wire.len(), Exceptions::CHANGES_MAX)?;
    let dots = Replicas::new(replicas)?.dots(wire)?;
    ascending(WHAT, &dots)?;
    Ok(dots)
}
