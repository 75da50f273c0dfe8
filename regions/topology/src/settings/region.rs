//! `[region]`: which region this is, and where it keeps its data. The only section without
//! defaults, since no guess at either is safe.

use std::path::PathBuf;

use tombolo_causality::RegionId;

use super::SettingsError;
use super::field::Field;
use super::layers::Layers;
use super::reference::{Allowed, Fact, Unit};
use super::section::{Entry, Section, SectionValues};

/// Which region this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The name that all regions of the cluster know this one by.
    pub name: RegionId,
    /// The directory that holds everything this region keeps. One process at a time uses it.
    pub data_dir: PathBuf,
}

const NAME: Fact = Fact {
    key: "region.name",
    unit: Unit::None,
    allowed: Allowed::Form("1 to 24 of a-z, 0-9 and -, beginning with a letter"),
    meaning: "The name that all regions of the cluster know this one by.",
};
const DATA_DIR: Fact = Fact {
    key: "region.data_dir",
    unit: Unit::None,
    allowed: Allowed::Form("a path"),
    meaning: "The directory that holds everything this region keeps. One process at a time \
              uses it.",
};

impl Region {
    /// What was given; both settings are required.
    pub(super) fn load(layers: &Layers) -> Result<Self, SettingsError> {
        Ok(Self { name: layers.required(&NAME)?, data_dir: layers.required(&DATA_DIR)? })
    }

    /// The section as it is without values.
    pub(super) fn without_values() -> SectionValues {
        let entries = Self::FACTS.iter().map(|fact| Entry { fact, value: None });
        SectionValues { name: Self::NAME, about: Self::ABOUT, entries: entries.collect() }
    }
}

impl Section for Region {
    const NAME: &'static str = "region";
    const ABOUT: &'static str = "Which region this is.";
    const FACTS: &'static [Fact] = &[NAME, DATA_DIR];

    fn values(&self) -> SectionValues {
        let values = [self.name.value(Unit::None), self.data_dir.value(Unit::None)];
        let entries =
            Self::FACTS.iter().zip(values).map(|(fact, value)| Entry { fact, value: Some(value) });
        SectionValues { entries: entries.collect(), ..Self::without_values() }
    }
}
