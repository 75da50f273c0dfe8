//! One link of three paused, slow or cut: everything arrives around it, nothing before what its
//! author had seen, and the link says what it is.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tombolo_wan::LinkShape;

use crate::support::{Cluster, Distance, Region, eventually, until};

/// How soon a pause must be felt and seen at both ends.
const PAUSED_WITHIN: Duration = Duration::from_secs(1);

/// Waits until both ends of the link between `a` and `c` show it paused.
fn both_show_the_pause(cluster: &Cluster) {
    until(PAUSED_WITHIN, "both ends show the pause", || {
        let states = [("a", "c"), ("c", "a")].map(|(one, other)| {
            let link = cluster.at(one).link(other);
            link["state"].as_str().unwrap().to_owned()
        });
        if states == ["paused", "paused"] { Ok(()) } else { Err(format!("{states:?}")) }
    });
}

fn eventually_up(cluster: &Cluster) {
    for [one, other] in [["a", "b"], ["b", "a"], ["a", "c"], ["c", "a"], ["b", "c"], ["c", "b"]] {
        eventually("every link is up", || cluster.at(one).link(other)["state"] == "up");
    }
}

#[test]
fn what_a_paused_link_does_not_carry_arrives_around_it() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    a.define("notes", "register");
    eventually_up(&cluster);
    a.steer("c", "pause");
    both_show_the_pause(&cluster);
    let carried = || {
        [(a, "c"), (c, "a")].map(|(region, peer)| {
            ["bytes_sent", "bytes_received", "batches_sent"]
                .map(|member| region.link_number(peer, member))
        })
    };
    let before = carried();
    for nth in 0..20 {
        a.put("notes", "of_a", nth);
        eventually("a's write is in c", || c.value("notes", "of_a") == nth);
        c.put("notes", "of_c", nth);
        eventually("c's write is in a", || a.value("notes", "of_c") == nth);
    }
    assert_eq!(carried(), before, "bytes on the paused link");
    assert_eq!(b.link("a")["state"], "up");
    assert_eq!(b.link("c")["state"], "up");
    cluster.level();

    a.steer("c", "resume");
    eventually_up(&cluster);
    let before = a.link_number("c", "batches_sent");
    a.put("notes", "of_a", "direct");
    eventually("a's write is in c", || c.value("notes", "of_a") == "direct");
    eventually("it was sent there", || a.link_number("c", "batches_sent") > before);
    cluster.level();
}

#[test]
fn a_link_shows_exactly_what_it_is() {
    let cluster = Cluster::start();
    let [a, _, c] = cluster.all();
    a.define("notes", "register");
    eventually_up(&cluster);
    let up = a.link("c");
    assert_eq!((&up["reason"], &up["breaker"]), (&Value::Null, &json!("closed")));
    assert!(up["rtt_ms"].as_f64().is_some_and(|rtt_ms| rtt_ms < 1_000.0), "{up}");
    assert!(up["last_heard_ms"].as_u64().is_some_and(|ms| ms < 1_000), "{up}");
    eventually("nothing is pending", || {
        let link = a.link("c");
        link["outbound_pending_changes"] == 0 && link["outbound_pending_bytes"] == 0
    });

    let paused = a.steer("c", "pause");
    assert_eq!((&paused["state"], &paused["reason"]), (&json!("paused"), &json!("paused here")));
    both_show_the_pause(&cluster);
    assert_eq!(a.link("c")["breaker"], "open");
    assert_eq!(c.link("a")["reason"], "paused by a");
    assert_ne!(c.link("a")["breaker"], "closed");
    let last_heard_ms = || a.link_number("c", "last_heard_ms");
    let lag_ms = || a.link_number("c", "inbound_lag_ms");
    let before = (last_heard_ms(), lag_ms());
    eventually("the silence grows", || last_heard_ms() > before.0 && lag_ms() > before.1);
}

#[test]
fn a_pause_is_idempotent_and_lasts_until_both_sides_have_ended_it() {
    let mut cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    eventually_up(&cluster);
    for _ in 0..2 {
        assert_eq!(cluster.at("a").steer("c", "pause")["state"], "paused");
    }
    both_show_the_pause(&cluster);

    // Restarted, in good order or not, each side still knows.
    for restarted in ["a", "c"] {
        cluster.at_mut(restarted).stop();
        cluster.at_mut(restarted).start();
        until(Duration::from_secs(5), "the pause outlives a restart", || {
            let [a, c] = [cluster.at("a").link("c"), cluster.at("c").link("a")];
            let both = a["reason"] == "paused here" && c["reason"] == "paused by a";
            both.then_some(()).ok_or_else(|| format!("{a} {c}"))
        });
        cluster.at_mut(restarted).kill();
        cluster.at_mut(restarted).start();
        eventually("the pause outlives a crash", || {
            cluster.at("a").link("c")["reason"] == "paused here"
                && cluster.at("c").link("a")["reason"] == "paused by a"
        });
    }

    // The side that has not paused it cannot end the pause.
    cluster.at("c").steer("a", "resume");
    both_show_the_pause(&cluster);
    // Paused on both sides it ends with the second resume, whichever that is.
    assert_eq!(cluster.at("c").steer("a", "pause")["reason"], "paused here");
    cluster.at("a").steer("c", "resume");
    both_show_the_pause(&cluster);
    eventually("a knows whose pause it is", || {
        cluster.at("a").link("c")["reason"] == "paused by c"
    });
    for _ in 0..2 {
        assert_ne!(cluster.at("c").steer("a", "resume")["reason"], "paused here");
    }
    eventually_up(&cluster);
    cluster.at("a").put("notes", "k", 1);
    cluster.level();
}

/// Asks in `a`, answers in `b` what it sees there, and looks in `c` all the while.
fn no_answer_before_its_question(cluster: &Cluster, questions: u64) {
    let [a, b, c] = cluster.all();
    let mut client = c.client();
    // Ends with the last answer, or with the region.
    let observer = thread::spawn(move || {
        let mut sees = |what: &str, nth| {
            let path = format!("/v1/tables/talk/items/{what}{nth}");
            client.call("GET", &path, None).unwrap().status == 200
        };
        let mut looks = 0_u64;
        for nth in 0..questions {
            while !sees("answer", nth) {
                looks += 1;
            }
            assert!(sees("question", nth), "answer {nth} without its question");
        }
        looks
    });
    for nth in 0..questions {
        a.put("talk", &format!("question{nth}"), nth);
        eventually("b sees the question", || b.value("talk", &format!("question{nth}")) == nth);
        b.put("talk", &format!("answer{nth}"), nth);
    }
    eventually("c sees the last answer", || {
        c.value("talk", &format!("answer{}", questions - 1)) == questions - 1
    });
    eventually("everything was observed", || observer.is_finished());
    let looks = observer.join().unwrap();
    assert!(looks > questions, "{looks} looks");
    cluster.level();
}

const NEAR: LinkShape = LinkShape::with_delay(Duration::from_millis(2));
const FAR: LinkShape = LinkShape::with_delay(Duration::from_millis(150));

#[test]
fn an_answer_never_shows_before_its_question_while_the_direct_link_is_slow() {
    let cluster = Cluster::start_with(Distance::Relay(NEAR), &|_| {});
    cluster.at("a").define("talk", "register");
    cluster.wan().slow("a", "c", FAR).unwrap();
    no_answer_before_its_question(&cluster, 60);
}

#[test]
fn an_answer_never_shows_before_its_question_while_the_direct_link_is_paused() {
    let cluster = Cluster::start_with(Distance::Relay(NEAR), &|_| {});
    cluster.at("a").define("talk", "register");
    eventually_up(&cluster);
    cluster.at("c").steer("a", "pause");
    both_show_the_pause(&cluster);
    no_answer_before_its_question(&cluster, 60);
}

#[test]
fn a_black_hole_between_two_regions_is_seen_and_bridged() {
    let cluster = Cluster::start_with(Distance::Relay(NEAR), &|_| {});
    let [a, _, c]: [&Region; 3] = cluster.all();
    a.define("notes", "register");
    eventually_up(&cluster);
    cluster.wan().cut("a", "c").unwrap();
    for (region, peer) in [(a, "c"), (c, "a")] {
        eventually("the cut is seen", || region.link(peer)["state"] == "down");
        assert!(region.link(peer)["reason"].is_string());
    }
    a.put("notes", "k", 1);
    eventually("a's write is in c", || c.value("notes", "k") == 1);
    cluster.wan().heal("a", "c").unwrap();
    eventually_up(&cluster);
    cluster.wan().sever("a", "c").unwrap();
    a.put("notes", "k", 2);
    cluster.level();
    eventually_up(&cluster);
}
