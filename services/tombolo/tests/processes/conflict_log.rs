//! What regions that did not hear of each other wrote at the same time: every region lists the same
//! conflicts under the same ids, and settling one anywhere settles it everywhere.

use serde_json::{Value, json};

use crate::support::{Cluster, Region, eventually};

/// Pauses or resumes (`action`) every link of `c`.
fn c_alone(cluster: &Cluster, action: &str) {
    for peer in ["a", "b"] {
        cluster.at("c").steer(peer, action);
    }
}

fn define(region: &Region, table: &str, data_type: &str, resolver: &str) {
    let definition = json!({"type": data_type, "resolver": resolver});
    region.ask("PUT", &format!("/v1/tables/{table}"), Some(&definition)).expect(201);
}

fn put(region: &Region, table: &str, value: &Value) {
    let reply = region.ask("PUT", &format!("/v1/tables/{table}/items/k"), Some(value));
    assert!(matches!(reply.status, 200 | 201), "{reply:?}");
}

fn patch(region: &Region, table: &str, operations: &Value) {
    region.ask("PATCH", &format!("/v1/tables/{table}/items/k"), Some(operations)).expect(200);
}

/// The open conflicts of a table, the same in every region.
#[track_caller]
fn conflicts(cluster: &Cluster, table: &str) -> Vec<Value> {
    listed(cluster, &format!("/v1/conflicts?state=open&table={table}"))
}

#[track_caller]
fn listed(cluster: &Cluster, path: &str) -> Vec<Value> {
    let [a, b, c] = cluster.all().map(|region| region.ask("GET", path, None).expect(200));
    assert_eq!((&a, &a), (&b, &c));
    assert_eq!(cluster.at("a").ask_admin("GET", path).expect(200), a);
    a["conflicts"].as_array().unwrap().clone()
}

#[track_caller]
fn settle(region: &Region, record: &Value, action: &str) -> Value {
    let id = record["id"].as_str().unwrap();
    region.ask("POST", &format!("/v1/conflicts/{id}/{action}"), None).expect(200)
}

/// The same as a named request, which is done once wherever it is asked for.
#[track_caller]
fn settle_once(region: &Region, record: &Value, action: &str) -> Value {
    let path = format!("/v1/conflicts/{}/{action}", record["id"].as_str().unwrap());
    region.client().send("POST", &path, &[("Idempotency-Key", "once")], b"").unwrap().expect(200)
}

#[test]
fn every_region_lists_the_same_conflicts_and_settling_one_settles_it_everywhere() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    define(a, "notes", "register", "last_write_wins");
    cluster.level();
    c_alone(&cluster, "pause");
    put(a, "notes", &json!("one"));
    put(c, "notes", &json!("other"));
    c_alone(&cluster, "resume");
    cluster.level();

    let open = conflicts(&cluster, "notes");
    let [record] = &*open else { panic!("{open:?}") };
    let (kept, lost) = (&record["kept"]["value"], &record["lost"]["value"]);
    assert_eq!((kept, b.value("notes", "k")), (kept, kept.clone()));
    assert_eq!((&record["state"], &record["reason"]), (&json!("open"), &json!("concurrent")));

    // It outlives a write of somebody who was only shown what stands.
    put(b, "notes", &json!("third"));
    cluster.level();
    let open = conflicts(&cluster, "notes");
    assert_eq!((&open[0]["id"], &open[0]["kept"]["value"]), (&record["id"], &json!("third")));

    let restored = settle_once(c, record, "restore");
    assert_eq!((&restored["state"], &restored["kept"]["value"]), (&json!("restored"), lost));
    cluster.level();
    assert_eq!(conflicts(&cluster, "notes"), Vec::<Value>::new());
    for region in cluster.all() {
        assert_eq!(region.value("notes", "k"), *lost);
    }

    // It is told of still, and another region, which knows that it was done, takes it back.
    assert_eq!(settle_once(b, record, "restore"), restored);
    assert_eq!(listed(&cluster, "/v1/conflicts?table=notes"), [restored]);
    let undone = settle(a, record, "undo");
    assert_eq!(undone, open[0], "as it was before it was restored");
    cluster.level();
    assert_eq!(conflicts(&cluster, "notes"), open);
    for region in cluster.all() {
        assert_eq!(region.value("notes", "k"), json!("third"));
    }
}

#[test]
fn sets_and_flags_show_the_winning_side_and_log_the_other() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    for (table, data_type, resolver) in [
        ("tags", "set", "add_wins"),
        ("bans", "set", "remove_wins"),
        ("lit", "flag", "enable_wins"),
        ("dark", "flag", "disable_wins"),
    ] {
        define(a, table, data_type, resolver);
    }
    for table in ["tags", "bans"] {
        put(a, table, &json!(["x", "y"]));
    }
    cluster.level();

    c_alone(&cluster, "pause");
    for table in ["tags", "bans"] {
        patch(a, table, &json!({"add": ["x", "z"]}));
        patch(c, table, &json!({"remove": ["x"], "add": ["w"]}));
    }
    for table in ["lit", "dark"] {
        patch(a, table, &json!({"enable": true}));
        patch(c, table, &json!({"disable": true}));
    }
    c_alone(&cluster, "resume");
    cluster.level();
    for region in [a, b, c] {
        assert_eq!(region.value("tags", "k"), json!(["w", "x", "y", "z"]));
        assert_eq!(region.value("bans", "k"), json!(["w", "y", "z"]));
        assert_eq!(region.value("lit", "k"), true);
        assert_eq!(region.value("dark", "k"), false);
    }
    for (table, path, lost) in [
        ("tags", "/\"x\"", Value::Null),
        ("bans", "/\"x\"", json!("x")),
        ("lit", "", json!(false)),
        ("dark", "", json!(true)),
    ] {
        let open = conflicts(&cluster, table);
        let [record] = &*open else { panic!("{table}: {open:?}") };
        assert_eq!((&record["path"], &record["lost"]["value"]), (&json!(path), &lost), "{table}");
        settle(b, record, "dismiss");
    }
    cluster.level();
    for table in ["tags", "bans", "lit", "dark"] {
        assert_eq!(conflicts(&cluster, table), Vec::<Value>::new());
    }
    assert_eq!(c.value("tags", "k"), json!(["w", "x", "y", "z"]));
}

#[test]
fn siblings_are_shown_until_they_are_replaced_and_extremes_hold_everywhere() {
    let mut cluster = Cluster::start();
    let [a, _, c] = cluster.all();
    for resolver in ["siblings", "max", "first_write_wins"] {
        define(a, resolver, "register", resolver);
    }
    cluster.level();
    c_alone(&cluster, "pause");
    for table in ["siblings", "max", "first_write_wins"] {
        put(a, table, &json!(7));
        put(c, table, &json!(3));
    }
    c_alone(&cluster, "resume");
    cluster.level();

    let shown = |region: &Region, table: &str| {
        region.ask("GET", &format!("/v1/tables/{table}/items/k"), None).expect(200)
    };
    for table in ["siblings", "max", "first_write_wins"] {
        let [a, b, c] = cluster.all().map(|region| shown(region, table));
        assert_eq!((&a, &a), (&b, &c));
    }
    let both = shown(cluster.at("a"), "siblings");
    let mut values: Vec<_> =
        both["siblings"].as_array().unwrap().iter().map(|s| s["value"].as_i64()).collect();
    values.sort_unstable();
    assert_eq!((values, both.get("value")), (vec![Some(3), Some(7)], None));
    assert_eq!(shown(cluster.at("b"), "max")["value"], 7);
    assert_eq!(conflicts(&cluster, "siblings"), Vec::<Value>::new());
    let logs = ["max", "first_write_wins"].map(|table| conflicts(&cluster, table));
    assert_eq!(logs.each_ref().map(Vec::len), [1, 1]);

    // The log is part of the state: it is there again after a kill.
    cluster.at_mut("b").kill();
    cluster.at_mut("b").spawn();
    cluster.at_mut("b").wait_ready();
    cluster.level();
    assert_eq!(["max", "first_write_wins"].map(|table| conflicts(&cluster, table)), logs);

    put(cluster.at("b"), "siblings", &json!(10));
    eventually("one value stands alone", || shown(cluster.at("c"), "siblings")["value"] == 10);
}
