//! A call on a table on its way to the region that orders definitions, and the answer on its way
//! back.
//!
//! What is to be done is told in words, so that a region of another version can say that it does
//! not know one.

use serde::{Deserialize, Serialize};
use tombolo_causality::Dot;
use tombolo_replication::idempotency::{NamedRequest, RequestHash, RequestName};
use tombolo_replication::leader::Condition;

use crate::limits::VERSIONS_MAX;
use crate::rules::at_most;
use crate::vector::{VectorV1, decode_vector, encode_vector};
use crate::{DecodeError, EncodeError};

/// What a region asks of the one that orders definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRequest {
    /// The table's name.
    pub name: String,
    /// What is to be done.
    pub action: TableAction,
    /// When only.
    pub condition: Option<Condition>,
    /// The client's request, where it has given it a name.
    pub named: Option<NamedRequest>,
}

/// What is to be done to a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableAction {
    /// Define it.
    Define {
        /// Its data type.
        data_type: String,
        /// Its resolver.
        resolver: String,
        /// Its default consistency.
        consistency: String,
    },
    /// Drop it.
    Drop,
    /// Change it.
    Alter {
        /// Its default consistency from then on, where that is to be another one.
        consistency: Option<String>,
    },
}

/// What the ordering region answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableReply {
    /// Done: the change of that sequence of the ordering replica.
    Done {
        /// The change.
        dot: Dot,
    },
    /// The table is as it was asked for, by the change of that name.
    Exists {
        /// The change that defined it, or altered it last, or answered the same request before.
        dot: Dot,
    },
    /// Refused, for the reason of that code.
    Refused {
        /// As in the errors of the REST contract.
        code: String,
    },
}

/// A call on a table as it travels: name, action, condition, name and hash of the request.
pub(super) type TableRequestV1 =
    (String, TableAction, Option<ConditionV1>, Option<([u8; 16], [u8; 16])>);

#[derive(Serialize, Deserialize)]
pub(super) enum ConditionV1 {
    Absent,
    Present,
    Versions(Vec<VectorV1>),
}

const WHAT: &str = "versions of a condition";

pub(super) fn encode(asked: &TableRequest) -> Result<TableRequestV1, EncodeError> {
    let TableRequest { name, action, condition, named } = asked;
    let condition = condition.as_ref().map(|condition| match condition {
        Condition::Absent => Ok(ConditionV1::Absent),
        Condition::Present => Ok(ConditionV1::Present),
        Condition::Versions(versions) => {
            at_most(WHAT, versions.len(), VERSIONS_MAX)?;
            let versions: Result<_, EncodeError> = versions.iter().map(encode_vector).collect();
            Ok(ConditionV1::Versions(versions?))
        }
    });
    let condition: Option<Result<_, EncodeError>> = condition;
    let named = named.map(|named| (named.name.0, named.hash.0));
    Ok((name.clone(), action.clone(), condition.transpose()?, named))
}

pub(super) fn decode(
    (name, action, condition, named): TableRequestV1,
) -> Result<TableRequest, DecodeError> {
    let condition = match condition {
        None => None,
        Some(ConditionV1::Absent) => Some(Condition::Absent),
        Some(ConditionV1::Present) => Some(Condition::Present),
        Some(ConditionV1::Versions(versions)) => {
            at_most(WHAT, versions.len(), VERSIONS_MAX)?;
            let versions: Result<_, DecodeError> =
                versions.into_iter().map(decode_vector).collect();
            Some(Condition::Versions(versions?))
        }
    };
    let named =
        named.map(|(name, hash)| NamedRequest { name: RequestName(name), hash: RequestHash(hash) });
    Ok(TableRequest { name, action, condition, named })
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId, VersionVector};

    use super::*;

    #[test]
    fn both_sides_draw_the_line_at_the_same_version() {
        let replica = ReplicaId::new(RegionId::new("r").unwrap(), Incarnation(1));
        let versions = |n: u64| (1..=n).map(move |seq| [(replica, seq)].into_iter().collect());
        let asked = |n: u64| TableRequest {
            name: "users".to_owned(),
            action: TableAction::Drop,
            condition: Some(Condition::Versions(versions(n).collect())),
            named: None,
        };
        let full = asked(16);
        assert_eq!(decode(encode(&full).unwrap()), Ok(full));
        let (what, actual, max) = ("versions of a condition", 17, 16);
        assert_eq!(encode(&asked(17)).err(), Some(EncodeError::TooLarge { what, actual, max }));
        let over = versions(17).map(|version: VersionVector| encode_vector(&version).unwrap());
        let over = Some(ConditionV1::Versions(over.collect()));
        let refused = decode(("users".to_owned(), TableAction::Drop, over, None));
        assert_eq!(refused, Err(DecodeError::TooLarge { what, actual, max }));
    }
}
