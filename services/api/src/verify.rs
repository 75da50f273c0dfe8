//! Comparing with every other region what is held, and repairing what differs.
//!
//! The answer comes when all of it is done, however long that takes; it goes on where the asker has
//! gone. One comparison is made at a time.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use tombolo_actors::Verified;
use utoipa::ToSchema;

use crate::api::Api;
use crate::problem::Problem;
use crate::region::vector_object;

/// What came of it, by region.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub(crate) struct Body {
    regions: Vec<Peer>,
}

/// What came of comparing with one region.
#[derive(Serialize, ToSchema)]
#[schema(as = ComparedRegion)]
struct Peer {
    /// The other region.
    region: String,
    /// Whether it held the same as this one, before anything was repaired.
    identical: bool,
    /// Items that were different and no longer are.
    repaired_items: u64,
    /// Items that are still different: no region that can say what they are could be asked, or they
    /// are too large to be sent.
    unrepaired_items: u64,
    /// Items that were compared, of either region.
    compared_items: u64,
    /// Items that were written so often that they were never seen at rest.
    in_flight_items: u64,
    /// What this region showed at the beginning: as of this both hold the same, unless items are
    /// unrepaired.
    vector: BTreeMap<String, u64>,
    /// Why not everything was compared, where it was not.
    #[schema(required)]
    reason: Option<String>,
}

impl From<Verified> for Peer {
    fn from(verified: Verified) -> Self {
        let identical = verified.is_identical();
        let Verified { region, vector, findings, reason } = verified;
        let lacks = "it lacks tables that it shows the definitions of".to_owned();
        Self {
            region: region.as_str().to_owned(),
            identical,
            repaired_items: findings.repaired_items,
            unrepaired_items: findings.differing_items.saturating_sub(findings.repaired_items),
            compared_items: findings.compared_items,
            in_flight_items: findings.in_flight_items,
            vector: vector_object(&vector),
            reason: reason.or((findings.missing_tables > 0).then_some(lacks)),
        }
    }
}

/// Answers `POST /v1/verify`.
pub(crate) async fn run(api: &Api) -> Result<HttpResponse, Problem> {
    let regions = api.region().verify().await?.into_iter().map(Peer::from).collect();
    Ok(api.letterhead().show(StatusCode::OK, &Body { regions }))
}
