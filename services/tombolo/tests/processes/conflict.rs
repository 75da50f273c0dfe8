//! The same written in two regions that do not hear of each other: after healing all regions show
//! the same. Tables are defined wherever one asks, and never twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Cluster, Distance, Region, eventually};

/// Pauses or resumes (`action`) every link of `c`.
fn c_alone(cluster: &Cluster, action: &str) {
    for peer in ["a", "b"] {
        cluster.at("c").steer(peer, action);
    }
}

fn item(region: &Region, table: &str, key: &str) -> Value {
    region.ask("GET", &format!("/v1/tables/{table}/items/{key}"), None).expect(200)
}

#[test]
fn of_two_names_for_one_user_all_regions_show_the_later_one() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    a.define("users", "register");
    a.put("users", "1", json!({"username": "alice"}));
    a.put("users", "2", json!({"username": "alice"}));
    cluster.level();

    c_alone(&cluster, "pause");
    a.put("users", "1", json!({"username": "alice_new"}));
    eventually("a's peer has it", || item(b, "users", "1")["value"]["username"] == "alice_new");
    c.put("users", "1", json!({"username": "alice_updated"}));
    c.put("users", "2", json!({"username": "alice_updated"}));
    let later = item(c, "users", "2");
    // The stamps of two regions are compared by their clocks, which here are one.
    eventually("time has gone by", || {
        a.put("users", "2", json!({"username": "alice_new"}));
        let own = item(a, "users", "2");
        own["written_at"].as_str().unwrap() > later["written_at"].as_str().unwrap()
    });
    for (region, name) in [(a, "alice_new"), (b, "alice_new"), (c, "alice_updated")] {
        assert_eq!(item(region, "users", "1")["value"]["username"], name);
    }

    c_alone(&cluster, "resume");
    cluster.level();
    for (key, name, written_in) in [("1", "alice_updated", "c"), ("2", "alice_new", "a")] {
        let shown = cluster.all().map(|region| item(region, "users", key));
        assert_eq!(shown[0]["value"], json!({"username": name}));
        assert_eq!(shown[0]["written_in"], written_in);
        assert_eq!(shown[0], shown[1]);
        assert_eq!(shown[0], shown[2]);
    }
    // Every loser is counted where it has lost; more of them in c, where a's writes to the second
    // user came one after the other.
    for region in cluster.all() {
        let opened = region.metric("tombolo_conflicts_opened_total");
        assert!(opened >= 2.0, "{opened}");
    }
    assert!(a.metric("tombolo_changes_applied_total{origin=\"remote\"}") >= 2.0);
}

#[test]
fn a_deletion_and_a_later_write_apart_leave_the_write() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    a.define("users", "register");
    a.put("users", "kept", 1);
    a.put("users", "gone", 1);
    cluster.level();

    c_alone(&cluster, "pause");
    a.ask("DELETE", "/v1/tables/users/items/kept", None).expect(204);
    a.ask("DELETE", "/v1/tables/users/items/gone", None).expect(204);
    c.put("users", "kept", 2);
    eventually("a's peer has deleted it", || b.value("users", "gone").is_null());
    assert_eq!(c.value("users", "gone"), 1);
    c_alone(&cluster, "resume");
    assert_eq!(cluster.level().items, 1);
    for region in cluster.all() {
        assert_eq!(region.value("users", "kept"), 2);
        assert_eq!(region.value("users", "gone"), Value::Null);
    }
}

#[test]
fn increments_on_both_sides_add_up() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    a.define("hits", "counter");
    b.increment("hits", "k", 100);
    cluster.level();
    c_alone(&cluster, "pause");
    a.increment("hits", "k", 5);
    a.increment("hits", "k", -1);
    b.increment("hits", "k", 20);
    c.increment("hits", "k", 7);
    c.increment("hits", "new", 3);
    a.increment("hits", "new", 4);
    assert_eq!(c.value("hits", "k"), 107);
    c_alone(&cluster, "resume");
    cluster.level();
    for region in cluster.all() {
        assert_eq!(region.value("hits", "k"), 131);
        assert_eq!(region.value("hits", "new"), 7);
    }
}

#[test]
fn a_table_is_defined_through_any_region_and_once() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    let define = |region: &Region, data_type: &str| {
        region.ask("PUT", "/v1/tables/notes", Some(&json!({"type": data_type})))
    };
    let defined = define(b, "register").expect(201);
    for region in [a, b, c] {
        // Confirmed by all means that all have it when the answer is there.
        assert_eq!(region.ask("GET", "/v1/tables/notes", None).expect(200), defined);
        assert_eq!(define(region, "register").expect(200), defined);
        assert_eq!(define(region, "counter").expect(409)["code"], "table_exists");
    }
    c.put("notes", "k", 1);
    cluster.level();
    assert_eq!(a.value("notes", "k"), 1);
}

#[test]
fn a_definition_without_all_regions_names_them_and_is_there_after_healing() {
    let cluster = Cluster::start_with(Distance::None, &|settings| {
        settings.replication.definition_timeout = Duration::from_millis(300);
    });
    let [a, b, c] = cluster.all();
    let define = |region: &Region, table: &str| {
        region.ask("PUT", &format!("/v1/tables/{table}"), Some(&json!({"type": "register"})))
    };
    eventually("every link is up", || {
        [a, b].iter().all(|region| region.link("c")["state"] == "up")
    });
    c_alone(&cluster, "pause");

    // Where definitions are ordered, and where they are only asked for: c has not confirmed.
    for (region, table) in [(a, "of_a"), (b, "of_b")] {
        let pending = define(region, table).expect(503);
        assert_eq!(pending["code"], "definition_pending");
        assert_eq!(pending["regions"], json!(["c"]));
        assert_eq!(pending["outcome"], "applied_locally");
    }
    // In c it is not even ordered.
    let pending = define(c, "of_c").expect(503);
    assert_eq!(pending["code"], "definition_pending");
    assert_eq!(pending["regions"], json!(["a"]));

    c_alone(&cluster, "resume");
    eventually("c has been told of both", || {
        ["of_a", "of_b"]
            .iter()
            .all(|table| c.ask("GET", &format!("/v1/tables/{table}"), None).status == 200)
    });
    for (region, table) in [(a, "of_a"), (b, "of_b")] {
        define(region, table).expect(200);
    }
    eventually("c reaches the region that orders", || define(c, "of_c").status == 200);
    c.put("of_c", "k", 1);
    cluster.level();
    assert_eq!(b.value("of_c", "k"), 1);
}
