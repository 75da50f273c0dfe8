//! What a read may count on.

use core::str::FromStr;

/// How far a region must have come before it answers.
///
/// `bounded`, `quorum` and `strong` are words of the contract that this version does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Consistency {
    /// As far as it happens to be.
    #[default]
    Eventual,
    /// As far as this session's writes.
    ReadYourWrites,
    /// As far as what this session has read.
    MonotonicReads,
    /// Both, and this session's writes come after what it has read.
    Session,
}

/// No consistency of that name is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such consistency is known here")]
pub struct UnknownConsistency;

impl Consistency {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Eventual, Self::ReadYourWrites, Self::MonotonicReads, Self::Session];

    /// Its name in requests and definitions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eventual => "eventual",
            Self::ReadYourWrites => "read_your_writes",
            Self::MonotonicReads => "monotonic_reads",
            Self::Session => "session",
        }
    }
}

impl FromStr for Consistency {
    type Err = UnknownConsistency;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.name() == name).ok_or(UnknownConsistency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for consistency in Consistency::ALL {
            assert_eq!(consistency.name().parse(), Ok(consistency));
        }
        assert_eq!("strong".parse::<Consistency>(), Err(UnknownConsistency));
    }
}
