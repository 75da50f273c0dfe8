//! A table's definition as it is asked for: strict, and with a reason for every refusal.
//!
//! First what cannot be read or is no word of the contract (400), then what does not fit (422),
//! then what this version does not have yet (422 `not_supported_yet`).

pub(crate) mod alteration;

use serde_json::{Map, Value};
use tombolo_causality::RegionId;
use tombolo_datatypes::{DataType, JsonText};
use tombolo_replication::{Consistency, Strategy, TableShape};
use tombolo_resolvers::ResolverKind;

use crate::language::{self, DataTypeWords};
use crate::problem::{Problem, excerpt};

/// What a definition asks for, every word of it in the contract.
struct Asked<'a> {
    data_type: &'static DataTypeWords,
    resolver: &'a str,
    mode: &'a str,
    strategy: Option<&'a Map<String, Value>>,
    regions: Option<Vec<&'a str>>,
    has_fields: bool,
    consistency: &'a str,
}

/// Reads the definition in `text` for a cluster of `regions`.
pub(crate) fn parse(text: &JsonText, regions: &[RegionId]) -> Result<TableShape, Problem> {
    let value = serde_json::from_str(text.as_str());
    let value: Value = value.map_err(|error| bad(format!("it cannot be read: {error}")))?;
    let members = value.as_object().ok_or_else(|| bad("it is not an object"))?;
    let asked = Asked::read(members)?;
    let unknown = |name: &&String| !language::DEFINITION_MEMBERS.contains(&name.as_str());
    if let Some(name) = members.keys().find(unknown) {
        return Err(Problem::UnknownMember { name: excerpt(name) });
    }
    asked.check_fit(regions)?;
    asked.shape(regions)
}

impl<'a> Asked<'a> {
    fn read(members: &'a Map<String, Value>) -> Result<Self, Problem> {
        let name = text_of(members, "type")?.ok_or_else(|| bad("`type` is missing"))?;
        let data_type = language::data_type(name);
        let data_type = data_type.ok_or_else(|| {
            let known = language::DATA_TYPES.each_ref().map(|data_type| data_type.name);
            unknown_word("type", name, &known)
        })?;
        let resolver = text_of(members, "resolver")?.unwrap_or(data_type.resolvers[0]);
        if !language::is_resolver(resolver) {
            return Err(unknown_word("resolver", resolver, data_type.resolvers));
        }
        let strategy = object_of(members, "strategy")?;
        let mode = strategy.map_or(Ok(language::STRATEGY_MODES[0]), mode_of)?;
        let consistency = consistency_of(members)?.unwrap_or(language::CONSISTENCIES[0]);
        let regions = regions_of(members)?;
        let has_fields = object_of(members, "fields")?.is_some_and(|fields| !fields.is_empty());
        Ok(Self { data_type, resolver, mode, strategy, regions, has_fields, consistency })
    }

    /// Whether its parts go together, and with the cluster.
    fn check_fit(&self, cluster: &[RegionId]) -> Result<(), Problem> {
        if !self.data_type.resolvers.contains(&self.resolver) {
            return Err(Problem::ResolverMismatch {
                data_type: self.data_type.name,
                resolver: excerpt(self.resolver),
                fitting: self.data_type.resolvers,
            });
        }
        if self.has_fields && self.data_type.name != "document" {
            return Err(Problem::FieldsMismatch { data_type: self.data_type.name });
        }
        self.strategy.map_or(Ok(()), |strategy| check_particulars(strategy, self.mode))?;
        let named = self.regions.as_deref().unwrap_or_default();
        if self.regions.is_some() && named.is_empty() {
            return Err(Problem::RegionsMismatch { detail: "`regions` names none".to_owned() });
        }
        for (at, name) in named.iter().enumerate() {
            if !cluster.iter().any(|region| region.as_str() == *name) {
                let detail = format!("{:?} is no region of this cluster", excerpt(name));
                return Err(Problem::RegionsMismatch { detail });
            }
            if named[..at].contains(name) {
                let detail = format!("`regions` names {name:?} twice");
                return Err(Problem::RegionsMismatch { detail });
            }
        }
        Ok(())
    }

    /// What of it this version has.
    fn shape(&self, cluster: &[RegionId]) -> Result<TableShape, Problem> {
        let name = self.data_type.name;
        let data_type = name.parse::<DataType>().map_err(|()| not_yet(format!("type {name:?}")))?;
        let resolver = self.resolver.parse::<ResolverKind>();
        let resolver = resolver.map_err(|_| not_yet(format!("resolver {:?}", self.resolver)))?;
        let strategy = built_strategy(self.mode)?;
        let consistency = built_consistency(self.consistency)?;
        if self.regions.as_ref().is_some_and(|named| named.len() < cluster.len()) {
            return Err(not_yet("a table that only some regions hold"));
        }
        Ok(TableShape { data_type, resolver, strategy, consistency })
    }
}

/// The mode of a strategy, a word of the contract.
fn mode_of(strategy: &Map<String, Value>) -> Result<&str, Problem> {
    let mode = text_of(strategy, "mode")?.ok_or_else(|| bad("`strategy` has no `mode`"))?;
    if language::STRATEGY_MODES.contains(&mode) {
        return Ok(mode);
    }
    Err(unknown_word("mode", mode, &language::STRATEGY_MODES))
}

/// The default consistency where it is named, a word of the contract.
fn consistency_of(members: &Map<String, Value>) -> Result<Option<&str>, Problem> {
    match text_of(members, "consistency")? {
        Some(word) if !language::CONSISTENCIES.contains(&word) => {
            Err(unknown_word("consistency", word, &language::CONSISTENCIES))
        }
        named => Ok(named),
    }
}

/// Whether a strategy of that mode has no members that only others have.
fn check_particulars(strategy: &Map<String, Value>, mode: &str) -> Result<(), Problem> {
    match strategy.keys().find(|name| *name != "mode") {
        Some(name) if mode == Strategy::MultiLeader.mode() => {
            Err(Problem::UnknownMember { name: format!("strategy.{}", excerpt(name)) })
        }
        _ => Ok(()),
    }
}

fn built_strategy(mode: &str) -> Result<Strategy, Problem> {
    let strategy = Strategy::MultiLeader;
    if mode == strategy.mode() {
        return Ok(strategy);
    }
    Err(not_yet(format!("strategy mode {mode:?}")))
}

fn built_consistency(word: &str) -> Result<Consistency, Problem> {
    if word == "strong" {
        return Err(Problem::StrongNeedsHome);
    }
    word.parse().map_err(|_| not_yet(format!("default consistency {word:?}")))
}

fn text_of<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Problem> {
    let Some(value) = members.get(name) else { return Ok(None) };
    value.as_str().map(Some).ok_or_else(|| bad(format!("`{name}` is not a string")))
}

fn object_of<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, Problem> {
    let Some(value) = members.get(name) else { return Ok(None) };
    value.as_object().map(Some).ok_or_else(|| bad(format!("`{name}` is not an object")))
}

fn regions_of(members: &Map<String, Value>) -> Result<Option<Vec<&str>>, Problem> {
    let Some(value) = members.get("regions") else { return Ok(None) };
    let names = value.as_array().and_then(|names| names.iter().map(Value::as_str).collect());
    names.map(Some).ok_or_else(|| bad("`regions` is not a list of names"))
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::BadDefinition { detail: detail.into() }
}

fn not_yet(what: impl Into<String>) -> Problem {
    Problem::NotSupportedYet { what: what.into() }
}

fn unknown_word(member: &'static str, word: &str, known: &[&str]) -> Problem {
    bad(format!("`{member}` {:?} is none of {}", excerpt(word), known.join(", ")))
}

#[cfg(test)]
mod tests;
