//! What a PATCH asks of a table's definition: strict like a definition, and in the same order.
//!
//! Of the members that may change this version changes the default consistency. The others are taken
//! where they name what every table has, and are otherwise refused as not here yet.

use serde_json::Value;
use tombolo_datatypes::JsonText;
use tombolo_replication::Consistency;

use super::{
    bad, built_consistency, built_strategy, check_particulars, consistency_of, mode_of, not_yet,
    object_of,
};
use crate::language;
use crate::problem::{Problem, excerpt};

/// Reads the alteration in `text`: the default consistency, where it names one.
pub(crate) fn parse(text: &JsonText) -> Result<Option<Consistency>, Problem> {
    let value = serde_json::from_str(text.as_str());
    let value: Value = value.map_err(|error| bad(format!("it cannot be read: {error}")))?;
    let members = value.as_object().ok_or_else(|| bad("it is not an object"))?;
    if members.is_empty() {
        return Err(bad("it names nothing to change"));
    }
    let strategy = object_of(members, "strategy")?;
    let mode = strategy.map(mode_of).transpose()?;
    let consistency = consistency_of(members)?;

    let fixed = language::FIXED_MEMBERS.iter().find(|name| members.contains_key(**name));
    if let Some(name) = fixed {
        return Err(Problem::FixedMember { name });
    }
    let unknown = |name: &&String| !language::ALTERATION_MEMBERS.contains(&name.as_str());
    if let Some(name) = members.keys().find(unknown) {
        return Err(Problem::UnknownMember { name: excerpt(name) });
    }
    if let (Some(strategy), Some(mode)) = (strategy, mode) {
        check_particulars(strategy, mode)?;
        built_strategy(mode)?;
    }
    if members.contains_key("resolver_version") {
        return Err(not_yet("a resolver of several versions"));
    }
    consistency.map(built_consistency).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<Consistency>, &'static str> {
        let alteration = parse(&JsonText::parse(text.as_bytes()).unwrap());
        alteration.map_err(|problem| problem.entry().code)
    }

    #[test]
    fn every_consistency_that_is_built_can_be_set() {
        for consistency in Consistency::ALL {
            let text = format!(r#"{{"consistency":"{}"}}"#, consistency.name());
            assert_eq!(parsed(&text), Ok(Some(consistency)));
        }
        let both = r#"{"strategy":{"mode":"multi_leader"},"consistency":"session"}"#;
        assert_eq!(parsed(both), Ok(Some(Consistency::Session)));
        assert_eq!(parsed(r#"{"strategy":{"mode":"multi_leader"}}"#), Ok(None));
    }

    #[test]
    fn every_refusal_is_of_its_kind() {
        for (text, code) in [
            ("[]", "bad_definition"),
            ("null", "bad_definition"),
            ("{}", "bad_definition"),
            (r#"{"consistency":"best"}"#, "bad_definition"),
            (r#"{"consistency":null}"#, "bad_definition"),
            (r#"{"strategy":"multi_leader"}"#, "bad_definition"),
            (r#"{"strategy":{"mode":"none"}}"#, "bad_definition"),
            (r#"{"strategy":{}}"#, "bad_definition"),
            (r#"{"type":"register"}"#, "fixed_member"),
            (r#"{"resolver":"max","consistency":"session"}"#, "fixed_member"),
            (r#"{"regions":["us-east"]}"#, "fixed_member"),
            (r#"{"fields":{}}"#, "fixed_member"),
            (r#"{"ttl":5,"consistency":"session"}"#, "unknown_member"),
            (r#"{"strategy":{"mode":"multi_leader","n":3}}"#, "unknown_member"),
            (r#"{"strategy":{"mode":"quorum","n":3}}"#, "not_supported_yet"),
            (r#"{"strategy":{"mode":"leader_follower","home":"a"}}"#, "not_supported_yet"),
            (r#"{"resolver_version":2}"#, "not_supported_yet"),
            (r#"{"consistency":"bounded"}"#, "not_supported_yet"),
            (r#"{"consistency":"quorum"}"#, "not_supported_yet"),
            (r#"{"consistency":"strong"}"#, "strong_needs_home"),
        ] {
            assert_eq!(parsed(text), Err(code), "{text}");
        }
    }
}
