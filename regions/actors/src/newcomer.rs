//! Whether a region that begins with an empty directory comes to a cluster that is there already.
//!
//! One that the cluster began with finds peers that begin as well, or that know it; it is open at
//! once. One that was added later, or is yet to be, is told so by whoever answers: it takes what a
//! member shows before it is asked anything, and keeps trying until it is let in.

use core::time::Duration;
use std::sync::Arc;

use tokio::time::timeout;
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Purpose, RefusalCode};

use crate::connection::ConnectionError;
use crate::dialling::{dial, hello};
use crate::identity_check::join_all;
use crate::links::Link;

/// A member that does not take `own` for one that the cluster began with; nothing where there is
/// none, as far as they answer within `wait`.
pub(crate) async fn met_by(
    cluster: &str,
    own: ReplicaId,
    peers: &[Arc<Link>],
    wait: Duration,
) -> Option<RegionId> {
    let hello = hello(cluster, own, VersionVector::new(), Purpose::Identify);
    let asked = peers.iter().map(|link| {
        let (host, port) = &link.address;
        timeout(wait, dial((host, *port), hello.clone(), link.peer))
    });
    let answers = join_all(asked).await;
    let met = |code: RefusalCode| {
        let found = peers.iter().zip(&answers).find(|(_, answer)| {
            matches!(answer, Ok(Err(ConnectionError::Refused { code: said, .. })) if *said == code)
        });
        found.map(|(link, _)| link.peer)
    };
    // Who has heard of its addition can give it what it shows at once.
    met(RefusalCode::Newcomer).or_else(|| met(RefusalCode::UnknownRegion))
}
