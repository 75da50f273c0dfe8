//! Refuses names that no setting has, with a guess at which was meant.
//!
//! Besides being kind to operators this keeps names from the merger of layers, which would take
//! `a[4000000000]` for an index and make room for it.

use std::ffi::OsString;
use std::path::Path;

use super::error::{Origin, SettingsError, readable};
use super::nearest::nearest;
use super::reference::{PREFIX, SEPARATOR};
use super::{facts, section_names};

/// Refuses a file in which anything is not a known setting of a known section.
pub(super) fn check_file(file: &toml::Table, path: &Path) -> Result<(), SettingsError> {
    for (section, value) in file {
        let origin = || Origin::File(path.to_owned());
        let known = section_names().any(|known| known == section);
        match value {
            toml::Value::Table(settings) if known || !settings.is_empty() => {
                let mut keys = settings.keys().map(|setting| format!("{section}.{setting}"));
                if let Some(key) = keys.find(|key| !facts().any(|fact| fact.key == key)) {
                    return Err(unknown(&key, origin()));
                }
            }
            value if known => {
                return Err(SettingsError::NotAllowed {
                    key: section.clone(),
                    given: format!("a value of type {}", value.type_str()),
                    origin: origin(),
                    allowed: format!("a section, [{section}]"),
                });
            }
            _ => return Err(unknown(section, origin())),
        }
    }
    Ok(())
}

/// The variables that set something, as the merger wants them. Others that begin with the prefix
/// are refused: a typing error there must not pass for a default.
pub(super) fn known_variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<config::Map<String, String>, SettingsError> {
    let mut known = config::Map::new();
    for (name, value) in environment {
        let name = name.to_string_lossy();
        let Some(rest) = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(SEPARATOR))
        else {
            continue;
        };
        if !facts().any(|fact| fact.variable() == *name) {
            let key = rest.replace(SEPARATOR, ".").to_ascii_lowercase();
            return Err(unknown(&key, Origin::Environment(readable(&name, 120))));
        }
        let value = value
            .into_string()
            .map_err(|_| SettingsError::NotUnicode { variable: name.clone().into_owned() })?;
        known.insert(name.into_owned(), value);
    }
    Ok(known)
}

fn unknown(name: &str, origin: Origin) -> SettingsError {
    let nearest = nearest(name, facts().map(|fact| fact.key));
    SettingsError::Unknown { name: readable(name, 120), origin, nearest }
}
