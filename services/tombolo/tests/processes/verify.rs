//! Comparing regions: what is damaged is found and repaired, what is on its way is not.

mod damage;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tombolo_wan::LinkShape;

use self::damage::{
    Damage, damage, forgotten, set_aside, with_another_value, with_nothing_settled,
    without_what_is_hidden,
};
use crate::support::{
    Asked, Cluster, Distance, Level, Load, NAMES, Region, Tally, dot, eventually,
};

/// What `region` says of comparing itself with the others.
#[track_caller]
fn verify(region: &Region) -> Vec<Value> {
    let answer = region.ask_admin("POST", "/v1/verify").expect(200);
    answer["regions"].as_array().unwrap().clone()
}

/// Of each region, whether it held the same, and how many items were repaired.
#[track_caller]
fn told(regions: &[Value]) -> Vec<(&str, bool, u64)> {
    let told = regions.iter().map(|region| {
        assert_eq!(region["reason"], Value::Null, "{region}");
        assert_eq!(region["unrepaired_items"], 0, "{region}");
        let repaired = region["repaired_items"].as_u64().unwrap();
        (region["region"].as_str().unwrap(), region["identical"].as_bool().unwrap(), repaired)
    });
    told.collect()
}

/// How many items `region` says it has repaired here.
#[track_caller]
fn repaired(region: &Region) -> u64 {
    let page = region.ask_admin("GET", "/metrics").text();
    let mut lines = page.lines();
    let line = lines.find_map(|line| line.strip_prefix("tombolo_items_repaired_total "));
    line.unwrap().parse().unwrap()
}

/// A cluster with items of every type; of `note` two regions have written.
fn cluster_with_items() -> Cluster {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    for (table, data_type) in [("notes", "register"), ("hits", "counter")] {
        a.define(table, data_type);
    }
    for (nth, region) in [a, b, c].into_iter().enumerate() {
        region.put("notes", &format!("of_{}", region.name), nth);
        region.increment("hits", "home", 1);
    }
    cluster.level();
    a.put("notes", "note", 1);
    cluster.level();
    b.put("notes", "note", 2);
    cluster.level();
    cluster
}

#[test]
fn regions_that_hold_the_same_are_identical_as_of_their_vector() {
    let cluster = cluster_with_items();
    let level = cluster.level();
    let regions = verify(cluster.at("a"));
    assert_eq!(told(&regions), [("b", true, 0), ("c", true, 0)]);
    for region in &regions {
        assert_eq!(region["vector"], json!(level.vector));
        assert_eq!((&region["compared_items"], &region["in_flight_items"]), (&json!(5), &json!(0)));
    }
    assert_eq!(repaired(cluster.at("a")), 0);
    assert!(cluster.at("a").metric("tombolo_verify_spans_compared_total") >= 4.0);

    let asked = Asked::of(cluster.at("a"), &["verify"]).expect(0);
    assert!(asked.lines()[1].starts_with("b       yes        5         0"), "{asked:?}");
}

/// Does something to what `b` holds while it is stopped.
fn alter_b(cluster: &mut Cluster, alter: impl FnOnce(&Path)) {
    cluster.at_mut("b").stop();
    alter(&cluster.at("b").data_dir);
    cluster.at_mut("b").start();
    for [one, other] in [["a", "b"], ["c", "b"], ["b", "a"], ["b", "c"]] {
        eventually("b is reached", || cluster.at(one).link(other)["state"] == "up");
    }
}

/// Damages items of `b`, which then shows the same vector and another digest.
fn damage_b(cluster: &mut Cluster, items: &[(&str, Damage)]) {
    alter_b(cluster, |directory| damage(directory, "notes", items));
    let [of_a, of_b] = ["a", "b"].map(|name| Level::of(cluster.at(name)));
    assert_eq!(of_a.vector, of_b.vector);
}

#[test]
fn an_item_that_was_lost_or_half_forgotten_is_found_and_repaired_whoever_asks() {
    let mut cluster = cluster_with_items();
    let before = cluster.level();
    for (key, damage, asker, other) in [
        ("of_b", forgotten as Damage, "a", "b"),
        ("note", forgotten, "b", "a"),
        ("note", without_what_is_hidden, "a", "b"),
    ] {
        damage_b(&mut cluster, &[(key, damage)]);
        let regions = verify(cluster.at(asker));
        assert!(told(&regions).contains(&(other, false, 1)), "{key}: {regions:?}");
        assert_eq!(cluster.level(), before, "{key}");
        for name in NAMES {
            let regions = verify(cluster.at(name));
            assert!(told(&regions).iter().all(|(_, same, _)| *same), "{key}: {regions:?}");
        }
    }
}

/// Of what a region has written itself nobody knows better; of everything else the region that
/// asks, once it has compared itself with the author.
#[test]
fn a_value_that_nobody_has_written_gives_way_to_what_its_author_says() {
    let mut cluster = cluster_with_items();
    let before = cluster.level();
    for key in ["of_a", "of_c"] {
        damage_b(&mut cluster, &[(key, with_another_value)]);
        assert_eq!(cluster.at("b").value("notes", key), "zzz");
        let regions = verify(cluster.at("a"));
        assert_eq!(told(&regions), [("b", false, 1), ("c", true, 0)], "{key}");
        assert_eq!(cluster.level(), before, "{key}");
    }
    damage_b(&mut cluster, &[("of_b", with_another_value)]);
    assert_eq!(told(&verify(cluster.at("a"))), [("b", false, 1), ("c", false, 1)]);
    cluster.level();
    assert_eq!(cluster.at("c").value("notes", "of_b"), "zzz");

    // Where the author cannot be asked, it is said and left as it is.
    damage_b(&mut cluster, &[("of_c", with_another_value)]);
    cluster.at_mut("c").stop();
    for _ in 0..2 {
        let regions = verify(cluster.at("a"));
        assert_eq!(regions[0]["unrepaired_items"], 1, "{regions:?}");
        assert_eq!(regions[0]["repaired_items"], 0, "{regions:?}");
    }
    cluster.at_mut("c").start();
    assert_eq!(told(&verify(cluster.at("c"))), [("a", true, 0), ("b", false, 1)]);
    cluster.level();
}

/// What `region` tells of the conflicts of the notes.
#[track_caller]
fn conflicts(region: &Region) -> Value {
    let answer = region.ask("GET", "/v1/conflicts?table=notes", None).expect(200);
    answer["conflicts"].clone()
}

#[test]
fn what_was_decided_about_a_conflict_is_repaired_as_what_was_written_is() {
    let mut cluster = cluster_with_items();
    for action in ["pause", "resume"] {
        for peer in ["a", "b"] {
            cluster.at("c").steer(peer, action);
        }
        if action == "pause" {
            for name in ["a", "c"] {
                cluster.at(name).put("notes", "note", name);
            }
        }
    }
    cluster.level();
    let id = conflicts(cluster.at("a"))[0]["id"].as_str().unwrap().to_owned();
    let settle = |cluster: &Cluster, name, verb| {
        cluster.at(name).ask("POST", &format!("/v1/conflicts/{id}/{verb}"), None).expect(200)
    };
    let open = conflicts(cluster.at("a"));
    settle(&cluster, "a", "restore");
    let before = cluster.level();
    let settled = conflicts(cluster.at("a"));
    assert_eq!(settled[0]["state"], "restored");
    for damage in [forgotten as Damage, with_nothing_settled] {
        damage_b(&mut cluster, &[("note", damage)]);
        assert_ne!(conflicts(cluster.at("b")), settled);
        assert_eq!(told(&verify(cluster.at("a"))), [("b", false, 1), ("c", true, 0)]);
        assert_eq!(cluster.level(), before);
        assert_eq!(conflicts(cluster.at("b")), settled);
    }
    // What has been repaired can be taken back, and has its value.
    settle(&cluster, "b", "undo");
    cluster.level();
    for name in NAMES {
        assert_eq!(conflicts(cluster.at(name)), open, "{name}");
    }
}

/// `b` has set aside what `a` wrote last, and lacks the item that this made.
#[test]
fn what_one_has_set_aside_is_a_difference_that_no_repair_brings_back() {
    let mut cluster = cluster_with_items();
    cluster.at("a").put("notes", "aside", 1);
    let level = cluster.level();
    let [a] = level.replicas("a")[..] else { panic!("{level:?}") };
    let dot = dot(&format!("{a}:{}", level.vector[a]));
    alter_b(&mut cluster, |directory| {
        damage(directory, "notes", &[("aside", forgotten)]);
        set_aside(directory, dot);
    });
    for (asker, other) in [("a", "b"), ("b", "a"), ("b", "c")] {
        let regions = verify(cluster.at(asker));
        let told = regions.iter().find(|region| region["region"] == other).unwrap();
        assert_eq!((&told["identical"], &told["differing_exceptions"]), (&json!(false), &json!(1)));
        assert_eq!((&told["repaired_items"], &told["unrepaired_items"]), (&json!(0), &json!(1)));
        assert_eq!(told["reason"], "changes that one has set aside the other has not");
        assert_eq!(cluster.at("b").value("notes", "aside"), Value::Null);
        assert_eq!(cluster.at("a").value("notes", "aside"), 1);
    }
    assert_eq!(repaired(cluster.at("b")), 0);
    // What came before it is repaired as ever.
    alter_b(&mut cluster, |directory| damage(directory, "notes", &[("of_c", forgotten)]));
    verify(cluster.at("a"));
    assert_eq!(cluster.at("b").value("notes", "of_c"), 2);
    Asked::of(cluster.at("a"), &["verify"]).expect(4);
}

#[test]
fn a_link_that_is_compared_by_hand_is_repaired_in_the_background() {
    let mut cluster = cluster_with_items();
    let before = cluster.level();
    damage_b(&mut cluster, &[("note", forgotten)]);
    let asked = Asked::of(cluster.at("a"), &["links", "resync", "b"]).expect(0);
    assert!(asked.lines()[1].starts_with('b'), "{asked:?}");
    eventually("b is repaired", || Level::of(cluster.at("b")) == before);
    assert_eq!((repaired(cluster.at("a")), repaired(cluster.at("b"))), (0, 1));
}

#[test]
fn many_lost_items_are_repaired_and_stay_repaired_over_a_crash() {
    let mut cluster = cluster_with_items();
    let a = cluster.at("a");
    for nth in 0..700 {
        a.put("notes", &format!("many{nth:03}"), nth);
    }
    let before = cluster.level();
    let keys: Vec<_> = (0..700).map(|nth| format!("many{nth:03}")).collect();
    let lost: Vec<_> = keys.iter().map(|key| (&**key, forgotten as Damage)).collect();
    damage_b(&mut cluster, &lost);
    assert_eq!(Level::of(cluster.at("b")).items, before.items - 700);

    let asked = Asked::of(cluster.at("a"), &["verify"]).expect(4);
    assert_eq!(asked.errors, "tombolo: not all regions held the same\n");
    assert_eq!(repaired(cluster.at("b")), 700);
    assert_eq!(cluster.level(), before);
    cluster.at_mut("b").kill();
    cluster.at_mut("b").start();
    assert_eq!(cluster.level().digest, before.digest);
    eventually("a reaches b", || cluster.at("a").link("b")["state"] == "up");
    assert_eq!(told(&verify(cluster.at("a"))), [("b", true, 0), ("c", true, 0)]);
}

#[test]
fn what_is_being_written_everywhere_is_no_difference() {
    let shape = LinkShape::with_delay(Duration::from_millis(20));
    let cluster = Cluster::start_with(Distance::Relay(shape), &|_| {});
    Load::prepare(&cluster);
    let load = Load::begin(&cluster, 1);
    eventually("all write", || Level::of(cluster.at("c")).items > 100);
    for name in NAMES {
        for region in verify(cluster.at(name)) {
            assert_eq!(region["identical"], true, "{region}");
            assert!(region["compared_items"].as_u64().unwrap() > 100, "{region}");
        }
    }
    let mut tally = Tally::default();
    load.end(&mut tally);
    cluster.level();
    tally.check(&cluster);
    assert_eq!(told(&verify(cluster.at("a"))), [("b", true, 0), ("c", true, 0)]);
}

#[test]
fn a_region_that_cannot_be_asked_is_not_called_identical() {
    let mut cluster = cluster_with_items();
    cluster.at_mut("b").kill();
    cluster.at("a").steer("c", "pause");
    let regions = verify(cluster.at("a"));
    for (region, because) in regions.iter().zip(["connection", "paused"]) {
        assert_eq!(region["identical"], false, "{region}");
        assert!(region["reason"].as_str().unwrap().contains(because), "{region}");
    }
    let asked = Asked::of(cluster.at("a"), &["verify"]).expect(1);
    assert_eq!(asked.errors, "tombolo: not all regions could be compared with\n");
}
