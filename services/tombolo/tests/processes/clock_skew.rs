//! What a link shows of the peer's clock: of regions on one machine, that it is the same.

use std::time::Duration;

use tombolo_wan::LinkShape;

use crate::support::{Cluster, Distance};

#[test]
fn the_way_between_two_regions_is_not_taken_for_a_difference_of_their_clocks() {
    let delay = LinkShape::with_delay(Duration::from_millis(150));
    let cluster = Cluster::start_with(Distance::Relay(delay), &|_| {});
    let a = cluster.at("a");
    for peer in ["b", "c"] {
        // A clock that was read without the way back would seem to be 150 ms behind.
        crate::support::eventually("the skew is known and small", || {
            a.link(peer)["clock_skew_ms"].as_i64().is_some_and(|ms| ms.abs() < 75)
        });
        let metric = a.metric(&format!("tombolo_link_clock_skew_seconds{{peer=\"{peer}\"}}"));
        assert!(metric.abs() < 0.075, "{metric}");
    }
}
