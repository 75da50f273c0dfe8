//! Gathers what the file and the environment say, before any of it is believed.
//!
//! The file comes first, then the environment, setting by setting. Every name is checked before
//! the layers are merged. At most [`FILE_BYTES_MAX`] of a file are read.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, FileFormat, Value, ValueKind};

use super::error::{Origin, SettingsError, readable};
use super::field::Field;
use super::given::Given;
use super::names;
use super::reference::{Fact, PREFIX, SEPARATOR, variable};

/// The longest settings file that is read. An honest one has a few kilobytes.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 20;

/// File and environment, merged; all names in it are known.
#[derive(Debug)]
pub(super) struct Layers {
    merged: Value,
    path: PathBuf,
}

impl Layers {
    /// Reads the file at `path` and lays `environment` over it.
    pub(super) fn gather(
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        Self::of(&read(path)?, path, environment)
    }

    /// Lays `environment` over `text`, which is that of the file at `path`.
    pub(super) fn of(
        text: &str,
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let not_toml = |cause: &dyn std::fmt::Display| SettingsError::NotToml {
            path: path.to_owned(),
            cause: readable(&cause.to_string(), 1_000),
        };
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| not_toml(&e))?;
        names::check_file(&table, path)?;
        let variables = Environment::with_prefix(PREFIX)
            .separator(SEPARATOR)
            .source(Some(names::known_variables(environment)?));
        let merged = Config::builder()
            .add_source(config::File::from_str(text, FileFormat::Toml))
            .add_source(variables)
            .build()
            .map_err(|e: ConfigError| not_toml(&e))?;
        Ok(Self { merged: merged.cache, path: path.to_owned() })
    }

    /// What was given for `section.setting`.
    pub(super) fn find(&self, key: &str) -> Option<Given<'_>> {
        let mut value = &self.merged;
        for part in key.split('.') {
            let ValueKind::Table(table) = &value.kind else { return None };
            value = table.get(part)?;
        }
        // Only environment variables carry an origin: the file is read from memory.
        let origin = match value.origin() {
            Some(_) => Origin::Environment(variable(key)),
            None => Origin::File(self.path.clone()),
        };
        Some(Given { value, origin })
    }

    /// Puts what was given for `fact` into `field`; leaves it where nothing was.
    pub(super) fn set<T: Field>(&self, fact: &Fact, field: &mut T) -> Result<(), SettingsError> {
        if let Some(given) = self.find(fact.key) {
            *field = given.parse(fact, fact.key)?;
        }
        Ok(())
    }

    /// What was given for a setting that has no default.
    pub(super) fn required<T: Field>(&self, fact: &Fact) -> Result<T, SettingsError> {
        let missing = || SettingsError::Missing {
            key: fact.key.to_owned(),
            path: self.path.clone(),
            variable: fact.variable(),
            allowed: fact.allowed(),
        };
        self.find(fact.key).ok_or_else(missing)?.parse(fact, fact.key)
    }
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= FILE_BYTES_MAX) {
        String::from_utf8(bytes).map_err(|e| SettingsError::NotToml {
            path: path.to_owned(),
            cause: e.utf8_error().to_string(),
        })
    } else {
        Err(SettingsError::TooLong { path: path.to_owned(), bytes_max: FILE_BYTES_MAX })
    }
}
