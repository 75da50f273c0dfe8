//! A call on a table in the words in which it is passed on, and the codes of its refusals.

use tombolo_protocol::{TableAction, TableRequest};
use tombolo_replication::leader::{Refusal, TableCommand, TableOperation};
use tombolo_replication::{Strategy, TableName, TableShape};
use tombolo_resolvers::ResolverKind;

/// The call names something that this version does not know.
pub(super) const MALFORMED: &str = "malformed";
/// It was not decided, or nobody knows.
pub(super) const UNAVAILABLE: &str = "unavailable";

/// What a call on a table can be refused for, each by its code.
const REFUSALS: [(&str, Refusal); 6] = [
    ("table_exists", Refusal::TableExists),
    ("too_many_tables", Refusal::TooManyTables),
    ("no_such_table", Refusal::NoSuchTable),
    ("version_mismatch", Refusal::VersionMismatch),
    ("idempotency_key_reused", Refusal::RequestNameReused),
    ("too_many_idempotency_keys", Refusal::TooManyNamedRequests),
];

pub(super) fn code_of(refusal: &Refusal) -> &'static str {
    let found = REFUSALS.iter().find(|(_, known)| known == refusal);
    found.map_or(UNAVAILABLE, |(code, _)| code)
}

pub(super) fn refusal_of(code: &str) -> Option<Refusal> {
    let found = REFUSALS.iter().find(|(known, _)| *known == code);
    found.map(|(_, refusal)| refusal.clone())
}

pub(super) fn request_of(command: TableCommand) -> TableRequest {
    let TableCommand { name, operation, condition, request } = command;
    let action = match operation {
        TableOperation::Define(shape) => TableAction::Define {
            data_type: shape.data_type.name().to_owned(),
            resolver: shape.resolver.name().to_owned(),
            consistency: shape.consistency.name().to_owned(),
        },
        TableOperation::Alter(consistency) => TableAction::Alter {
            consistency: consistency.map(|consistency| consistency.name().to_owned()),
        },
        TableOperation::Drop => TableAction::Drop,
    };
    TableRequest { name: name.as_str().to_owned(), action, condition, named: request }
}

/// The call that a peer passes on; nothing where it is none of this version.
pub(super) fn command_of(asked: TableRequest) -> Option<TableCommand> {
    let TableRequest { name, action, condition, named } = asked;
    let operation = match action {
        TableAction::Define { data_type, resolver, consistency } => {
            let (data_type, resolver) = (data_type.parse().ok()?, resolver.parse().ok()?);
            if !ResolverKind::of(data_type).contains(&resolver) {
                return None;
            }
            let (strategy, consistency) = (Strategy::MultiLeader, consistency.parse().ok()?);
            TableOperation::Define(TableShape { data_type, resolver, strategy, consistency })
        }
        TableAction::Alter { consistency: None } => TableOperation::Alter(None),
        TableAction::Alter { consistency: Some(word) } => {
            TableOperation::Alter(Some(word.parse().ok()?))
        }
        TableAction::Drop => TableOperation::Drop,
    };
    let name = TableName::new(&name).ok()?;
    Some(TableCommand { name, operation, condition, request: named })
}

#[cfg(test)]
mod tests {
    use tombolo_datatypes::DataType;
    use tombolo_replication::Consistency;
    use tombolo_replication::idempotency::{NamedRequest, RequestHash, RequestName};
    use tombolo_replication::leader::Condition;

    use super::*;

    fn command(operation: TableOperation) -> TableCommand {
        let name = TableName::new("users").unwrap();
        TableCommand { name, operation, condition: None, request: None }
    }

    fn register() -> TableOperation {
        TableOperation::Define(TableShape {
            data_type: DataType::Register,
            resolver: ResolverKind::Max,
            strategy: Strategy::MultiLeader,
            consistency: Consistency::Session,
        })
    }

    #[test]
    fn a_call_is_the_same_on_the_other_side() {
        let request = NamedRequest { name: RequestName([1; 16]), hash: RequestHash([2; 16]) };
        let operations = [
            register(),
            TableOperation::Alter(None),
            TableOperation::Alter(Some(Consistency::MonotonicReads)),
            TableOperation::Drop,
        ];
        for operation in operations {
            let plain = command(operation);
            let condition = Some(Condition::Present);
            let named = TableCommand { condition, request: Some(request), ..plain.clone() };
            for command in [plain, named] {
                assert_eq!(command_of(request_of(command.clone())), Some(command));
            }
        }
    }

    #[test]
    fn words_that_mean_nothing_here_are_no_call() {
        let asked = request_of(command(register()));
        let no_name = TableRequest { name: "Users".to_owned(), ..asked.clone() };
        assert_eq!(command_of(no_name), None);
        let defining = |data_type: &str, resolver: &str, consistency: &str| {
            let [data_type, resolver, consistency] =
                [data_type, resolver, consistency].map(str::to_owned);
            let action = TableAction::Define { data_type, resolver, consistency };
            command_of(TableRequest { action, ..asked.clone() })
        };
        assert!(defining("register", "max", "session").is_some());
        assert_eq!(defining("registry", "max", "session"), None);
        assert_eq!(defining("register", "most", "session"), None);
        // Of another data type.
        assert_eq!(defining("register", "merge", "session"), None);
        assert_eq!(defining("register", "max", "strong"), None);
    }

    #[test]
    fn a_refusal_is_the_same_on_the_other_side() {
        for (code, refusal) in REFUSALS {
            assert_eq!(code_of(&refusal), code);
            assert_eq!(refusal_of(code), Some(refusal));
        }
        assert_eq!(refusal_of(UNAVAILABLE), None);
    }
}
