//! How a value of each type is read from what was given and written back.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tombolo_causality::RegionId;

use super::given::Given;
use super::reference::Unit;

/// A type that a setting can have.
pub(super) trait Field: Sized {
    /// The value, or nothing where what was given is not of this type. Ranges are not looked at.
    fn parse(given: &Given<'_>, unit: Unit) -> Option<Self>;

    /// The value as the settings file has it.
    fn value(&self, unit: Unit) -> toml::Value;
}

macro_rules! whole_number {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn parse(given: &Given<'_>, _: Unit) -> Option<Self> {
                given.integer()?.try_into().ok()
            }

            fn value(&self, _: Unit) -> toml::Value {
                // TOML's integers end at i64; no range here comes near.
                toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )+};
}
whole_number!(i32, i64, u32, u64, usize);

impl Field for Duration {
    fn parse(given: &Given<'_>, unit: Unit) -> Option<Self> {
        let number = given.integer()?.try_into().ok()?;
        Some(if unit == Unit::Seconds {
            Self::from_secs(number)
        } else {
            Self::from_millis(number)
        })
    }

    fn value(&self, unit: Unit) -> toml::Value {
        let number = if unit == Unit::Seconds { self.as_secs().into() } else { self.as_millis() };
        toml::Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Field for PathBuf {
    fn parse(given: &Given<'_>, _: Unit) -> Option<Self> {
        given.text().filter(|path| !path.is_empty() && !path.contains('\0')).map(Self::from)
    }

    fn value(&self, _: Unit) -> toml::Value {
        toml::Value::String(self.display().to_string())
    }
}

/// The most elements of a list.
const ELEMENTS_MAX: usize = 64;

/// A list: an array of texts, or one text with commas between them.
impl<T: FromStr + Display> Field for Vec<T> {
    fn parse(given: &Given<'_>, _: Unit) -> Option<Self> {
        let texts = match given.elements() {
            Some(elements) => elements.map(|element| element.text()).collect::<Option<Vec<_>>>()?,
            None => {
                given.text()?.split(',').map(str::trim).filter(|text| !text.is_empty()).collect()
            }
        };
        let is_short = texts.len() <= ELEMENTS_MAX;
        is_short.then(|| texts.into_iter().map(|text| text.parse().ok()).collect())?
    }

    fn value(&self, _: Unit) -> toml::Value {
        toml::Value::Array(self.iter().map(|element| element.to_string().into()).collect())
    }
}

macro_rules! written_as_text {
    ($($type:ty),+) => {$(
        impl $crate::settings::field::Field for $type {
            fn parse(
                given: &$crate::settings::given::Given<'_>,
                _: $crate::settings::reference::Unit,
            ) -> Option<Self> {
                given.text()?.parse().ok()
            }

            fn value(&self, _: $crate::settings::reference::Unit) -> toml::Value {
                toml::Value::String(self.to_string())
            }
        }
    )+};
}
pub(super) use written_as_text;

written_as_text!(RegionId, SocketAddr);
