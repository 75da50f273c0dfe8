//! One region: its process, where it is asked, and what it says of itself.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;
use tombolo_topology::Settings;
use tombolo_topology::settings::LogLevel;

use super::{Process, VersionVector};
use crate::binary::Binary;
use crate::{http, tether};

/// A running region.
#[derive(Debug)]
pub(crate) struct Region {
    /// Its listener for applications.
    pub(crate) api: SocketAddr,
    /// Its listener for operators.
    pub(crate) admin: SocketAddr,
    /// Its process.
    pub(crate) process: Process,
    /// Where it keeps its data.
    pub(crate) data_dir: PathBuf,
    name: String,
    binary: PathBuf,
    settings_file: PathBuf,
    log: PathBuf,
}

/// A link to another region, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Link {
    /// The region at its other end.
    pub(crate) peer: String,
    /// `up`, `lagging`, `paused`, `down` or `needs_snapshot`.
    pub(crate) state: String,
}

#[derive(Deserialize)]
struct Links {
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Shown {
    version_vector: VersionVector,
}

impl Region {
    /// Writes the settings into `folder` and starts the process.
    pub(super) fn start(
        binary: &Binary,
        folder: &Path,
        mut settings: Settings,
    ) -> anyhow::Result<Self> {
        settings.log.level = LogLevel::Warn;
        let name = settings.region.name.as_str().to_owned();
        let settings_file = folder.join(format!("{name}.toml"));
        fs::write(&settings_file, settings.to_toml())
            .with_context(|| format!("cannot write {}", settings_file.display()))?;
        let log = folder.join(format!("{name}.log"));
        let process = Process::start(&name, &mut serve(&binary.path, &settings_file)?, &log)?;
        Ok(Self {
            api: settings.listen.api,
            admin: settings.listen.admin,
            process,
            data_dir: settings.region.data_dir,
            name,
            binary: binary.path.clone(),
            settings_file,
            log,
        })
    }

    /// Returns when it takes requests.
    pub(crate) async fn wait_ready(&mut self) -> anyhow::Result<()> {
        self.process.wait_ready(self.api, "/readyz").await
    }

    /// Kills it as it stands and starts it again on the same data.
    pub(crate) async fn crash_and_start(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        let mut command = serve(&self.binary, &self.settings_file)?;
        self.process = Process::start(&self.name, &mut command, &self.log)?;
        self.wait_ready().await
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How far it has come.
    pub(crate) async fn vector(&self) -> anyhow::Result<VersionVector> {
        let shown = http::call(self.api, "GET", "/v1/region", None).await?;
        let shown: Shown = serde_json::from_value(shown).context("no version vector")?;
        Ok(shown.version_vector)
    }

    /// Its links to the other regions.
    pub(crate) async fn links(&self) -> anyhow::Result<Vec<Link>> {
        let shown = http::call(self.admin, "GET", "/v1/links", None).await?;
        let shown: Links = serde_json::from_value(shown).context("no links")?;
        Ok(shown.links)
    }

    /// Its link to `peer`.
    pub(crate) async fn link(&self, peer: &str) -> anyhow::Result<Link> {
        let links = self.links().await?;
        let link = links.into_iter().find(|link| link.peer == peer);
        link.with_context(|| format!("{} has no link to {peer}", self.name))
    }

    /// Pauses or resumes (`action`) its link to `peer`.
    pub(crate) async fn steer_link(&self, peer: &str, action: &str) -> anyhow::Result<()> {
        let path = format!("/v1/links/{peer}/{action}");
        http::call(self.admin, "POST", &path, None).await?;
        Ok(())
    }
}

/// The command that serves a region, untouched by settings in this process's environment.
fn serve(binary: &Path, settings_file: &Path) -> anyhow::Result<Command> {
    let mut command = tether::command(binary)?;
    command.arg("serve").arg("--config").arg(settings_file);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("TOMBOLO__") {
            command.env_remove(name);
        }
    }
    Ok(command)
}
