//! The table in which a section declares its settings, and what follows from it.
//!
//! One row a setting:
//!
//! ```text
//! /// What it does.
//! "key_with_unit" field: Type [Unit] = default, allowed;
//! ```
//!
//! makes a documented field, its default, its entry in the reference, its loading with checks and
//! its writing back. Times are [`Duration`](std::time::Duration) in the field and a number in the
//! unit of the key outside. serde derives are left out on purpose: their errors cannot say where a
//! value came from, nor what would have done.

use super::reference::{Allowed, Fact};

/// A section with the values that it has.
#[derive(Debug)]
pub(super) struct SectionValues {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) entries: Vec<Entry>,
}

/// A setting with its value, or without where there is no default.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) fact: &'static Fact,
    pub(super) value: Option<toml::Value>,
}

/// What every section can do.
pub(super) trait Section {
    /// Its name in brackets.
    const NAME: &'static str;
    /// What its settings have in common.
    const ABOUT: &'static str;
    /// Its settings, in the order in which they are shown.
    const FACTS: &'static [Fact];

    /// Its settings with their values.
    fn values(&self) -> SectionValues;
}

/// A range of whole numbers, both ends included.
pub(super) const fn range(min: u64, max: u64) -> Allowed {
    Allowed::Range { min, max }
}

macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $section:literal $name:ident {
            $(
                $(#[doc = $meaning:literal])+
                $key:literal $field:ident: $type:ty [$unit:ident] = $default:expr, $allowed:expr;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $(
                $(#[doc = $meaning])+
                pub $field: $type,
            )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $name {
            /// Takes over what the file and the environment say.
            pub(super) fn overlay(
                &mut self,
                layers: &$crate::settings::layers::Layers,
            ) -> Result<(), $crate::settings::SettingsError> {
                let mut facts = <Self as $crate::settings::section::Section>::FACTS.iter();
                $(if let Some(fact) = facts.next() {
                    layers.set(fact, &mut self.$field)?;
                })+
                Ok(())
            }
        }

        impl $crate::settings::section::Section for $name {
            const NAME: &'static str = $section;
            const ABOUT: &'static str = concat!($($about),+).trim_ascii();
            const FACTS: &'static [$crate::settings::reference::Fact] = &[
                $($crate::settings::reference::Fact {
                    key: concat!($section, ".", $key),
                    unit: $crate::settings::reference::Unit::$unit,
                    allowed: $allowed,
                    meaning: concat!($($meaning),+).trim_ascii(),
                },)+
            ];

            fn values(&self) -> $crate::settings::section::SectionValues {
                let values = [$(
                    $crate::settings::field::Field::value(
                        &self.$field,
                        $crate::settings::reference::Unit::$unit,
                    ),
                )+];
                let entries = Self::FACTS.iter().zip(values).map(|(fact, value)| {
                    $crate::settings::section::Entry { fact, value: Some(value) }
                });
                $crate::settings::section::SectionValues {
                    name: Self::NAME,
                    about: Self::ABOUT,
                    entries: entries.collect(),
                }
            }
        }
    };
}
pub(super) use section;
