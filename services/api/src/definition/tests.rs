//! What is taken, and the exact kind of every refusal.

use super::*;

fn parsed(text: &str) -> Result<TableShape, Problem> {
    let regions = ["us-east", "eu-west"].map(|name| RegionId::new(name).unwrap());
    parse(&JsonText::parse(text.as_bytes()).unwrap(), &regions)
}

fn code(text: &str) -> &'static str {
    parsed(text).unwrap_err().entry().code
}

#[test]
fn only_the_type_is_needed() {
    let register = TableShape {
        data_type: DataType::Register,
        resolver: ResolverKind::LastWriteWins,
        strategy: Strategy::MultiLeader,
        consistency: Consistency::Eventual,
    };
    assert_eq!(parsed(r#"{"type":"register"}"#).unwrap(), register);
    let whole = r#"{"type":"register","resolver":"last_write_wins",
        "strategy":{"mode":"multi_leader"},"regions":["eu-west","us-east"],"fields":{},
        "consistency":"eventual"}"#;
    assert_eq!(parsed(whole).unwrap(), register);
    let session = parsed(r#"{"type":"register","consistency":"session"}"#).unwrap();
    assert_eq!(session.consistency, Consistency::Session);
    assert_eq!(parsed(r#"{"type":"counter"}"#).unwrap().resolver, ResolverKind::Merge);
    assert_eq!(parsed(r#"{"type":"set"}"#).unwrap().resolver, ResolverKind::AddWins);
    assert_eq!(parsed(r#"{"type":"flag"}"#).unwrap().resolver, ResolverKind::EnableWins);
}

#[test]
fn every_resolver_that_is_built_can_be_asked_for() {
    for data_type in DataType::ALL {
        for resolver in ResolverKind::of(data_type) {
            let text = format!(r#"{{"type":"{data_type}","resolver":"{resolver}"}}"#);
            let shape = parsed(&text).unwrap();
            assert_eq!((shape.data_type, shape.resolver), (data_type, *resolver));
        }
    }
}

#[test]
fn what_cannot_be_read_is_a_bad_definition() {
    for text in [
        "[]",
        "1e400",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"table"}"#,
        r#"{"type":"register","resolver":"newest"}"#,
        r#"{"type":"register","resolver":null}"#,
        r#"{"type":"register","strategy":"multi_leader"}"#,
        r#"{"type":"register","strategy":{}}"#,
        r#"{"type":"register","strategy":{"mode":"single"}}"#,
        r#"{"type":"register","consistency":"sometimes"}"#,
        r#"{"type":"register","regions":"us-east"}"#,
        r#"{"type":"register","regions":[1]}"#,
        r#"{"type":"register","fields":[]}"#,
    ] {
        assert_eq!(code(text), "bad_definition", "{text}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    for (text, expected) in [
        (r#"{"type":"register","ttl":1}"#, "unknown_member"),
        (
            r#"{"type":"register","strategy":{"mode":"multi_leader","home":"us-east"}}"#,
            "unknown_member",
        ),
        (r#"{"type":"register","resolver":"merge"}"#, "resolver_mismatch"),
        (r#"{"type":"counter","resolver":"last_write_wins"}"#, "resolver_mismatch"),
        (r#"{"type":"set","resolver":"enable_wins"}"#, "resolver_mismatch"),
        (r#"{"type":"register","fields":{"a":{"type":"counter"}}}"#, "fields_mismatch"),
        (r#"{"type":"register","regions":["us-east","mars"]}"#, "regions_mismatch"),
        (r#"{"type":"register","regions":["us-east","us-east"]}"#, "regions_mismatch"),
        (r#"{"type":"register","regions":[]}"#, "regions_mismatch"),
    ] {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_built_yet_is_said_to_be_so() {
    for text in [
        r#"{"type":"document","fields":{"views":{"type":"counter"}}}"#,
        r#"{"type":"text"}"#,
        r#"{"type":"bounded_counter"}"#,
        r#"{"type":"register","resolver":"custom"}"#,
        r#"{"type":"register","strategy":{"mode":"leader_follower","home":"us-east"}}"#,
        r#"{"type":"register","strategy":{"mode":"quorum","preset":"balanced"}}"#,
        r#"{"type":"register","consistency":"quorum"}"#,
        r#"{"type":"register","consistency":"bounded"}"#,
        r#"{"type":"register","regions":["us-east"]}"#,
    ] {
        assert_eq!(code(text), "not_supported_yet", "{text}");
    }
    assert_eq!(code(r#"{"type":"register","consistency":"strong"}"#), "strong_needs_home");
}
