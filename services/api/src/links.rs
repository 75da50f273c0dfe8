//! The links to the other regions: shown, paused, resumed, and their ends compared.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use tombolo_actors::LinkStatus;
use tombolo_causality::RegionId;
use utoipa::ToSchema;

use crate::api::Api;
use crate::percent::{Plus, decode};
use crate::problem::Problem;
use crate::route::LinkAction;

/// All links, by peer.
#[derive(Serialize, ToSchema)]
#[schema(as = Links)]
pub(crate) struct List {
    links: Vec<Link>,
}

/// A link as the contract writes it.
#[derive(Serialize, ToSchema)]
struct Link {
    /// The region at its other end.
    peer: String,
    /// `up`, `lagging`, `paused`, `down` or `needs_snapshot`.
    state: String,
    /// Why it is not up, where it is not.
    #[schema(required)]
    reason: Option<String>,
    /// The circuit breaker: `closed`, `open` or `half_open`.
    breaker: String,
    /// Time since the peer stood where all that it had is visible here.
    inbound_lag_ms: u64,
    #[schema(required)]
    last_heard_ms: Option<u64>,
    /// Own changes that the peer has not acknowledged.
    outbound_pending_changes: u64,
    /// Sent and not yet acknowledged.
    outbound_pending_bytes: u64,
    #[schema(required)]
    rtt_ms: Option<f64>,
    /// The peer's wall clock less this region's, as of the shortest of the last round trips.
    #[schema(required)]
    clock_skew_ms: Option<i64>,
    bytes_sent: u64,
    bytes_received: u64,
    batches_sent: u64,
}

impl From<LinkStatus> for Link {
    fn from(status: LinkStatus) -> Self {
        Self {
            peer: status.peer.as_str().to_owned(),
            state: status.state.to_string(),
            reason: status.reason,
            breaker: status.breaker.to_string(),
            inbound_lag_ms: status.inbound_lag_ms,
            last_heard_ms: status.last_heard_ms,
            outbound_pending_changes: status.outbound_pending_changes,
            outbound_pending_bytes: status.outbound_pending_bytes,
            rtt_ms: status.rtt_ms,
            clock_skew_ms: status.clock_skew_ms,
            bytes_sent: status.bytes_sent,
            bytes_received: status.bytes_received,
            batches_sent: status.batches_sent,
        }
    }
}

/// Answers `GET /v1/links`.
pub(crate) fn list(api: &Api) -> HttpResponse {
    let links = api.region().links().into_iter().map(Link::from).collect();
    api.letterhead().show(StatusCode::OK, &List { links })
}

/// Answers `POST /v1/links/{peer}/{action}`. Repeating it changes nothing, but for a comparison,
/// which is begun anew.
pub(crate) async fn act(
    api: &Api,
    peer: &str,
    action: LinkAction,
) -> Result<HttpResponse, Problem> {
    let name = decode(peer, Plus::Literal)
        .map_err(|source| Problem::BadEncoding { what: "peer's name", source })?;
    let peer = RegionId::new(&name).ok();
    let peer = peer.ok_or_else(|| Problem::NoSuchPeer { name: crate::problem::excerpt(&name) })?;
    let link = match action {
        LinkAction::Pause => api.region().pause_link(peer).await?,
        LinkAction::Resume => api.region().resume_link(peer).await?,
        LinkAction::Resync => api.region().resync(peer).await?,
    };
    Ok(api.letterhead().show(StatusCode::OK, &Link::from(link)))
}
