//! What a request asks beyond the operation itself: consistency, durability, conditions.
//!
//! What this version cannot promise is refused before anything is read or written: a promise that
//! is silently not kept is worse than none.

use actix_web::http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};

use crate::language::CONSISTENCIES;
use crate::problem::{Problem, excerpt};
use crate::query::Query;

/// Whether this region can answer a read as it was asked for.
pub(crate) fn check_read(query: Query<'_>, headers: &HeaderMap) -> Result<(), Problem> {
    check_session(query, headers)?;
    if query.0.is_empty() {
        return Ok(());
    }
    check_consistency(query)?;
    query.number("wait_ms")?;
    for name in ["max_staleness_ms", "r"] {
        if query.number(name)?.is_some() {
            return Err(not_yet(format!("parameter `{name}`")));
        }
    }
    Ok(())
}

/// Whether this region can do a write as it was asked for.
pub(crate) fn check_write(query: Query<'_>, headers: &HeaderMap) -> Result<(), Problem> {
    check_session(query, headers)?;
    for name in [IF_MATCH.as_str(), IF_NONE_MATCH.as_str(), "idempotency-key"] {
        if headers.contains_key(name) {
            return Err(not_yet(format!("header `{name}`")));
        }
    }
    if query.0.is_empty() {
        return Ok(());
    }
    check_consistency(query)?;
    query.number("wait_ms")?;
    query.number("timeout_ms")?;
    match query.number("w")? {
        // Durable in this region: what every acknowledged write is.
        None | Some(1) => Ok(()),
        Some(0) => {
            let detail = "a write is durable in at least 1 region".to_owned();
            Err(Problem::BadParameter { name: "w", detail })
        }
        Some(w) => Err(not_yet(format!("write concern `w={w}`"))),
    }
}

fn check_session(query: Query<'_>, headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key("tombolo-session") || query.get("session")?.is_some() {
        return Err(not_yet("a session token"));
    }
    Ok(())
}

fn check_consistency(query: Query<'_>) -> Result<(), Problem> {
    match query.get("consistency")?.as_deref() {
        None | Some("eventual") => Ok(()),
        Some("strong") => Err(Problem::StrongNeedsHome),
        Some(word) if CONSISTENCIES.contains(&word) => {
            Err(not_yet(format!("consistency {word:?}")))
        }
        Some(word) => {
            let known = CONSISTENCIES.join(", ");
            let detail = format!("{:?} is none of {known}", excerpt(word));
            Err(Problem::BadParameter { name: "consistency", detail })
        }
    }
}

fn not_yet(what: impl Into<String>) -> Problem {
    Problem::NotSupportedYet { what: what.into() }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn code(checked: Result<(), Problem>) -> &'static str {
        checked.err().map_or("ok", |problem| problem.entry().code)
    }

    fn read(query: &str) -> &'static str {
        code(check_read(Query(query), &HeaderMap::new()))
    }

    fn write(query: &str) -> &'static str {
        code(check_write(Query(query), &HeaderMap::new()))
    }

    #[test]
    fn what_can_be_kept_is_accepted() {
        for query in ["", "consistency=eventual&wait_ms=5", "whatever=1"] {
            assert_eq!(read(query), "ok", "{query}");
        }
        for query in ["", "w=1&timeout_ms=100", "whatever=1"] {
            assert_eq!(write(query), "ok", "{query}");
        }
    }

    #[test]
    fn what_cannot_be_kept_yet_is_refused() {
        for query in
            ["consistency=session", "consistency=bounded", "max_staleness_ms=5", "r=2", "session=x"]
        {
            assert_eq!(read(query), "not_supported_yet", "{query}");
        }
        for query in ["w=2", "session=x", "consistency=read_your_writes"] {
            assert_eq!(write(query), "not_supported_yet", "{query}");
        }
        for name in ["if-match", "if-none-match", "idempotency-key", "tombolo-session"] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
            assert_eq!(code(check_write(Query(""), &headers)), "not_supported_yet", "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_bad_parameter() {
        for query in ["consistency=best", "consistency=", "wait_ms=soon", "r=-1"] {
            assert_eq!(read(query), "bad_parameter", "{query}");
        }
        for query in ["w=0", "w=all", "w=1&w=1", "timeout_ms=1s"] {
            assert_eq!(write(query), "bad_parameter", "{query}");
        }
    }

    #[test]
    fn strong_needs_a_home_which_no_table_has() {
        assert_eq!(read("consistency=strong"), "strong_needs_home");
    }
}
