//! The members of the cluster: shown, added, removed.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value};
use tombolo_actors::{MemberAnswer, MembersNow};
use tombolo_causality::RegionId;
use tombolo_replication::{MemberAddress, MemberCommand};
use tombolo_topology::settings::PeerAddress;
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::percent::{Plus, decode};
use crate::problem::{Problem, excerpt};
use crate::route::Verb;

/// The members, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = Members)]
pub(crate) struct List {
    /// How many times the list has changed since the cluster began.
    epoch: u64,
    /// The region that orders tables and members: the first of them.
    orderer: String,
    members: Vec<Member>,
    /// Regions that were members, and were not added again.
    removed: Vec<RemovedMember>,
}

/// A member as the contract writes it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Member {
    region: String,
    /// Where the others dial it.
    replication: String,
    /// Members that have not confirmed that it was added.
    unconfirmed_by: Vec<String>,
}

/// A region that no longer is one.
#[derive(Serialize, ToSchema)]
struct RemovedMember {
    region: String,
    /// Members that have not confirmed that it was removed.
    unconfirmed_by: Vec<String>,
    /// Where its streams end: the highest sequence that a member has, per replica.
    last: BTreeMap<String, u64>,
    /// Members that do not have all of that yet.
    behind: Vec<String>,
}

/// Answers `GET /v1/members`.
pub(crate) fn list(api: &Api) -> HttpResponse {
    let MembersNow { members, unconfirmed, left } = api.region().members_now();
    let orderer = members.orderer().unwrap_or(api.region().name());
    let removed = members.removed().iter().zip(left).map(|(removed, (unconfirmed, levelling))| {
        let ends = levelling.ends.into_iter();
        RemovedMember {
            region: removed.region.to_string(),
            unconfirmed_by: names(&unconfirmed),
            last: ends.map(|(replica, seq)| (replica.to_string(), seq)).collect(),
            behind: names(&levelling.behind),
        }
    });
    let listed = members.members().iter().zip(&unconfirmed).map(|(member, unconfirmed)| Member {
        region: member.region.to_string(),
        replication: member.address.as_str().to_owned(),
        unconfirmed_by: names(unconfirmed),
    });
    let body = List {
        epoch: members.epoch(),
        orderer: orderer.to_string(),
        members: listed.collect(),
        removed: removed.collect(),
    };
    api.letterhead().show(StatusCode::OK, &body)
}

/// Answers a call on `/v1/members`. Adding a member that is one changes nothing.
pub(crate) async fn answer(
    api: &Api,
    verb: Verb,
    headers: &HeaderMap,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    if verb.is_safe() {
        return Ok(list(api));
    }
    Media::check_json_or_undeclared(headers)?;
    let text = read_json(headers, payload, api.body_limits()).await?;
    let (region, address) = parse(text.as_str())?;
    let replication = address.as_str().to_owned();
    let command = MemberCommand::Add { region, address };
    let status = match api.region().call_members(command).await? {
        MemberAnswer::Changed => StatusCode::CREATED,
        MemberAnswer::AsItWas => StatusCode::OK,
    };
    let region = region.to_string();
    let member = Member { region, replication, unconfirmed_by: Vec::new() };
    Ok(api.letterhead().show(status, &member))
}

/// Answers `DELETE /v1/members/{region}`. Removing a region that was removed changes nothing.
pub(crate) async fn remove(api: &Api, region: &str) -> Result<HttpResponse, Problem> {
    let name = decode(region, Plus::Literal)
        .map_err(|source| Problem::BadEncoding { what: "member's name", source })?;
    let region = RegionId::new(&name).ok();
    let region = region.ok_or_else(|| Problem::NoSuchMember { name: excerpt(&name) })?;
    let command = MemberCommand::Remove { region };
    api.region().call_members(command).await?;
    Ok(api.letterhead().no_content())
}

/// What is to be added: a name and an address, and nothing else.
fn parse(text: &str) -> Result<(RegionId, MemberAddress), Problem> {
    let bad = |detail: &str| Problem::BadMember { detail: detail.to_owned() };
    let members: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| bad("it is not an object"))?;
    if let Some(name) = members.keys().find(|name| *name != "region" && *name != "replication") {
        return Err(Problem::UnknownMember { name: excerpt(name) });
    }
    let text_of = |name: &str| members.get(name).and_then(Value::as_str);
    let region = text_of("region").ok_or_else(|| bad("`region` is not a text"))?;
    let region = RegionId::new(region).map_err(|error| bad(&error.to_string()))?;
    let address = text_of("replication").ok_or_else(|| bad("`replication` is not a text"))?;
    let parsed: PeerAddress = address.parse().map_err(|error| bad(&format!("{error}")))?;
    if parsed.port() == 0 {
        return Err(bad("`replication` has port 0, which cannot be dialled"));
    }
    let address = MemberAddress::new(&parsed.to_string()).map_err(|error| bad(&error.to_string()));
    Ok((region, address?))
}

fn names(regions: &[RegionId]) -> Vec<String> {
    regions.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_a_name_and_an_address_that_can_be_dialled() {
        let (region, address) =
            parse(r#"{"region":"ap-south","replication":"[::1]:7403"}"#).unwrap();
        assert_eq!((region.as_str(), address.as_str()), ("ap-south", "[::1]:7403"));
    }

    #[test]
    fn anything_else_is_refused() {
        let bad = [
            "[]",
            r#"{"region":"a"}"#,
            r#"{"replication":"a:1"}"#,
            r#"{"region":"A","replication":"a:1"}"#,
            r#"{"region":"a","replication":"a"}"#,
            r#"{"region":"a","replication":"a:0"}"#,
            r#"{"region":"a","replication":1}"#,
        ];
        for text in bad {
            let refused = parse(text).unwrap_err();
            assert!(matches!(refused, Problem::BadMember { .. }), "{text}: {refused:?}");
        }
        let unknown = parse(r#"{"region":"a","replication":"a:1","weight":2}"#).unwrap_err();
        assert!(matches!(unknown, Problem::UnknownMember { name } if name == "weight"));
    }
}
