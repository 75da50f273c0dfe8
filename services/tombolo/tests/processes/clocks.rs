//! Clocks that are wrong: nothing is lost, no stamp goes back, and what is refused for it is shown.

use std::time::Duration;

use serde_json::Value;
use tombolo_topology::Settings;

use crate::support::{Cluster, Distance, Region, eventually, item};

const HALF_AN_HOUR_MS: i64 = 1_800_000;

/// Settings with the clock of `a` ahead and that of `b` behind by so much.
fn shifted(offset_ms: i64) -> impl Fn(&mut Settings) {
    move |settings| {
        settings.clock.offset_ms = match settings.region.name.as_str() {
            "a" => offset_ms,
            "b" => -offset_ms,
            _ => 0,
        };
    }
}

fn written_at(region: &Region, key: &str) -> String {
    let shown = region.ask("GET", &item("notes", key), None).expect(200);
    shown["written_at"].as_str().unwrap().to_owned()
}

/// Waits until `region` shows that value of the item.
fn shows(region: &Region, key: &str, value: &str) {
    eventually("it shows what was written elsewhere", || region.value("notes", key) == value);
}

#[test]
fn last_write_wins_loses_nothing_where_clocks_are_an_hour_apart() {
    let cluster = Cluster::start_with(Distance::None, &|settings| {
        shifted(HALF_AN_HOUR_MS)(settings);
        settings.leader.clock_skew_max = Duration::from_hours(1);
    });
    let [a, b, c] = cluster.all();
    a.define("notes", "register");
    cluster.level();
    // Whoever has seen a write comes after it, whatever its clock says.
    a.put("notes", "seen", "first");
    shows(b, "seen", "first");
    let first = written_at(b, "seen");
    b.put("notes", "seen", "second");
    assert!(written_at(b, "seen") >= first);
    shows(c, "seen", "second");
    c.put("notes", "seen", "third");
    assert!(written_at(c, "seen") >= first);
    for region in [a, b] {
        shows(region, "seen", "third");
    }
    // Of two that have not seen each other the one with the later clock stands, and the other is kept.
    for peer in ["b", "c"] {
        a.steer(peer, "pause");
    }
    a.put("notes", "unseen", "ahead");
    b.put("notes", "unseen", "behind");
    for peer in ["b", "c"] {
        a.steer(peer, "resume");
    }
    cluster.level();
    for region in cluster.all() {
        let listed = region.ask("GET", "/v1/conflicts?table=notes", None).expect(200);
        let conflicts = listed["conflicts"].as_array().unwrap();
        assert_eq!(conflicts.len(), 1, "{listed}");
        assert_eq!(conflicts[0]["lost"]["value"], "behind");
        assert_eq!(region.value("notes", "unseen"), "ahead");
    }
}

#[test]
fn stamps_do_not_go_back_when_a_clock_is_set_back() {
    let mut cluster = Cluster::start_with(Distance::None, &|settings| {
        shifted(HALF_AN_HOUR_MS)(settings);
        settings.leader.clock_skew_max = Duration::from_hours(1);
    });
    cluster.at("a").define("notes", "register");
    let put = |cluster: &Cluster, value: &str| {
        cluster.at("a").put("notes", "k", value);
        written_at(cluster.at("a"), "k")
    };
    let before = put(&cluster, "ahead");
    cluster.at_mut("a").stop();
    let file = cluster.at("a").settings_file.clone();
    let settings = std::fs::read_to_string(&file).unwrap();
    let was = format!("offset_ms = {HALF_AN_HOUR_MS}");
    assert!(settings.contains(&was), "{settings}");
    std::fs::write(&file, settings.replace(&was, "offset_ms = 0")).unwrap();
    cluster.at_mut("a").start();
    let after = put(&cluster, "set back");
    // Within one millisecond a counter goes on, and what is written later stands.
    assert!(after >= before, "{before} {after}");
    cluster.level();
    assert_eq!(cluster.at("c").value("notes", "k"), "set back");
    assert!(cluster.at("a").metric("tombolo_clock_ahead_seconds") > 1_000.0);
}

#[test]
fn what_is_stamped_too_far_ahead_is_refused_and_shown_and_the_others_go_on() {
    let mut cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    cluster.level();
    cluster.at_mut("a").stop();
    let file = cluster.at("a").settings_file.clone();
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, settings.replace("offset_ms = 0", "offset_ms = 3600000")).unwrap();
    cluster.at_mut("a").start();
    let [a, b, c] = cluster.all();
    a.put("notes", "ahead", 1);
    for peer in ["b", "c"] {
        eventually("the link says by how much", || {
            let reason = a.link(peer)["reason"].to_string();
            reason.contains("ahead of this region's clock")
        });
        eventually("its clock is seen to be ahead", || {
            let skew_ms = &cluster.at(peer).link("a")["clock_skew_ms"];
            skew_ms.as_i64().is_some_and(|ms| ms > 3_500_000)
        });
    }
    b.put("notes", "of_b", "goes on");
    for region in [a, c] {
        shows(region, "of_b", "goes on");
    }
    assert_eq!(a.value("notes", "ahead"), 1);
    for region in [b, c] {
        assert_eq!(region.value("notes", "ahead"), Value::Null);
        // It does not move anybody's clock.
        assert!(region.metric("tombolo_clock_ahead_seconds") < 60.0);
    }
}
