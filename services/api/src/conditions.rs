//! `If-Match` and `If-None-Match`: a write that is done only where the item, or the table, is as its
//! author saw it.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use tombolo_causality::VersionVector;
use tombolo_protocol::decode_version;
use tombolo_protocol::limits::VERSIONS_MAX;
use tombolo_replication::leader::Condition;

use crate::problem::Problem;

/// How far a condition was checked.
static SCOPE: HeaderName = HeaderName::from_static("tombolo-condition-scope");

/// The condition of a write, where it has one.
pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Condition>, Problem> {
    match (headers.get(IF_MATCH), headers.get(IF_NONE_MATCH)) {
        (None, None) => Ok(None),
        (Some(tags), None) => matching(headers, tags).map(Some),
        (None, Some(tags)) if tags.as_bytes().trim_ascii() == b"*" => Ok(Some(Condition::Absent)),
        (None, Some(_)) => Err(bad(&IF_NONE_MATCH, "of a write it takes `*`")),
        (Some(_), Some(_)) => Err(bad(&IF_MATCH, "it does not go with If-None-Match")),
    }
}

/// All that the versions of a condition name: what must be here before it is checked.
pub(crate) fn named(condition: &Condition) -> Option<VersionVector> {
    let Condition::Versions(versions) = condition else { return None };
    let mut named = VersionVector::new();
    for version in versions {
        named.join(version);
    }
    Some(named)
}

/// Adds that a condition was checked against this region's state alone.
pub(crate) fn scoped(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().insert(SCOPE.clone(), HeaderValue::from_static("region"));
    reply
}

/// Adds that a condition was checked where it is decided for the whole cluster.
pub(crate) fn scoped_globally(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().insert(SCOPE.clone(), HeaderValue::from_static("global"));
    reply
}

/// A tag that no version was ever written as matches nothing, and is no mistake of form: it may
/// come from another store that was here before.
fn matching(headers: &HeaderMap, first: &HeaderValue) -> Result<Condition, Problem> {
    if headers.get_all(IF_MATCH).count() > 1 {
        return Err(bad(&IF_MATCH, "it stands twice"));
    }
    let tags = first.to_str().map_err(|_| bad(&IF_MATCH, "it is not ASCII"))?.trim();
    if tags == "*" {
        return Ok(Condition::Present);
    }
    let tags: Vec<_> = tags.split(',').map(str::trim).collect();
    if tags.len() > VERSIONS_MAX {
        return Err(bad(&IF_MATCH, "it names more than 16 versions"));
    }
    if tags.iter().any(|tag| tag.is_empty()) {
        return Err(bad(&IF_MATCH, "a version is empty"));
    }
    let versions = tags.into_iter().filter_map(|tag| {
        let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        decode_version(quoted.unwrap_or(tag)).ok()
    });
    Ok(Condition::Versions(versions.collect()))
}

fn bad(header: &HeaderName, detail: &str) -> Problem {
    Problem::BadHeader { name: header.as_str().to_owned(), detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};
    use tombolo_protocol::encode_version;

    use super::*;

    fn version(seq: u64) -> VersionVector {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        [(replica, seq)].into_iter().collect()
    }

    fn asked(pairs: &[(HeaderName, &str)]) -> Result<Option<Condition>, &'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        read(&headers).map_err(|problem| problem.entry().code)
    }

    #[test]
    fn versions_are_read_with_or_without_quotes() {
        let [a, b] = [1, 2].map(|seq| encode_version(&version(seq)).unwrap());
        let both = Condition::Versions(vec![version(1), version(2)]);
        assert_eq!(asked(&[(IF_MATCH, &format!("\"{a}\" , \"{b}\""))]), Ok(Some(both.clone())));
        assert_eq!(asked(&[(IF_MATCH, &format!("{a},{b}"))]), Ok(Some(both)));
        assert_eq!(asked(&[(IF_MATCH, "*")]), Ok(Some(Condition::Present)));
        assert_eq!(asked(&[(IF_NONE_MATCH, " * ")]), Ok(Some(Condition::Absent)));
        assert_eq!(asked(&[]), Ok(None));
    }

    #[test]
    fn what_was_never_a_version_matches_nothing() {
        let none = Ok(Some(Condition::Versions(Vec::new())));
        let weak = format!("W/\"{}\"", encode_version(&version(1)).unwrap());
        for tag in ["\"abc\"", "abc", "\"\"", weak.as_str(), "\"é\""] {
            let expected = if tag.is_ascii() { none.clone() } else { Err("bad_header") };
            assert_eq!(asked(&[(IF_MATCH, tag)]), expected, "{tag}");
        }
    }

    #[test]
    fn what_cannot_be_a_condition_is_refused() {
        let twice = [(IF_MATCH, "a"), (IF_MATCH, "b")];
        let both = [(IF_MATCH, "*"), (IF_NONE_MATCH, "*")];
        assert_eq!(asked(&twice), Err("bad_header"));
        assert_eq!(asked(&both), Err("bad_header"));
        assert_eq!(asked(&[(IF_MATCH, "a,,b")]), Err("bad_header"));
        assert_eq!(asked(&[(IF_MATCH, &["a"; 17].join(","))]), Err("bad_header"));
        assert_eq!(asked(&[(IF_NONE_MATCH, "\"a\"")]), Err("bad_header"));
    }
}
