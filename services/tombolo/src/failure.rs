//! Why a command that asks a region did not do what it was asked to, and its exit code.

use core::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use tombolo_actors::{NotRecovered, NotRestored};
use tombolo_storage::backup::RestoreError;
use tombolo_topology::settings::SettingsError;

use crate::client::Problem;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments do not go together, or one of them means nothing.
    #[error("{detail}")]
    Usage {
        /// How.
        detail: String,
    },
    /// An argument holds what no header can.
    #[error("the header {name} cannot hold that")]
    Header {
        /// Which header.
        name: &'static str,
    },
    /// The region refused it.
    #[error("{0}")]
    Refused(Problem),
    /// Nobody was reached, so nothing was done.
    #[error("{url} cannot be reached: {source}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// It was asked and not answered.
    #[error("{url} did not answer; what was asked may have been done: {source}")]
    Unanswered {
        /// What was asked for.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// The answer is none of this contract.
    #[error("the answer of {url} is not understood: {detail}")]
    Answer {
        /// What was asked for.
        url: String,
        /// Why.
        detail: String,
    },
    /// What should be sent cannot be read.
    #[error("{what} cannot be read: {source}")]
    Input {
        /// The file, or standard input.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// An entry of a file is no item.
    #[error("{place}: {detail}")]
    NoItem {
        /// Where it stands.
        place: Place,
        /// Why.
        detail: String,
    },
    /// Not all entries of a file were written.
    #[error("{failed} of {seen} entries were not written")]
    Partly {
        /// How many were not.
        failed: u64,
        /// How many were read.
        seen: u64,
        /// The largest exit code of those.
        code: u8,
    },
    /// The session's token cannot be read or kept.
    #[error("the session in {} cannot be read or kept: {source}", file.display())]
    Session {
        /// Its file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Several regions were asked, and this one's failure is already told.
    #[error("not every region answered")]
    Some {
        /// Its exit code.
        code: u8,
    },
    /// Regions did not hold the same; what could be repaired is.
    #[error("not all regions held the same")]
    Different,
    /// Not all regions could be compared with.
    #[error("not all regions could be compared with")]
    NotCompared,
    /// The settings of the region cannot be taken.
    #[error("{0}")]
    Settings(#[source] SettingsError),
    /// A data directory was not restored.
    #[error("{0}")]
    Restore(#[from] NotRestored),
    /// Peers cannot be asked.
    #[error("peers cannot be asked: {0}")]
    Runtime(#[source] io::Error),
    /// No way out of a fork was found.
    #[error("{0}")]
    Recover(#[from] NotRecovered),
    /// The answer cannot be written to standard output.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Where an entry of a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Its line, from 1.
    Line(u64),
    /// Its place in a JSON array or object, from 1.
    Entry(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(nth) => write!(f, "line {nth}"),
            Self::Entry(nth) => write!(f, "entry {nth}"),
        }
    }
}

impl Failure {
    /// What became of a request whose answer did not come.
    pub(crate) fn of_transport(url: &str, error: ureq::Error) -> Self {
        use ureq::{Error, Timeout};
        let unconnected = match &error {
            Error::HostNotFound | Error::ConnectionFailed => true,
            Error::Timeout(during) => matches!(during, Timeout::Resolve | Timeout::Connect),
            Error::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
            ),
            _ => false,
        };
        let (url, source) = (url.to_owned(), Box::new(error));
        if unconnected {
            Self::Unreachable { url, source }
        } else {
            Self::Unanswered { url, source }
        }
    }

    /// 1 failed, 2 wrong usage, 3 not found, 4 refused or in conflict, 5 unreachable.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Header { .. } => 2,
            Self::Refused(Problem { status: 404, .. }) => 3,
            Self::Refused(Problem { status: 400..=499, .. }) | Self::Different => 4,
            Self::Unreachable { .. } => 5,
            Self::Restore(NotRestored::Restore(error)) => match error {
                RestoreError::NoBackup { .. } => 3,
                RestoreError::NotEmpty { .. } | RestoreError::Foreign { .. } => 4,
                _ => 1,
            },
            Self::Recover(error) => match error {
                NotRecovered::Unanswered { .. } => 5,
                NotRecovered::Io { .. } | NotRecovered::Start(_) | NotRecovered::Storage(_) => 1,
                _ => 4,
            },
            Self::Partly { code, .. } | Self::Some { code } => *code,
            _ => 1,
        }
    }

    /// Whether whoever reads the output has simply had enough of it.
    pub(crate) fn is_nobody_listening(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        failure.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> u8 {
        Failure::Refused(Problem::read(status, Vec::new())).code()
    }

    #[test]
    fn a_status_decides_the_exit_code() {
        assert_eq!(refused(404), 3);
        for status in [400, 403, 409, 410, 412, 413, 422, 429] {
            assert_eq!(refused(status), 4, "{status}");
        }
        for status in [301, 500, 503, 504, 507] {
            assert_eq!(refused(status), 1, "{status}");
        }
    }

    #[test]
    fn only_what_was_not_connected_is_unreachable() {
        let code = |error| Failure::of_transport("http://a:1/", error).code();
        let io = |kind: io::ErrorKind| ureq::Error::Io(kind.into());
        assert_eq!(code(io(io::ErrorKind::ConnectionRefused)), 5);
        assert_eq!(code(ureq::Error::HostNotFound), 5);
        assert_eq!(code(ureq::Error::Timeout(ureq::Timeout::Connect)), 5);
        assert_eq!(code(io(io::ErrorKind::ConnectionReset)), 1);
        assert_eq!(code(ureq::Error::Timeout(ureq::Timeout::Global)), 1);
    }
}
