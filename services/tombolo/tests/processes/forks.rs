//! A directory that was put back from a copy and written to before it met its peers: they refuse it,
//! it says so, and there is a way out on which nothing is lost.

use std::fs;

use serde_json::{Value, json};

use crate::identity::copy_directory;
use crate::support::{Asked, Cluster, Region, eventually, item};

fn add(region: &Region, element: &str) {
    region.ask("PATCH", &item("tags", "all"), Some(&json!({"add": [element]}))).expect(200);
}

/// What a region writes in one of both histories.
fn write(region: &Region, history: &str, by: i64) {
    region.put("notes", "both", history);
    region.put("notes", history, "of one");
    for _ in 0..3 {
        region.increment("hits", "both", by);
    }
    region.increment("hits", history, by);
    add(region, history);
}

/// A cluster whose `b` runs on an old copy to which it has written while nobody could be reached,
/// and whose peers know what it wrote after the copy was made.
fn forked() -> Cluster {
    let mut cluster = Cluster::start();
    for (table, data_type) in [("notes", "register"), ("hits", "counter"), ("tags", "set")] {
        cluster.at("a").define(table, data_type);
    }
    for region in cluster.all() {
        region.put("notes", &region.name, 1);
        region.increment("hits", "both", 100);
        add(region, "common");
    }
    let (directory, copy) = (cluster.at("b").data_dir.clone(), cluster.folder().join("copy"));
    cluster.level();
    cluster.at_mut("b").stop();
    copy_directory(&directory, &copy);
    cluster.at_mut("b").start();
    write(cluster.at("b"), "original", 1);
    cluster.at("b").put("notes", "longer", 1);
    cluster.level();
    cluster.at_mut("b").kill();
    for peer in ["a", "c"] {
        cluster.at_mut(peer).stop();
    }
    fs::remove_dir_all(&directory).unwrap();
    fs::rename(&copy, &directory).unwrap();
    cluster.at_mut("b").start();
    write(cluster.at("b"), "copy", 10);
    for peer in ["a", "c"] {
        cluster.at_mut(peer).start();
        cluster.at(peer).put("notes", &format!("{peer}_goes_on"), 1);
    }
    cluster
}

fn recover(cluster: &Cluster) -> Asked {
    let settings = cluster.at("b").settings_file.to_str().unwrap();
    Asked::nobody(&["recover-fork", "--config", settings, "-o", "json"])
}

#[test]
fn what_an_old_copy_wrote_is_kept_beside_what_its_peers_have() {
    let mut cluster = forked();
    let before = cluster.at("b").about()["incarnation"].as_str().unwrap().to_owned();
    for peer in ["a", "c"] {
        eventually("the link says what is wrong, and what to do", || {
            let reason = cluster.at("b").link(peer)["reason"].to_string();
            reason.contains("another history") && reason.contains("tombolo recover-fork")
        });
    }
    assert!(cluster.at("b").log().contains("the history of this region has forked"));
    // Neither side takes anything of the other.
    assert_eq!(cluster.at("a").value("notes", "copy"), Value::Null);
    assert_eq!(cluster.at("b").value("notes", "original"), Value::Null);
    assert!(recover(&cluster).expect(4).errors.contains("in use by another process"));

    cluster.at_mut("b").stop();
    let recovered = recover(&cluster).expect(0).json();
    assert_eq!(recovered["replica"], format!("b:{before}:0"));
    assert_eq!(
        (&recovered["common_sequence"], &recovered["reauthored_changes"]),
        (&json!(3), &json!(7))
    );
    assert_eq!((&recovered["carried_changes"], &recovered["left_over"]), (&json!(0), &json!([])));
    let set_aside = recovered["set_aside"].as_str().unwrap();
    assert!(fs::metadata(set_aside).unwrap().is_dir(), "{set_aside}");
    cluster.at_mut("b").start();
    let heir = recovered["heir"].as_str().unwrap();
    eventually("everybody has what the copy wrote", || {
        cluster.all().iter().all(|region| region.about()["version_vector"][heir] == 7)
    });
    cluster.level();
    for region in cluster.all() {
        assert_eq!(region.value("hits", "both"), 300 + 3 + 30, "{}", region.name);
        assert_eq!(
            (region.value("hits", "original"), region.value("hits", "copy")),
            (json!(1), json!(10))
        );
        for written in ["a", "b", "c", "original", "copy", "longer", "a_goes_on", "c_goes_on"] {
            assert_ne!(region.value("notes", written), Value::Null, "{}: {written}", region.name);
        }
        assert_eq!(region.value("tags", "all"), json!(["common", "copy", "original"]));
        // Of the two that knew nothing of each other one stands, and the other is not lost.
        assert_eq!(region.value("notes", "both"), "copy");
        let conflicts = region.ask("GET", "/v1/conflicts?table=notes", None).expect(200);
        let lost: Vec<_> = conflicts["conflicts"].as_array().unwrap().iter().collect();
        assert_eq!(lost.len(), 1, "{conflicts}");
        assert_eq!(
            (&lost[0]["lost"]["value"], &lost[0]["state"]),
            (&json!("original"), &json!("open"))
        );
    }
    // It goes on under a name of its own, and a restart takes nothing in again.
    cluster.at("b").increment("hits", "both", 1);
    cluster.at_mut("b").stop();
    assert!(recover(&cluster).expect(4).errors.contains("no peer knows another history"));
    cluster.at_mut("b").start();
    cluster.level();
    assert_eq!(cluster.at("a").value("hits", "both"), 334);
}

#[test]
fn nothing_is_decided_while_a_peer_is_away_unless_it_is_gone_for_good() {
    let mut cluster = forked();
    cluster.at_mut("b").stop();
    cluster.at_mut("c").stop();
    assert!(recover(&cluster).expect(5).errors.contains("c does not say"));
    let settings = cluster.at("b").settings_file.to_str().unwrap().to_owned();
    let without = ["recover-fork", "--config", &settings, "--without", "c"];
    let shown = Asked::nobody(&without).expect(0);
    assert!(shown.out.contains("IN COMMON UP TO"), "{shown:?}");
    for name in ["b", "c"] {
        cluster.at_mut(name).start();
    }
    eventually("everybody has what the copy wrote", || {
        cluster.all().iter().all(|region| region.value("notes", "copy") == "of one")
    });
    cluster.level();
    assert_eq!(cluster.at("c").value("hits", "both"), 333);
}
