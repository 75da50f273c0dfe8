//! How a step of a life ends where it does not go on.

use std::{error::Error, fmt};

/// A call that failed, or a promise that did.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The store refused or failed: fine where the disk has crashed, wrong anywhere else.
    Refused(String),
    /// What is there is not what must be. No crash excuses it.
    Wrong(String),
    /// What was acknowledged is gone. No crash excuses it.
    Lost {
        /// How many changes are there.
        there: usize,
        /// How many must be.
        acknowledged: usize,
    },
}

impl Failure {
    /// Fails unless `holds`; `what` says what does not.
    pub(crate) fn unless(holds: bool, what: impl FnOnce() -> String) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Wrong(what())) }
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Refused(format!("{error} ({error:?})"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Wrong(what) => write!(f, "wrong: {what}"),
            Self::Lost { there, acknowledged } => {
                write!(f, "lost: {there} changes are there, {acknowledged} were acknowledged")
            }
        }
    }
}
