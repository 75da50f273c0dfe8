//! What must hold, whatever happens. The numbers are those of the documentation.

use core::fmt;

/// A promise of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// What was acknowledged is there, superseded, or a conflict.
    I1,
    /// After healing all regions are equal, in time.
    I2,
    /// No invented values; every request once.
    I3,
    /// Nothing deleted comes back.
    I4,
    /// One name, one payload.
    I5,
    /// What is applied is contiguous, and durable.
    I6,
    /// Session guarantees hold, or the read is refused.
    I7,
    /// One leader's writes in an epoch.
    I8,
    /// Everything stays within its limits.
    I9,
    /// A refusal is never visible later.
    I10,
    /// After healing lag goes, and nothing runs hot.
    I11,
    /// A change is shown whole, and after what its author had seen.
    I12,
    /// A region goes on, as long as its disk does.
    Alive,
}

impl Invariant {
    /// In a few words.
    pub fn text(self) -> &'static str {
        match self {
            Self::I1 => "I1: an acknowledged write is there, superseded, or a conflict",
            Self::I2 => "I2: after healing all regions are equal, in time",
            Self::I3 => "I3: values are what was written, each request once",
            Self::I4 => "I4: nothing deleted comes back",
            Self::I5 => "I5: one name has one payload, for ever",
            Self::I6 => "I6: what is applied is contiguous, and durable",
            Self::I7 => "I7: session guarantees hold, or the read is refused",
            Self::I8 => "I8: one leader's writes are accepted in an epoch",
            Self::I9 => "I9: everything stays within its limits",
            Self::I10 => "I10: a refusal is never visible later",
            Self::I11 => "I11: after healing lag goes, and nothing runs hot",
            Self::I12 => "I12: a change is shown after what its author had seen",
            Self::Alive => "a region goes on as long as its disk does",
        }
    }

    pub(crate) fn broken(self, detail: impl Into<String>) -> Violation {
        Violation { invariant: self, detail: detail.into() }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// How.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.invariant, self.detail)
    }
}
