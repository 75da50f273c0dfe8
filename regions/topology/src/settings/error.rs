//! Why settings were refused, in words that an operator can act on.
//!
//! Each error names the setting, shows what was given and where, and says what would do. Text from
//! outside is shortened and escaped before it is kept, so that an error stays one readable length
//! whatever the file holds.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// This settings file.
    File(PathBuf),
    /// This environment variable.
    Environment(String),
    /// The program itself: a default, or a value set by a test or a demonstration.
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "in {}", path.display()),
            Self::Environment(variable) => write!(f, "from the environment, {variable}"),
            Self::Program => f.write_str("set by the program"),
        }
    }
}

/// Why a region cannot start with what it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file is absent or the system would not let it be read.
    #[error("the settings file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is longer than any honest settings file.
    #[error("the settings file {} is longer than the {bytes_max} bytes allowed", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        bytes_max: u64,
    },
    /// The file is not TOML.
    #[error("the settings file {} is not TOML: {cause}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The parser's words, with line and column where it knows them.
        cause: String,
    },
    /// A variable that names a setting does not hold Unicode.
    #[error("the environment variable {variable} does not hold Unicode text")]
    NotUnicode {
        /// The variable.
        variable: String,
    },
    /// There is no such setting.
    #[error("unknown setting {name} ({origin}){}", did_you_mean(*nearest))]
    Unknown {
        /// The name as it was given.
        name: String,
        /// Where it was given.
        origin: Origin,
        /// The known setting whose name is most like it, if any is.
        nearest: Option<&'static str>,
    },
    /// A setting without a default was not given.
    #[error(
        "{key} is required and was given neither in {} nor as {variable}; allowed: {allowed}",
        path.display()
    )]
    Missing {
        /// The setting.
        key: String,
        /// The file that was read.
        path: PathBuf,
        /// The environment variable that would do as well.
        variable: String,
        /// What would do.
        allowed: String,
    },
    /// An entry of a list lacks one of its settings.
    #[error("{key} is required ({origin}); allowed: {allowed}")]
    MissingInList {
        /// The setting, with the entry's position from 0.
        key: String,
        /// Where the list was given.
        origin: Origin,
        /// What would do.
        allowed: String,
    },
    /// The value has the wrong type, form or size.
    #[error("{key} = {given} ({origin}) is not allowed; allowed: {allowed}")]
    NotAllowed {
        /// The setting.
        key: String,
        /// The value, shortened.
        given: String,
        /// Where it was given.
        origin: Origin,
        /// What would do.
        allowed: String,
    },
    /// Each value would do by itself, but not this one beside another.
    #[error("{key} = {given} must be at least {needed}, from {beside}: {reason}")]
    TooSmallBeside {
        /// The setting that is too small.
        key: &'static str,
        /// Its value, in the unit of its name.
        given: u64,
        /// The least that would do, in the same unit.
        needed: u64,
        /// How that follows from other settings.
        beside: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Two listeners would contend for one port.
    #[error("{first} and {second} both listen on port {port} of one address; choose another port")]
    ListenersCollide {
        /// One setting.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The port.
        port: u16,
    },
    /// The cluster has no members, or too many.
    #[error("cluster.regions lists {count} regions; allowed: 1 to {max}")]
    RegionCount {
        /// How many are listed.
        count: usize,
        /// The most that are allowed.
        max: usize,
    },
    /// One region is listed twice.
    #[error("cluster.regions lists {name} twice; each region is listed once")]
    RegionTwice {
        /// The region.
        name: String,
    },
    /// This region is not a member of its own cluster.
    #[error("cluster.regions does not list {name}, which region.name says this region is; add it")]
    SelfNotListed {
        /// This region.
        name: String,
    },
    /// A peer's address cannot be dialled.
    #[error("cluster.regions gives {name} port 0, which cannot be dialled; allowed: 1 to 65535")]
    PeerWithoutPort {
        /// The peer.
        name: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// `text` fit to be shown: without control characters, at most `chars_max` of it. Line ends stay,
/// because parsers point at columns.
pub(super) fn readable(text: &str, chars_max: usize) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    let mut readable: String = text.chars().take(chars_max).map(shown).collect();
    if text.chars().nth(chars_max).is_some() {
        readable.push('…');
    }
    readable
}

/// `text` as a quoted and escaped value, at most 80 characters of it.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", readable(text, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_shortened_and_cannot_drive_a_terminal() {
        assert_eq!(readable("a\u{1b}[2Jb\nc", 80), "a\u{fffd}[2Jb\nc");
        assert_eq!(readable("abcdef", 3), "abc…");
        assert_eq!(readable("abc", 3), "abc");
        assert_eq!(quoted("a\"b"), r#""a\"b""#);
    }
}
