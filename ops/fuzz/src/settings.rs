//! What an operator may write: a settings file, and variables that go before it.
//!
//! One input holds both: a line `#env NAME=VALUE`, a comment to TOML, sets a variable.

use std::ffi::OsString;
use std::path::Path;

use tombolo_topology::Settings;

use crate::property::check_clear;

const MARK: &str = "#env ";

/// Reads `bytes` as a settings file with its variables.
///
/// # Panics
/// Where a property is violated.
pub fn settings(bytes: &[u8]) {
    // What is not UTF-8 is refused before it is looked at.
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let path = Path::new("tombolo.toml");
    let settings = match Settings::parse(text, path, variables(text)) {
        Ok(settings) => settings,
        Err(error) => return check_clear(&error),
    };
    if let Err(error) = settings.check() {
        unreachable!("what was taken does not pass: {error}");
    }
    for written in [settings.to_toml(), settings.to_explained_toml()] {
        match Settings::parse(&written, path, []) {
            Ok(again) => assert_eq!(again, settings, "other settings come back"),
            Err(error) => unreachable!("what was written is refused: {error}: {written}"),
        }
    }
}

fn variables(text: &str) -> Vec<(OsString, OsString)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(MARK)?.split_once('='));
    lines.map(|(name, value)| (name.into(), value.into())).collect()
}
