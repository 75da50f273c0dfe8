//! Request bodies as they are read, without a server: for tools that try what the contract takes.
//!
//! The same readers that answer requests, over bytes that are already there. How much of a body is
//! taken, and how long it may take to arrive, is bounded before these are reached.

use tombolo_causality::RegionId;
use tombolo_datatypes::{DataType, JsonText, Operation};
use tombolo_replication::{Consistency, TableShape};

use crate::problem::Problem;
use crate::{definition, patch};

/// What a body is refused with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {detail}")]
pub struct BodyRefusal {
    /// The HTTP status.
    pub status: u16,
    /// The stable code of the contract.
    pub code: &'static str,
    /// What is wrong with it, for people.
    pub detail: String,
}

/// What the body of a PATCH asks of an item of `data_type`.
pub fn parse_patch(body: &[u8], data_type: DataType) -> Result<Operation, BodyRefusal> {
    patch::parse(&json(body)?, data_type).map_err(|problem| refusal(&problem))
}

/// What the body of a table's PUT defines, in a cluster of `regions`.
pub fn parse_definition(body: &[u8], regions: &[RegionId]) -> Result<TableShape, BodyRefusal> {
    definition::parse(&json(body)?, regions).map_err(|problem| refusal(&problem))
}

/// What the body of a table's PATCH changes: the default consistency, where it names one.
pub fn parse_alteration(body: &[u8]) -> Result<Option<Consistency>, BodyRefusal> {
    definition::alteration::parse(&json(body)?).map_err(|problem| refusal(&problem))
}

fn json(body: &[u8]) -> Result<JsonText, BodyRefusal> {
    JsonText::parse(body).map_err(|error| refusal(&error.into()))
}

fn refusal(problem: &Problem) -> BodyRefusal {
    let entry = problem.entry();
    BodyRefusal { status: entry.status.as_u16(), code: entry.code, detail: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_refused_as_a_request_with_it_is() {
        let refused = |body: &str| parse_patch(body.as_bytes(), DataType::Counter).unwrap_err();
        let seen = ["{", "[]", r#"{"add":[1]}"#].map(refused);
        let seen = seen.each_ref().map(|refused| (refused.status, refused.code));
        let expected = [(400, "malformed_json"), (400, "bad_patch"), (422, "wrong_type_operation")];
        assert_eq!(seen, expected);
        assert_eq!(parse_definition(b"{}", &[]).unwrap_err().code, "bad_definition");
        assert_eq!(parse_alteration(b"{}").unwrap_err().code, "bad_definition");
    }
}
