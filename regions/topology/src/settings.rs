//! Everything that an operator may say about one region.
//!
//! A TOML file comes first, environment variables go before it, and what neither says has a
//! default. Settings are taken as a whole or refused as a whole, with an error that names the
//! setting, what was given, where, and what would do. Unknown names are refused: a typing error
//! must not pass for a default.
//!
//! What there is to set is data ([`reference()`]), declared once in the section tables. Settings are
//! read at start and never change while a region runs.

mod address;
mod backup;
mod cluster;
mod error;
mod field;
mod given;
mod keeping;
mod layers;
mod logging;
mod members;
mod names;
mod nearest;
mod reference;
mod region;
mod render;
mod rules;
mod section;
mod serving;
mod shipping;
mod web;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tombolo_causality::RegionId;

pub use address::{PeerAddress, PeerAddressError};
pub use backup::{Backup, BackupDirectory, BackupDirectoryError};
pub use cluster::{Cluster, ClusterId, ClusterIdError, Member, SessionSecret, SessionSecretError};
pub use error::{Origin, SettingsError};
pub use keeping::{Clock, Items, Journal, Leader, Overlay, Requests, State};
pub use logging::{Log, LogFormat, LogLevel, UnknownWord};
pub use reference::{Allowed, SettingDoc, Unit, reference};
pub use region::Region;
pub use serving::{Http, Listen};
pub use shipping::Replication;
pub use web::{Admin, HostName, OtlpEndpoint, Telemetry, WebOrigin, WebTextError};

use layers::Layers;
use reference::Fact;
use section::{Section, SectionValues};

/// The settings of one region, by section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which region this is.
    pub region: Region,
    /// Which regions there are.
    pub cluster: Cluster,
    /// Where this region listens.
    pub listen: Listen,
    /// What is taken of applications.
    pub http: Http,
    /// What is taken of operators.
    pub admin: Admin,
    /// What the region takes the time to be.
    pub clock: Clock,
    /// How writes are gathered and decided.
    pub leader: Leader,
    /// How much of one item there may be.
    pub items: Items,
    /// `[requests]`.
    pub requests: Requests,
    /// The log of changes.
    pub journal: Journal,
    /// What is durable in the journal and not yet in the state file.
    pub overlay: Overlay,
    /// The state file.
    pub state: State,
    /// Where copies of the region may be written.
    pub backup: Backup,
    /// How changes travel between regions.
    pub replication: Replication,
    /// What is said about the region's work.
    pub log: Log,
    /// Where else it tells of its work.
    pub telemetry: Telemetry,
}

impl Settings {
    /// Reads the file at `path`, lays `environment` over it (`TOMBOLO__SECTION__KEY`; other
    /// variables are none of its business) and checks the whole.
    ///
    /// Reads at most 1 MiB. The environment is handed in, usually as [`std::env::vars_os`].
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        Self::of(&Layers::gather(path, environment)?)
    }

    /// The same for a file whose text is at hand. Reads nothing: `path` is for errors to name.
    pub fn parse(
        text: &str,
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        Self::of(&Layers::of(text, path, environment)?)
    }

    fn of(layers: &Layers) -> Result<Self, SettingsError> {
        let Region { name, data_dir } = Region::load(layers)?;
        let mut settings = Self::for_region(name, data_dir);
        settings.overlay(layers)?;
        settings.check()?;
        Ok(settings)
    }

    /// The defaults for region `name`, alone in its cluster.
    pub fn for_region(name: RegionId, data_dir: impl Into<PathBuf>) -> Self {
        let listen = Listen::default();
        Self {
            region: Region { name, data_dir: data_dir.into() },
            cluster: Cluster::of_one(name, listen.replication.into()),
            listen,
            http: Http::default(),
            admin: Admin::default(),
            clock: Clock::default(),
            leader: Leader::default(),
            items: Items::default(),
            requests: Requests::default(),
            journal: Journal::default(),
            overlay: Overlay::default(),
            state: State::default(),
            backup: Backup::default(),
            replication: Replication::default(),
            log: Log::default(),
            telemetry: Telemetry::default(),
        }
    }

    /// Whether every value is in its range and all go together. [`load`](Self::load) has checked;
    /// whoever sets fields checks again.
    pub fn check(&self) -> Result<(), SettingsError> {
        for entry in self.sections().into_iter().flat_map(|section| section.entries) {
            if let Some(value) = entry.value {
                entry.fact.check(&value)?;
            }
        }
        self.cluster.check(self.region.name)?;
        self.listen.check()?;
        rules::check(self)
    }

    /// The settings as a file that [`load`](Self::load) reads back to the same. Times are written
    /// in whole units, and a `data_dir` that is not Unicode cannot be written faithfully.
    pub fn to_toml(&self) -> String {
        render::toml(self, render::Comments::None)
    }

    /// The same file with every setting explained.
    pub fn to_explained_toml(&self) -> String {
        render::toml(self, render::Comments::Reference)
    }

    fn overlay(&mut self, layers: &Layers) -> Result<(), SettingsError> {
        self.listen.overlay(layers)?;
        self.cluster = Cluster::of_one(self.region.name, self.listen.replication.into());
        self.cluster.overlay(layers)?;
        self.http.overlay(layers)?;
        self.admin.overlay(layers)?;
        self.clock.overlay(layers)?;
        self.leader.overlay(layers)?;
        self.items.overlay(layers)?;
        self.requests.overlay(layers)?;
        self.journal.overlay(layers)?;
        self.overlay.overlay(layers)?;
        self.state.overlay(layers)?;
        self.backup.overlay(layers)?;
        self.replication.overlay(layers)?;
        self.log.overlay(layers)?;
        self.telemetry.overlay(layers)
    }

    fn sections(&self) -> [SectionValues; 16] {
        [
            self.region.values(),
            self.cluster.values(),
            self.listen.values(),
            self.http.values(),
            self.admin.values(),
            self.clock.values(),
            self.leader.values(),
            self.items.values(),
            self.requests.values(),
            self.journal.values(),
            self.overlay.values(),
            self.state.values(),
            self.backup.values(),
            self.replication.values(),
            self.log.values(),
            self.telemetry.values(),
        ]
    }
}

/// The sections with the values that they have when nothing is said.
fn sections_by_default() -> [SectionValues; 16] {
    [
        Region::without_values(),
        Cluster::default_values(),
        Listen::default().values(),
        Http::default().values(),
        Admin::default().values(),
        Clock::default().values(),
        Leader::default().values(),
        Items::default().values(),
        Requests::default().values(),
        Journal::default().values(),
        Overlay::default().values(),
        State::default().values(),
        Backup::default().values(),
        Replication::default().values(),
        Log::default().values(),
        Telemetry::default().values(),
    ]
}

/// Section by section, its name and what it accepts.
const SECTIONS: [(&str, &[Fact]); 16] = [
    (Region::NAME, Region::FACTS),
    (Cluster::NAME, Cluster::FACTS),
    (Listen::NAME, Listen::FACTS),
    (Http::NAME, Http::FACTS),
    (Admin::NAME, Admin::FACTS),
    (Clock::NAME, Clock::FACTS),
    (Leader::NAME, Leader::FACTS),
    (Items::NAME, Items::FACTS),
    (Requests::NAME, Requests::FACTS),
    (Journal::NAME, Journal::FACTS),
    (Overlay::NAME, Overlay::FACTS),
    (State::NAME, State::FACTS),
    (Backup::NAME, Backup::FACTS),
    (Replication::NAME, Replication::FACTS),
    (Log::NAME, Log::FACTS),
    (Telemetry::NAME, Telemetry::FACTS),
];

/// Everything that a file or a variable can set.
fn facts() -> impl Iterator<Item = &'static Fact> + Clone {
    SECTIONS.iter().flat_map(|(_, facts)| facts.iter())
}

fn section_names() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(name, _)| *name)
}
