//! Sessions that go from region to region, and writes that wait for several of them.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tombolo_wan::LinkShape;

use crate::support::{Cluster, Distance, Region, Reply, eventually, item};

const FAR: LinkShape = LinkShape::with_delay(Duration::from_millis(100));

/// Writes an item; answers the token of who has done so.
fn put(region: &Region, key: &str, value: impl Into<Value>) -> String {
    let reply = region.ask("PUT", &item("notes", key), Some(&value.into()));
    assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    token(&reply)
}

fn token(reply: &Reply) -> String {
    reply.header("tombolo-session").unwrap().to_owned()
}

/// Reads an item with a token and a further parameter.
fn get(region: &Region, key: &str, token: &str, parameter: &str) -> Reply {
    region.ask("GET", &format!("{}?session={token}&{parameter}", item("notes", key)), None)
}

fn all_up(cluster: &Cluster) {
    for [one, other] in [["a", "b"], ["b", "a"], ["a", "c"], ["c", "a"], ["b", "c"], ["c", "b"]] {
        eventually("every link is up", || cluster.at(one).link(other)["state"] == "up");
    }
}

fn far_apart() -> Cluster {
    apart(FAR)
}

fn apart(shape: LinkShape) -> Cluster {
    let cluster = Cluster::start_with(Distance::Relay(shape), &|_| {});
    cluster.at("a").define("notes", "register");
    cluster.at("a").define("hits", "counter");
    all_up(&cluster);
    cluster
}

#[track_caller]
fn served(reply: &Reply, asked: &str, by: &str) {
    let named = ["tombolo-region", "tombolo-served-by"].map(|name| reply.header(name).unwrap());
    assert_eq!(named, [asked, by], "{reply:?}");
}

#[test]
fn what_a_session_has_written_is_seen_wherever_it_goes() {
    let cluster = far_apart();
    let [a, _, c] = cluster.all();
    put(a, "k", 0);
    eventually("c shows the first", || c.value("notes", "k") == 0);
    let mut behind = 0;
    for nth in 1..10 {
        let token = put(a, "k", nth);
        behind += u32::from(c.value("notes", "k") != nth);
        let read = get(c, "k", &token, "wait_ms=5000");
        assert_eq!(read.body["value"], nth);
        served(&read, "c", "c");
    }
    assert!(behind > 0, "c was never behind, so nothing was waited for");
}

#[test]
fn what_a_session_has_read_is_not_unread_elsewhere() {
    let cluster = far_apart();
    let [a, b, c] = cluster.all();
    put(a, "k", 1);
    eventually("b shows it", || b.value("notes", "k") == 1);
    let read = b.ask("GET", &item("notes", "k"), None);
    let deleted = a.ask("DELETE", &item("notes", "k"), None);
    assert_eq!(deleted.status, 204);
    assert_eq!(get(c, "k", &token(&read), "").status, 200);
    // Gone is gone, too: the token of who has met the deletion waits for it.
    assert_eq!(get(c, "k", &token(&deleted), "").status, 404);
}

#[test]
fn around_a_paused_link_a_session_waits_for_the_relay() {
    let cluster = far_apart();
    let [a, _, c] = cluster.all();
    a.steer("c", "pause");
    eventually("c knows", || c.link("a")["state"] == "paused");
    for nth in 0..5 {
        let read = get(c, "k", &put(a, "k", nth), "wait_ms=9000");
        assert_eq!(read.body["value"], nth);
        served(&read, "c", "c");
    }
}

#[test]
fn cut_off_from_all_a_region_refuses_and_never_shows_less() {
    let cluster = far_apart();
    let [a, b, c] = cluster.all();
    put(a, "k", 0);
    eventually("c shows the first", || c.value("notes", "k") == 0);
    for peer in ["a", "b"] {
        c.steer(peer, "pause");
    }
    eventually("both know", || [a, b].iter().all(|peer| peer.link("c")["state"] == "paused"));
    let token = put(a, "k", 1);
    for parameter in ["", "wait_ms=0", "consistency=read_your_writes"] {
        let refused = get(c, "k", &token, parameter);
        assert_eq!((refused.status, &refused.body["code"]), (503, &json!("stale_replica")));
        assert!(refused.header("retry-after").is_some());
        served(&refused, "c", "c");
    }
    let path = format!("{}?session={token}&wait_ms=0", item("notes", "k"));
    assert_eq!(c.ask("PUT", &path, Some(&json!(2))).status, 503);
    assert_eq!(get(c, "k", &token, "consistency=eventual").body["value"], 0);

    c.steer("a", "resume");
    eventually("c answers again", || get(c, "k", &token, "").status == 200);
    assert_eq!(get(c, "k", &token, "").body["value"], 1);
}

#[test]
fn who_does_not_wait_is_answered_by_a_region_that_has_it() {
    let cluster = apart(LinkShape::with_delay(Duration::from_millis(300)));
    let [a, _, c] = cluster.all();
    let token_of_1 = put(a, "k", 1);
    let read = get(c, "k", &token_of_1, "wait_ms=0");
    assert_eq!((read.status, &read.body["value"]), (200, &json!(1)));
    served(&read, "c", "a");
    assert!(read.header("etag").is_some());

    let put_elsewhere = |token: &str, value: i64| {
        let path = format!("{}?session={token}&wait_ms=0", item("notes", "k"));
        c.ask("PUT", &path, Some(&json!(value)))
    };
    let written = put_elsewhere(&put(a, "other", 1), 2);
    assert_eq!(written.status, 200);
    served(&written, "c", "a");
    assert_eq!(written.header("tombolo-acks"), Some("a"));
    assert_eq!(get(a, "k", &token(&written), "").body["written_in"], "a");
    assert_eq!(get(c, "k", &token(&written), "wait_ms=5000").body["value"], 2);

    for nth in 1..=5 {
        let path = format!("{}?session={}&wait_ms=0", item("hits", "n"), put(a, "k", nth));
        let counted = c.ask("PATCH", &path, Some(&json!({"increment": 1})));
        assert_eq!(counted.body["value"], nth, "{counted:?}");
        served(&counted, "c", "a");
    }
    let absent = get(c, "never", &put(a, "k", 0), "wait_ms=0");
    assert_eq!((absent.status, &absent.body["code"]), (404, &json!("no_such_item")));
    served(&absent, "c", "a");
    cluster.level();
}

#[test]
fn a_pause_breaks_off_what_is_being_forwarded_and_nobody_claims_to_know_its_fate() {
    let cluster = Cluster::start_with(Distance::Relay(FAR), &|settings| {
        // Nothing but what is forwarded is to be sent, and nothing is to be given up by itself.
        settings.replication.heartbeat = Duration::from_secs(3);
        settings.replication.silence_max = Duration::from_mins(1);
        settings.replication.definition_timeout = Duration::from_secs(20);
        settings.replication.forward_timeout = Duration::from_secs(9);
    });
    let [a, b, c] = cluster.all();
    a.define("notes", "register");
    b.steer("c", "pause");
    eventually("c knows", || c.link("b")["state"] == "paused");
    eventually("c has asked a", || {
        let read = get(c, "k", &put(a, "k", 1), "wait_ms=0");
        read.header("tombolo-served-by") == Some("a")
    });
    cluster.wan().cut("a", "c").unwrap();
    let path = format!("{}?session={}&wait_ms=0", item("notes", "k"), put(a, "k", 2));
    let sent = || c.link_number("a", "bytes_sent");
    let (before, mut client) = (sent(), c.client());
    let long = json!("long".repeat(1_000));
    let asked = thread::spawn(move || client.call("PUT", &path, Some(&long)).unwrap());
    eventually("it is on its way", || sent() > before + 4_000);
    assert!(!asked.is_finished());
    let paused_at = Instant::now();
    c.steer("a", "pause");
    let reply = asked.join().unwrap();
    assert!(paused_at.elapsed() < Duration::from_secs(1), "{:?}", paused_at.elapsed());
    let told = ["code", "outcome", "retryable"].map(|member| &reply.body[member]);
    assert_eq!(reply.status, 504);
    assert_eq!(told, [&json!("forward_unanswered"), &json!("unknown"), &json!(false)]);
}

/// Writes an item that is to be held by `w` regions.
fn put_w(region: &Region, w: u64, timeout_ms: u64) -> Reply {
    let path = format!("{}?w={w}&timeout_ms={timeout_ms}", item("notes", "k"));
    region.ask("PUT", &path, Some(&json!(w)))
}

#[test]
fn a_write_waits_for_as_many_regions_as_it_asks_for() {
    let cluster = far_apart();
    let [a, b, c] = cluster.all();
    let all = put_w(a, 3, 5_000);
    assert!(all.status < 300, "{all:?}");
    assert_eq!(all.header("tombolo-acks"), Some("a,b,c"));
    assert_eq!([b, c].map(|region| region.value("notes", "k")), [json!(3), json!(3)]);

    // One that is reached by relay counts, though only others hear of it.
    a.steer("c", "pause");
    eventually("c knows", || c.link("a")["state"] == "paused");
    let relayed = put_w(a, 3, 9_000);
    assert_eq!((relayed.status, relayed.header("tombolo-acks")), (200, Some("a,b,c")));
    a.define("more", "register");

    b.steer("c", "pause");
    eventually("b is paused too", || c.link("b")["state"] == "paused");
    let two = put_w(a, 2, 5_000);
    assert_eq!((two.status, two.header("tombolo-acks")), (200, Some("a,b")));
    let unmet = put_w(a, 3, 500);
    let told = ["code", "outcome", "retryable"].map(|member| &unmet.body[member]);
    assert_eq!(unmet.status, 504);
    assert_eq!(told, [&json!("write_concern_unmet"), &json!("applied_locally"), &json!(false)]);
    assert_eq!(unmet.header("tombolo-acks"), Some("a,b"));
    assert_eq!(a.value("notes", "k"), 3);
    let many = put_w(a, 4, 0);
    assert_eq!(many.status, 422);
}

#[test]
fn an_acknowledgement_does_not_wait_for_a_heartbeat() {
    const HEARTBEAT: Duration = Duration::from_secs(3);
    let cluster = Cluster::start_with(Distance::None, &|settings| {
        settings.replication.heartbeat = HEARTBEAT;
        settings.replication.silence_max = 4 * HEARTBEAT;
        settings.replication.definition_timeout = 4 * HEARTBEAT;
    });
    let a = cluster.at("a");
    a.define("notes", "register");
    // Between two heartbeats there is room for all of them but one.
    let began = Instant::now();
    for _ in 0..10 {
        assert!(put_w(a, 3, 9_000).status < 300);
    }
    assert!(began.elapsed() < HEARTBEAT, "{:?}", began.elapsed());
}
