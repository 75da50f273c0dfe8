//! A region that was away for longer than the others keep their logs: it catches up by their state,
//! keeps what it has written itself, and shows nothing in between.

use std::fs;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tombolo_simulation::Random;
use tombolo_topology::Settings;
use tombolo_wan::LinkShape;

use crate::support::{
    Asked, Client, Cluster, Distance, Level, Load, Region, Tally, eventually, item, noise, rarely,
};

/// What a region writes that is to be away for too long for its own log.
const MANY: usize = 200;
/// Characters of each value.
const CHARACTERS: usize = 12_000;

/// How often it is looked at what a region shows meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// As little log as may be.
fn short_log(settings: &mut Settings) {
    settings.http.value_bytes_max = 16 << 10;
    settings.leader.group_bytes_max = 128 << 10;
    settings.journal.segment_bytes = 256 << 10;
    settings.journal.journal_bytes_max = 1 << 20;
    settings.overlay.seal_bytes = 256 << 10;
    settings.overlay.replay_bytes = 256 << 10;
    settings.overlay.sealed_layers_max = 64;
}

/// A cluster in which `c` has been cut off after a first write.
pub(crate) fn cluster_without_c(distance: Distance) -> Cluster {
    let cluster = Cluster::start_with(distance, &short_log);
    let [a, b, c] = cluster.all();
    a.define("notes", "register");
    Load::prepare(&cluster);
    a.put("notes", "before", 1);
    a.put("notes", "gone", 1);
    cluster.level();
    for region in [a, b] {
        region.steer("c", "pause");
    }
    c.increment("hits", "home", 1);
    c.put("notes", "of_c", "written while away");
    cluster
}

/// Writes more than a log keeps, each item on top of the one before.
pub(crate) fn write_many(region: &Region, seed: u64) {
    let value = noise(&mut Random::new(seed), CHARACTERS);
    for nth in 0..MANY {
        region.put("notes", &key(region, nth), value.as_str());
    }
    eventually("the log has moved on", || {
        region.metric("tombolo_journal_kept_bytes") < 2_000_000.0
    });
}

fn key(region: &Region, nth: usize) -> String {
    format!("many-{}-{nth:03}", region.name)
}

pub(crate) fn reunite(cluster: &Cluster) {
    for name in ["a", "b"] {
        cluster.at(name).steer("c", "resume");
    }
}

/// Waits until all regions may be asked and hold the same.
fn level(cluster: &Cluster) -> Level {
    eventually("all have the same vector and may be asked", || {
        let shown = cluster.all().map(|region| {
            let reply = region.ask_admin("GET", "/v1/digests");
            assert!(reply.status == 200 || reply.body["code"] == "catching_up", "{reply:?}");
            (reply.status, reply.body["version_vector"].clone())
        });
        shown[0].0 == 200 && shown[0] == shown[1] && shown[0] == shown[2]
    });
    let level = cluster.level();
    for [one, other] in [["a", "c"], ["c", "a"], ["b", "c"], ["c", "b"]] {
        eventually("every link is up", || cluster.at(one).link(other)["state"] == "up");
    }
    level
}

pub(crate) fn has_caught_up(region: &Region) -> bool {
    region.log().contains("caught up by state")
}

/// Reads an item of `a`'s and one that it rests on, over and over: never the one without the other.
fn watch(mut client: Client, later: &str, earlier: &str, is_over: &AtomicBool) {
    let mut shown = |path: &str| {
        let reply = client.call("GET", path, None).unwrap();
        let is_refused = reply.status == 503 && reply.body["code"] == "catching_up";
        assert!(is_refused || matches!(reply.status, 200 | 404), "{reply:?}");
        assert_eq!(reply.header("retry-after").is_some(), is_refused, "{reply:?}");
        (!is_refused).then_some(reply.status == 200)
    };
    while !is_over.load(Ordering::Relaxed) {
        if shown(later) == Some(true) {
            assert_ne!(shown(earlier), Some(false), "{later} without {earlier}");
        }
        rarely(LOOK_EVERY);
    }
}

#[test]
fn a_region_that_was_away_longer_than_the_log_catches_up_by_state() {
    let cluster = cluster_without_c(Distance::None);
    let [a, b, c] = cluster.all();
    a.ask("DELETE", &item("notes", "gone"), None).expect(204);
    b.increment("hits", "home", 10);
    let named = |region: &Region| {
        let body = br#"{"increment":100}"#;
        let headers = [("Idempotency-Key", "only-once")];
        region.client().send("PATCH", &item("hits", "home"), &headers, body).unwrap().expect(200)
    };
    let answered = named(a);
    write_many(a, 1);
    // The definition waits for c, and is done here.
    let later = json!({"type": "flag"});
    assert_eq!(a.ask("PUT", "/v1/tables/lit", Some(&later)).status, 503);
    a.ask("PUT", &item("lit", "hall"), Some(&json!(true))).expect(201);

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (last, first) = (item("notes", &key(a, MANY - 1)), item("notes", &key(a, 0)));
        let (client, is_over) = (c.client(), &is_over);
        scope.spawn(move || watch(client, &last, &first, is_over));
        reunite(&cluster);
        level(&cluster);
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(cluster.all().map(has_caught_up), [false, false, true]);
    for region in cluster.all() {
        assert_eq!(region.value("notes", "of_c"), "written while away");
        assert_eq!(region.value("notes", "gone"), Value::Null);
        assert_eq!(region.value("hits", "home"), 111);
        assert_eq!(region.value("lit", "hall"), true);
        assert_ne!(region.value("notes", &key(a, MANY / 2)), Value::Null);
    }
    // What was answered elsewhere is known, and not done again.
    assert_eq!(named(c), answered);
    // From now on by the log, in both directions.
    c.put("notes", "after", 1);
    a.put("notes", "after", 2);
    level(&cluster);
    assert_eq!(c.log().matches("caught up by state").count(), 1);
}

#[test]
fn regions_that_are_all_behind_catch_up_with_each_other() {
    let cluster = cluster_without_c(Distance::None);
    let [a, b, c] = cluster.all();
    write_many(a, 1);
    write_many(c, 2);
    a.increment("hits", "home", 10);
    reunite(&cluster);
    let level = level(&cluster);
    assert_eq!(cluster.all().map(has_caught_up), [true, true, true]);
    assert_eq!(level.items, 2 * MANY as u64 + 4);
    for region in [a, b, c] {
        assert_eq!(region.value("hits", "home"), 11);
        for nth in [0, MANY - 1] {
            assert_ne!(region.value("notes", &key(a, nth)), Value::Null);
            assert_ne!(region.value("notes", &key(c, nth)), Value::Null);
        }
    }
}

#[test]
fn a_crash_half_way_shows_nothing_and_it_goes_on() {
    let shape = LinkShape::with_delay(Duration::from_millis(2));
    let shape = shape.bandwidth(NonZeroU64::new(2 << 20).unwrap());
    let mut cluster = cluster_without_c(Distance::Relay(shape));
    write_many(cluster.at("a"), 1);
    let ready = |cluster: &Cluster| cluster.at("c").ask("GET", "/readyz", None).status == 200;
    for kill in [true, false] {
        if kill {
            reunite(&cluster);
        }
        eventually("it catches up", || !ready(&cluster));
        let refused = cluster.at("c").ask("PUT", &item("notes", "of_c"), Some(&json!(2)));
        assert_eq!((refused.status, &refused.body["code"]), (503, &json!("catching_up")));
        if kill {
            cluster.at_mut("c").kill();
        } else {
            cluster.at_mut("c").stop();
        }
        cluster.at_mut("c").start();
        assert!(!ready(&cluster));
        let refused = cluster.at("c").ask("GET", &item("notes", "of_c"), None);
        assert_eq!((refused.status, &refused.body["code"]), (503, &json!("catching_up")));
    }
    level(&cluster);
    for region in cluster.all() {
        assert_eq!(region.value("notes", "of_c"), "written while away");
        assert_eq!(region.value("hits", "home"), 1);
    }
}

/// What it wrote in its earlier life nobody's log has any more.
#[test]
fn a_region_that_has_lost_its_directory_is_given_what_it_had_also_past_the_log() {
    let mut cluster = cluster_without_c(Distance::None);
    reunite(&cluster);
    level(&cluster);
    write_many(cluster.at("a"), 1);
    level(&cluster);
    cluster.at_mut("c").kill();
    fs::remove_dir_all(&cluster.at("c").data_dir).unwrap();
    cluster.at_mut("c").start();
    let level = level(&cluster);
    assert!(has_caught_up(cluster.at("c")));
    assert_eq!(level.replicas("c").len(), 1);
    let c = cluster.at("c");
    assert_eq!(c.value("notes", "of_c"), "written while away");
    c.put("notes", "anew", 1);
    assert_eq!(self::level(&cluster).replicas("c").len(), 2);
}

#[test]
fn writes_go_on_in_all_regions_while_one_catches_up_and_none_is_lost() {
    let cluster = cluster_without_c(Distance::None);
    let mut tally = Tally::default();
    let before = Load::begin(&cluster, 1);
    write_many(cluster.at("a"), 1);
    before.end(&mut tally);
    let meanwhile = Load::begin(&cluster, 2);
    reunite(&cluster);
    eventually("c catches up", || has_caught_up(cluster.at("c")));
    meanwhile.end(&mut tally);
    level(&cluster);
    tally.check(&cluster);
    let asked = Asked::of(cluster.at("c"), &["verify"]).expect(0);
    assert_eq!(asked.lines().len(), 3, "{asked:?}");
}
