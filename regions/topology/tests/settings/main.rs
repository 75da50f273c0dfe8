//! Settings as an operator meets them: a file, the environment, and what is said when either is
//! wrong.
#![expect(clippy::unwrap_used, reason = "what a test sets up either works or fails the test")]

mod hostile;
mod loading;
mod reference;
mod refusals;

use std::fs;

use tombolo_causality::RegionId;
use tombolo_topology::{Settings, SettingsError};

const REQUIRED: &str = "[region]\nname = \"us-east\"\ndata_dir = \"/data\"\n";

fn us_east() -> RegionId {
    RegionId::new("us-east").unwrap()
}

fn load_bytes(file: &[u8], variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tombolo.toml");
    fs::write(&path, file).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Settings::load(&path, variables)
}

fn load(more: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    load_bytes(format!("{REQUIRED}{more}").as_bytes(), variables)
}
