//! The registry: which resolvers there are, their names, and which data types they resolve.

use core::fmt;
use core::str::FromStr;

use tombolo_datatypes::{DataType, Presence};

use crate::Resolver;
use crate::extreme::Extreme;
use crate::first_write_wins::FirstWriteWins;
use crate::flag_wins::FlagWins;
use crate::last_write_wins::LastWriteWins;
use crate::merge::Merge;
use crate::set_wins::SetWins;
use crate::siblings::Siblings;

/// A resolver by its name in a table's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResolverKind {
    /// The largest (stamp, replica) stands.
    LastWriteWins,
    /// The smallest (stamp, replica) stands, for ever.
    FirstWriteWins,
    /// Concurrent values stand side by side.
    Siblings,
    /// The largest value stands.
    Max,
    /// The smallest value stands.
    Min,
    /// Everything stands.
    Merge,
    /// An element that was added and removed at the same time is there.
    AddWins,
    /// An element that was added and removed at the same time is not there.
    RemoveWins,
    /// A flag that was enabled and disabled at the same time is on.
    EnableWins,
    /// A flag that was enabled and disabled at the same time is off.
    DisableWins,
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
    pub const ALL: [Self; 10] = [
        Self::LastWriteWins,
        Self::FirstWriteWins,
        Self::Siblings,
        Self::Max,
        Self::Min,
        Self::Merge,
        Self::AddWins,
        Self::RemoveWins,
        Self::EnableWins,
        Self::DisableWins,
    ];

    /// Its name in a table's definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastWriteWins => "last_write_wins",
            Self::FirstWriteWins => "first_write_wins",
            Self::Siblings => "siblings",
            Self::Max => "max",
            Self::Min => "min",
            Self::Merge => "merge",
            Self::AddWins => "add_wins",
            Self::RemoveWins => "remove_wins",
            Self::EnableWins => "enable_wins",
            Self::DisableWins => "disable_wins",
        }
    }

    /// Whether what is put may not be what stands, even where nobody else wrote.
    pub fn ranks(self) -> bool {
        matches!(self, Self::Max | Self::Min)
    }

    /// The resolvers that a data type can have, its default first.
    pub fn of(data_type: DataType) -> &'static [Self] {
        match data_type {
            DataType::Register => {
                &[Self::LastWriteWins, Self::FirstWriteWins, Self::Siblings, Self::Max, Self::Min]
            }
            DataType::Counter => &[Self::Merge],
            DataType::Set => &[Self::AddWins, Self::RemoveWins],
            DataType::Flag => &[Self::EnableWins, Self::DisableWins],
        }
    }

    /// The strategy itself.
    pub fn resolver(self) -> &'static dyn Resolver {
        match self {
            Self::LastWriteWins => &LastWriteWins,
            Self::FirstWriteWins => &FirstWriteWins,
            Self::Siblings => &Siblings,
            Self::Max => &Extreme::Max,
            Self::Min => &Extreme::Min,
            Self::Merge => &Merge,
            Self::AddWins => &SetWins(Presence::Added),
            Self::RemoveWins => &SetWins(Presence::Removed),
            Self::EnableWins => &FlagWins(true),
            Self::DisableWins => &FlagWins(false),
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
