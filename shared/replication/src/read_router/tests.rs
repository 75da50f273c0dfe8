//! Exact outputs of the router.

use tombolo_causality::{Incarnation, ReplicaId};

use super::*;

fn region(name: &str) -> RegionId {
    RegionId::new(name).unwrap()
}

fn vector(entries: &[(&str, u64)]) -> VersionVector {
    let replica = |name| ReplicaId::new(region(name), Incarnation(1));
    entries.iter().map(|(name, seq)| (replica(name), *seq)).collect()
}

fn peer(name: &str, rtt_us: Option<u64>, shows: &[(&str, u64)]) -> Peer {
    Peer { region: region(name), vector: vector(shows), is_usable: true, rtt_us }
}

fn router(required: &[(&str, u64)], hop: Hop) -> ReadRouter {
    ReadRouter::new(vector(required), 100, hop)
}

#[test]
fn each_consistency_requires_its_own() {
    let session = Session::of(vector(&[("a", 5), ("b", 1)]), vector(&[("b", 3)]));
    let required = |consistency| required(consistency, &session);
    assert_eq!(required(Consistency::Eventual), vector(&[]));
    assert_eq!(required(Consistency::ReadYourWrites), vector(&[("a", 5), ("b", 1)]));
    assert_eq!(required(Consistency::MonotonicReads), vector(&[("b", 3)]));
    assert_eq!(required(Consistency::Session), vector(&[("a", 5), ("b", 3)]));
}

#[test]
fn what_is_here_is_served_whatever_the_time() {
    let router = router(&[("a", 5)], Hop::First);
    assert_eq!(router.route(0, &vector(&[("a", 5), ("b", 1)]), []), Route::Serve);
    assert_eq!(router.route(1_000, &vector(&[("a", 6)]), []), Route::Serve);
}

#[test]
fn what_is_not_here_is_waited_for_though_a_peer_has_it() {
    let router = router(&[("a", 5)], Hop::First);
    let near = peer("c", Some(1), &[("a", 5)]);
    assert_eq!(router.route(99, &vector(&[("a", 4)]), [near]), Route::Wait { until_ms: 100 });
}

#[test]
fn after_the_wait_the_nearest_that_has_it_is_asked() {
    let router = router(&[("a", 5)], Hop::First);
    let peers = || {
        [
            peer("b", Some(1), &[("a", 4)]),
            peer("c", Some(9), &[("a", 5)]),
            peer("d", Some(7), &[("a", 6)]),
            peer("e", None, &[("a", 6)]),
        ]
    };
    let nothing = vector(&[]);
    assert_eq!(router.route(100, &nothing, peers()), Route::Forward { to: region("d") });
    let unusable = peers().map(|peer| Peer { is_usable: peer.region == region("e"), ..peer });
    assert_eq!(router.route(100, &nothing, unusable), Route::Forward { to: region("e") });
}

#[test]
fn a_region_is_taken_to_have_what_it_wrote() {
    let of_a = router(&[("a", 5)], Hop::First);
    assert_eq!(
        of_a.route(100, &vector(&[]), [peer("a", None, &[])]),
        Route::Forward { to: region("a") }
    );
    let of_both = router(&[("a", 5), ("b", 1)], Hop::First);
    assert_eq!(of_both.route(100, &vector(&[]), [peer("a", None, &[])]), Route::Refuse);
}

#[test]
fn who_was_asked_in_vain_is_not_asked_again() {
    let mut router = router(&[("a", 5)], Hop::First);
    let peers = || [peer("c", Some(1), &[("a", 5)]), peer("d", Some(2), &[("a", 5)])];
    let nothing = vector(&[]);
    router.failed(region("c"));
    assert_eq!(router.route(100, &nothing, peers()), Route::Forward { to: region("d") });
    router.failed(region("d"));
    assert_eq!(router.route(100, &nothing, peers()), Route::Refuse);
}

#[test]
fn a_forwarded_request_goes_no_further() {
    let router = router(&[("a", 5)], Hop::Forwarded);
    let able = peer("a", Some(1), &[("a", 5)]);
    assert_eq!(router.route(99, &vector(&[]), [able.clone()]), Route::Wait { until_ms: 100 });
    assert_eq!(router.route(100, &vector(&[]), [able]), Route::Refuse);
}
