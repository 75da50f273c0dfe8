//! The registry: which resolvers there are, their names, and which data types they resolve.

use core::fmt;
use core::str::FromStr;

use tombolo_datatypes::DataType;

use crate::Resolver;
use crate::last_write_wins::LastWriteWins;
use crate::merge::Merge;

/// A resolver by its name in a table's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResolverKind {
    /// The largest (stamp, replica) stands.
    LastWriteWins,
    /// Everything stands.
    Merge,
}

/// Why a name is not the name of a resolver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no resolver {name:?}")]
pub struct ResolverKindError {
    /// The name.
    pub name: String,
}

impl ResolverKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::LastWriteWins, Self::Merge];

    /// Its name in a table's definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastWriteWins => "last_write_wins",
            Self::Merge => "merge",
        }
    }

    /// The resolvers that a data type can have, its default first.
    pub fn of(data_type: DataType) -> &'static [Self] {
        match data_type {
            DataType::Register => &[Self::LastWriteWins],
            DataType::Counter => &[Self::Merge],
        }
    }

    /// The strategy itself.
    pub fn resolver(self) -> &'static dyn Resolver {
        match self {
            Self::LastWriteWins => &LastWriteWins,
            Self::Merge => &Merge,
        }
    }
}

impl fmt::Display for ResolverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ResolverKind {
    type Err = ResolverKindError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| ResolverKindError { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_type_has_a_default_and_every_resolver_a_data_type() {
        for data_type in DataType::ALL {
            assert!(!ResolverKind::of(data_type).is_empty(), "{data_type}");
        }
        for kind in ResolverKind::ALL {
            assert!(DataType::ALL.iter().any(|t| ResolverKind::of(*t).contains(&kind)), "{kind}");
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
