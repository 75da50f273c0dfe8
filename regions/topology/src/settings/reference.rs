//! What there is to set: each setting's key, unit, allowed values and meaning, as data.
//!
//! The sections declare their settings in one table each (see `section.rs`); from it come the
//! structs, their defaults, what loading accepts, the example file and any printed reference, so
//! that none of them can tell another story.

use std::fmt;

use super::error::{Origin, SettingsError};
use super::sections_by_default;

/// What a number counts. The key says it as well: `_bytes`, `_ms`, `_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Not a quantity: a name, an address, a level.
    None,
    /// Pieces of what the key names.
    Count,
    /// Bytes.
    Bytes,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None | Self::Count => "",
            Self::Bytes => "bytes",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        })
    }
}

/// Which values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowed {
    /// A whole number, both ends included.
    Range {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A whole number that may be below zero.
    Around {
        /// The most, and below zero the least.
        max: u64,
    },
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Text of this form, described.
    Form(&'static str),
}

impl Allowed {
    /// Whether it is a range and `number` lies in it.
    pub(super) fn has(&self, number: i64) -> bool {
        match self {
            Self::Range { min, max } => {
                u64::try_from(number).is_ok_and(|number| (*min..=*max).contains(&number))
            }
            Self::Around { max } => number.unsigned_abs() <= *max,
            Self::OneOf(_) | Self::Form(_) => false,
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { min, max } => write!(f, "{min} to {max}"),
            Self::Around { max } => write!(f, "-{max} to {max}"),
            Self::OneOf(words) => write!(f, "{}", words.join(", ")),
            Self::Form(form) => f.write_str(form),
        }
    }
}

/// One setting, for documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingDoc {
    /// `section.setting`; within `[[cluster.regions]]`, `cluster.regions.setting`.
    pub key: &'static str,
    /// What its number counts.
    pub unit: Unit,
    /// The default as TOML; `None` where there is none and it must be given.
    pub default: Option<String>,
    /// Which values it takes.
    pub range: Allowed,
    /// What it does, in a sentence or two.
    pub meaning: &'static str,
}

/// Every setting, in the order of the example file.
pub fn reference() -> impl Iterator<Item = SettingDoc> {
    sections_by_default().into_iter().flat_map(|section| section.entries).map(|entry| SettingDoc {
        key: entry.fact.key,
        unit: entry.fact.unit,
        default: entry.value.map(|value| value.to_string()),
        range: entry.fact.allowed,
        meaning: entry.fact.meaning,
    })
}

/// One setting as its section declares it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) key: &'static str,
    pub(super) unit: Unit,
    pub(super) allowed: Allowed,
    pub(super) meaning: &'static str,
}

impl Fact {
    /// The key without its section.
    pub(super) fn name(&self) -> &'static str {
        self.key.rsplit('.').next().unwrap_or(self.key)
    }

    /// The environment variable that sets it.
    pub(super) fn variable(&self) -> String {
        variable(self.key)
    }

    /// Refuses a number out of range that the program itself has set. Other types cannot hold a
    /// value that is not allowed.
    pub(super) fn check(&self, value: &toml::Value) -> Result<(), SettingsError> {
        match value {
            toml::Value::Integer(number) if !self.allowed.has(*number) => {
                Err(SettingsError::NotAllowed {
                    key: self.key.to_owned(),
                    given: number.to_string(),
                    origin: Origin::Program,
                    allowed: self.allowed(),
                })
            }
            _ => Ok(()),
        }
    }

    /// What would do, with its unit.
    pub(super) fn allowed(&self) -> String {
        format!("{} {}", self.allowed, self.unit).trim_end().to_owned()
    }
}

/// The environment variable of `key`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{SEPARATOR}{}", key.replace('.', SEPARATOR)).to_ascii_uppercase()
}

/// What the variables of all settings begin with, before the first [`SEPARATOR`].
pub(super) const PREFIX: &str = "TOMBOLO";
/// What stands between prefix, section and setting in a variable.
pub(super) const SEPARATOR: &str = "__";
