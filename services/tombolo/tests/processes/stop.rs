//! A region that stands still: the others do not notice but for the lag, which tells the truth.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Cluster, eventually, until};

/// How soon the lag must show that nothing arrives.
const NOTICED_WITHIN: Duration = Duration::from_secs(1);
/// A lag that no region has that hears of its peers.
const LAG_MS: u64 = 500;
/// For how long the region stands still, as the others see it.
const STOPPED_MS: u64 = 4_000;

#[test]
fn the_lag_to_a_stopped_region_rises_at_once_while_the_others_go_on() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    a.define("notes", "register");
    b.put("notes", "before", 0);
    cluster.level();
    let lag = || a.link_number("b", "inbound_lag_ms");
    eventually("nothing is behind", || lag() < LAG_MS);

    b.process().signal(Signal::STOP);
    until(NOTICED_WITHIN, "the lag shows it", || {
        let lag = lag();
        if lag > LAG_MS { Ok(()) } else { Err(format!("{lag} ms")) }
    });
    let mut last = lag();
    for nth in 0_u64.. {
        a.put("notes", "of_a", nth);
        c.put("notes", "of_c", nth);
        eventually("a's write is in c", || c.value("notes", "of_a") == nth);
        eventually("c's write is in a", || a.value("notes", "of_c") == nth);
        assert!(a.link_number("c", "inbound_lag_ms") < LAG_MS);
        let now = lag();
        assert!(now >= last, "{now} ms after {last} ms");
        last = now;
        if now > STOPPED_MS {
            break;
        }
    }
    eventually("the link is down", || a.link("b")["state"] == "down");
    assert_ne!(a.link("b")["breaker"], "closed");

    b.process().signal(Signal::CONT);
    for peer in ["a", "c"] {
        eventually("the lag falls back", || {
            cluster.at(peer).link_number("b", "inbound_lag_ms") < LAG_MS
                && b.link_number(peer, "inbound_lag_ms") < LAG_MS
        });
    }
    let level = cluster.level();
    assert_eq!(level.items, 3);
    for [one, other] in [["a", "b"], ["b", "a"], ["b", "c"], ["c", "b"]] {
        eventually("every link is up", || cluster.at(one).link(other)["state"] == "up");
        assert_eq!(cluster.at(one).link(other)["breaker"], "closed");
    }
}
