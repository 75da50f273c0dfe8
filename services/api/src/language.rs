//! The words of the REST contract, including those whose meaning this version does not have yet.
//!
//! Keeps two refusals apart: a word that is in no version of the contract is a mistake of the
//! caller (400); one that is in it and not built yet is answered honestly (422
//! `not_supported_yet`) instead of being ignored or taken for something else.

/// A data type as the contract names it.
#[derive(Debug)]
pub(crate) struct DataTypeWords {
    pub(crate) name: &'static str,
    /// Its resolvers, the default first.
    pub(crate) resolvers: &'static [&'static str],
}

/// The data types.
pub(crate) const DATA_TYPES: [DataTypeWords; 7] = [
    DataTypeWords {
        name: "register",
        resolvers: &["last_write_wins", "first_write_wins", "siblings", "max", "min", "custom"],
    },
    DataTypeWords { name: "counter", resolvers: &["merge"] },
    DataTypeWords { name: "bounded_counter", resolvers: &["merge"] },
    DataTypeWords { name: "set", resolvers: &["add_wins", "remove_wins"] },
    DataTypeWords { name: "flag", resolvers: &["enable_wins", "disable_wins"] },
    DataTypeWords { name: "document", resolvers: &["merge"] },
    DataTypeWords { name: "text", resolvers: &["merge"] },
];

/// How writes can be replicated.
pub(crate) const STRATEGY_MODES: [&str; 3] = ["multi_leader", "leader_follower", "quorum"];

/// What a reader can ask for.
pub(crate) const CONSISTENCIES: [&str; 7] =
    ["eventual", "read_your_writes", "monotonic_reads", "session", "bounded", "quorum", "strong"];

/// The parameters of a query string, of all calls.
pub(crate) const PARAMETERS: [&str; 16] = [
    "session",
    "consistency",
    "wait_ms",
    "max_staleness_ms",
    "r",
    "w",
    "timeout_ms",
    "key",
    "table",
    "state",
    "prefix",
    "from",
    "to",
    "cursor",
    "limit",
    "since",
];

/// The members of a table's definition.
pub(crate) const DEFINITION_MEMBERS: [&str; 6] =
    ["type", "resolver", "strategy", "regions", "fields", "consistency"];

/// The members of a table's definition that stand for ever.
pub(crate) const FIXED_MEMBERS: [&str; 4] = ["type", "resolver", "regions", "fields"];

/// The members of a change of a table's definition.
pub(crate) const ALTERATION_MEMBERS: [&str; 3] = ["strategy", "resolver_version", "consistency"];

/// The operations that a PATCH can name, of all data types.
pub(crate) const OPERATIONS: [&str; 10] = [
    "increment",
    "decrement",
    "add",
    "remove",
    "enable",
    "disable",
    "merge",
    "unset",
    "insert",
    "delete",
];

/// The data type of that name.
pub(crate) fn data_type(name: &str) -> Option<&'static DataTypeWords> {
    DATA_TYPES.iter().find(|data_type| data_type.name == name)
}

/// Whether any data type has a resolver of that name.
pub(crate) fn is_resolver(name: &str) -> bool {
    DATA_TYPES.iter().any(|data_type| data_type.resolvers.contains(&name))
}

#[cfg(test)]
mod tests {
    use tombolo_datatypes::DataType;
    use tombolo_resolvers::ResolverKind;

    use super::*;

    #[test]
    fn what_is_built_is_called_as_the_contract_calls_it() {
        for built in DataType::ALL {
            let words = data_type(built.name()).unwrap();
            for resolver in ResolverKind::of(built) {
                assert!(words.resolvers.contains(&resolver.name()), "{built}: {resolver}");
            }
            assert_eq!(ResolverKind::of(built)[0].name(), words.resolvers[0], "{built}");
        }
    }
}
