//! The region itself: who it is, how far it has come, and whether it is well.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use tombolo_causality::VersionVector;
use tombolo_storage::View;
use utoipa::ToSchema;

use crate::api::Api;
use crate::problem::Problem;
use crate::rfc3339;

/// A region, and how far it has come.
#[derive(Serialize, ToSchema)]
#[schema(as = Region)]
pub(crate) struct RegionBody<'a> {
    region: &'a str,
    /// Whether it takes part: a region that was removed takes no writes.
    is_member: bool,
    /// Who takes part, in their order, as far as it has heard.
    members: Vec<String>,
    /// How many times that has changed since the cluster began.
    membership_epoch: u64,
    /// The life of its data directory.
    incarnation: String,
    /// Of its process.
    pid: u32,
    /// Per replica, the highest sequence that is shown.
    version_vector: BTreeMap<String, u64>,
    /// The changes that were set aside.
    #[schema(max_items = 1000)]
    exceptions: Vec<ExceptionBody>,
    /// Where its hybrid clock stands.
    #[schema(format = DateTime)]
    clock: String,
    #[schema(format = DateTime)]
    started_at: String,
}

/// That it is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// A change that the region has and could not apply.
#[derive(Serialize, ToSchema)]
#[schema(as = Exception)]
pub(crate) struct ExceptionBody {
    /// The replica that made the change, and its sequence.
    dot: String,
    /// Why it could not be applied.
    #[schema(value_type = String, pattern = "^[a-z_]+$")]
    reason: &'static str,
}

/// The changes that are in the vector of `view` and not shown there.
pub(crate) fn exceptions(view: &View) -> Vec<ExceptionBody> {
    let exceptions = view.exceptions().iter();
    exceptions
        .map(|(dot, reason)| ExceptionBody { dot: dot.to_string(), reason: reason.name() })
        .collect()
}

/// A vector as the contract writes it: an object of replica to sequence, without zeros.
pub(crate) fn vector_object(vector: &VersionVector) -> BTreeMap<String, u64> {
    vector.iter().map(|(replica, seq)| (replica.to_string(), seq)).collect()
}

/// Answers `GET /v1/region`. The clock is where the hybrid clock stands: never behind what is
/// shown, whatever the wall says.
pub(crate) fn show(api: &Api) -> HttpResponse {
    let region = api.region();
    let (name, view) = (region.name(), region.view());
    let members = region.members();
    let clock_ms = region.now_ms().max(view.stamp_floor().millis());
    let body = RegionBody {
        region: name.as_str(),
        is_member: region.is_member(),
        members: members.members().iter().map(|member| member.region.to_string()).collect(),
        membership_epoch: members.epoch(),
        incarnation: format!("{:016x}", region.replica().incarnation.0),
        pid: std::process::id(),
        version_vector: vector_object(view.vector()),
        exceptions: exceptions(&view),
        clock: rfc3339::text(clock_ms),
        started_at: rfc3339::text(region.started_at_ms()),
    };
    api.letterhead().show(StatusCode::OK, &body)
}

/// Answers `GET /livez`: who answers lives.
pub(crate) fn live(api: &Api) -> HttpResponse {
    api.letterhead().show(StatusCode::OK, &Health { status: "live" })
}

/// Answers `GET /readyz`: whether the region takes commands. Other regions have no say in it.
pub(crate) fn ready(api: &Api) -> Result<HttpResponse, Problem> {
    if api.region().is_ready() {
        Ok(api.letterhead().show(StatusCode::OK, &Health { status: "ready" }))
    } else {
        Err(Problem::NotReady { region: api.region().name() })
    }
}
