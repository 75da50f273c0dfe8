//! What was given for one setting, with where it came from.

use config::{Value, ValueKind};

use super::error::{Origin, SettingsError, quoted, readable};
use super::field::Field;
use super::reference::{Allowed, Fact};

/// What was given for one setting.
#[derive(Debug, Clone)]
pub(super) struct Given<'a> {
    pub(super) value: &'a Value,
    pub(super) origin: Origin,
}

impl<'a> Given<'a> {
    /// The value of `fact`, shown as `key` if it is refused.
    pub(super) fn parse<T: Field>(&self, fact: &Fact, key: &str) -> Result<T, SettingsError> {
        let allowed = match fact.allowed {
            Allowed::Range { .. } | Allowed::Around { .. } => {
                self.integer().is_some_and(|n| fact.allowed.has(n))
            }
            Allowed::OneOf(_) | Allowed::Form(_) => true,
        };
        let value = if allowed { T::parse(self, fact.unit) } else { None };
        value.ok_or_else(|| self.refuse(key, fact.allowed()))
    }

    /// The error that says what would have done.
    pub(super) fn refuse(&self, key: &str, allowed: String) -> SettingsError {
        let given = match &self.value.kind {
            ValueKind::String(text) => quoted(text),
            ValueKind::Table(_) => "a table".to_owned(),
            ValueKind::Array(_) => "an array".to_owned(),
            _ => readable(&self.value.to_string(), 80),
        };
        SettingsError::NotAllowed {
            key: key.to_owned(),
            given,
            origin: self.origin.clone(),
            allowed,
        }
    }

    /// A whole number: as such from the file, in decimal digits from the environment.
    pub(super) fn integer(&self) -> Option<i64> {
        match &self.value.kind {
            ValueKind::I64(number) => Some(*number),
            ValueKind::String(digits) if self.is_from_environment() => digits.parse().ok(),
            _ => None,
        }
    }

    /// Text.
    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.value.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Option<impl Iterator<Item = Given<'a>>> {
        let ValueKind::Array(elements) = &self.value.kind else { return None };
        let origin = self.origin.clone();
        Some(elements.iter().map(move |value| Given { value, origin: origin.clone() }))
    }

    /// The names and values of a table.
    pub(super) fn members(&self) -> Option<Vec<(&'a str, Given<'a>)>> {
        let ValueKind::Table(table) = &self.value.kind else { return None };
        let given = |value| Given { value, origin: self.origin.clone() };
        let mut members: Vec<_> =
            table.iter().map(|(name, value)| (name.as_str(), given(value))).collect();
        members.sort_by_key(|(name, _)| *name);
        Some(members)
    }

    fn is_from_environment(&self) -> bool {
        matches!(self.origin, Origin::Environment(_))
    }
}
