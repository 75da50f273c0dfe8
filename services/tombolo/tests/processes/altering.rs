//! Changing a table's default consistency while its items are written: in every region at the point
//! of the log where it stands, and for good.

use serde_json::json;

use crate::support::{Cluster, NAMES, Region, Reply, eventually};

const TABLE: &str = "/v1/tables/notes";

fn alter(region: &Region, consistency: &str) -> Reply {
    region.ask("PATCH", TABLE, Some(&json!({"consistency": consistency})))
}

fn shown(region: &Region) -> String {
    let table = region.ask("GET", TABLE, None).expect(200);
    table["consistency"].as_str().unwrap().to_owned()
}

#[test]
fn an_alteration_is_confirmed_by_all_regions_and_outlives_kill_and_stop() {
    let mut cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    // `a` orders definitions; the others ask it.
    for (nth, (region, consistency)) in
        NAMES.into_iter().zip(["session", "monotonic_reads", "read_your_writes"]).enumerate()
    {
        cluster.at(region).put("notes", "k", nth);
        let table = alter(cluster.at(region), consistency).expect(200);
        assert_eq!((&table["name"], &table["consistency"]), (&json!("notes"), &json!(consistency)));
        // Confirmed: there is nothing to wait for.
        assert_eq!(cluster.all().map(shown), [consistency; 3]);
    }
    cluster.level();

    // Out of the journal, and then out of the state that a clean stop leaves.
    for name in NAMES {
        cluster.at_mut(name).kill();
    }
    for name in NAMES {
        cluster.at_mut(name).spawn();
    }
    for name in NAMES {
        cluster.at_mut(name).wait_ready();
    }
    assert_eq!(cluster.all().map(shown), ["read_your_writes"; 3]);
    for name in NAMES {
        cluster.at_mut(name).stop();
        cluster.at_mut(name).start();
    }
    assert_eq!(cluster.all().map(shown), ["read_your_writes"; 3]);
    assert_eq!(cluster.at("b").value("notes", "k"), 2);
}

#[test]
fn while_a_region_is_away_an_alteration_is_pending_and_confirmed_when_it_is_back() {
    let change = &|settings: &mut tombolo_topology::Settings| {
        settings.replication.definition_timeout = std::time::Duration::from_millis(300);
    };
    let mut cluster = Cluster::start_with(crate::support::Distance::None, change);
    eventually("the table is defined", || {
        let defined = cluster.at("a").ask("PUT", TABLE, Some(&json!({"type": "register"})));
        matches!(defined.status, 200 | 201)
    });
    cluster.at_mut("c").kill();
    for _ in 0..2 {
        let pending = alter(cluster.at("b"), "session");
        assert_eq!((pending.status, &pending.body["code"]), (503, &json!("definition_pending")));
        assert_eq!(pending.body["regions"], json!(["c"]));
    }
    cluster.at_mut("c").start();
    eventually("it is confirmed", || alter(cluster.at("b"), "session").status == 200);
    assert_eq!(cluster.all().map(shown), ["session"; 3]);
}
