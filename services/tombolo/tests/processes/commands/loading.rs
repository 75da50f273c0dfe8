//! `put --from`: whole files, and what becomes of entries that no region takes.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Asked, Cluster};

/// The measured round trips of the fifteen places.
const ROUND_TRIPS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../regions/topology/data/round_trips.ndjson");

/// Key and value of each line.
fn items(lines: &str) -> Vec<(String, Value)> {
    let item = |line| {
        let item: Value = serde_json::from_str(line).unwrap();
        (item["key"].as_str().unwrap().to_owned(), item["value"].clone())
    };
    let mut items: Vec<_> = lines.lines().map(item).collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    items
}

#[test]
fn the_210_round_trips_come_back_from_another_region_as_they_were_loaded() {
    let cluster = Cluster::start();
    let [a, b, _] = cluster.all();
    Asked::of(a, &["tables", "define", "round_trips", "--type", "register"]).expect(0);
    let loaded = Asked::of(a, &["put", "round_trips", "--from", ROUND_TRIPS]).expect(0);
    assert_eq!(loaded.out, "210 written (210 created, 0 replaced), 0 not written\n");
    let level = cluster.level();
    assert_eq!(level.items, 210);

    let scanned = Asked::of(b, &["scan", "round_trips", "-o", "json"]).expect(0);
    let loaded = items(&fs::read_to_string(ROUND_TRIPS).unwrap());
    assert_eq!(loaded.len(), 210);
    // In the order of their keys, as the sorted ones are.
    let keys = scanned.lines().into_iter().map(|line| items(line).remove(0).0);
    assert!(keys.eq(loaded.iter().map(|item| item.0.clone())));
    assert_eq!(items(&scanned.out), loaded);

    let prefix = ["scan", "round_trips", "--prefix", "us-east/", "--limit", "3", "-o", "json"];
    let found = Asked::of(b, &prefix).expect(0);
    let keys: Vec<_> = items(&found.out).into_iter().map(|item| item.0).collect();
    assert_eq!(keys, ["us-east/af-south", "us-east/ap-northeast", "us-east/ap-south"]);
    let bounds = ["scan", "round_trips", "--from", "us-west/", "--to", "us-west0", "-o", "json"];
    assert_eq!(Asked::of(b, &bounds).expect(0).lines().len(), 14);

    // What a scan answers is what a load takes.
    let again = ["put", "round_trips", "--from", "-", "-o", "json"];
    let again = Asked::with_input(b, &again, &scanned.out).expect(0).json();
    assert_eq!(again, json!({"written": 210, "created": 0, "replaced": 210, "not_written": 0}));
}

#[test]
fn a_scan_of_more_than_a_page_shows_everything_once() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    a.define("notes", "register");
    let object: serde_json::Map<_, _> =
        (0..1_200).map(|nth| (format!("k{nth:04}"), json!(nth))).collect();
    let object = Value::from(object).to_string();
    Asked::with_input(a, &["put", "notes", "--from", "-"], &object).expect(0);
    let scanned = Asked::of(a, &["scan", "notes", "-o", "json"]).expect(0);
    let values = items(&scanned.out).into_iter().map(|item| item.1);
    assert!(values.eq((0..1_200).map(Value::from)));
    assert_eq!(Asked::of(a, &["scan", "notes", "--limit", "1100"]).expect(0).lines().len(), 1_101);
}

#[test]
fn an_entry_that_is_refused_is_named_and_the_others_are_written() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    a.define("notes", "register");
    let lines = "{\"key\":\"a\",\"value\":1}\n{\"key\":\"..\",\"value\":2}\n{\"key\":\"c\"}\n\
                 {\"key\":\"d\",\"value\":{\"x\":1,\"x\":2}}\n{\"key\":\"e\",\"value\":3}\n";
    let load = ["put", "notes", "--from", "-"];
    let loaded = Asked::with_input(a, &load, lines).expect(4);
    assert_eq!(loaded.out, "2 written (2 created, 0 replaced), 3 not written\n");
    let told = [
        "tombolo: line 2: Not a key (bad_key): ",
        "tombolo: line 3: `value` is missing",
        "tombolo: line 4: The body is not JSON (malformed_json): ",
        "tombolo: 3 of 5 entries were not written",
    ];
    for told in told {
        assert!(loaded.errors.lines().any(|line| line.starts_with(told)), "{told}: {loaded:?}");
    }
    assert_eq!([a.value("notes", "a"), a.value("notes", "e")], [1, 3]);
}

#[test]
fn the_last_entry_of_a_key_stands() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    a.define("notes", "register");
    let line = |nth| format!("{{\"key\":\"k{}\",\"value\":{nth}}}\n", nth % 5);
    let lines: String = (0..200).map(line).collect();
    Asked::with_input(a, &["put", "notes", "--from", "-"], &lines).expect(0);
    for nth in 195..200 {
        assert_eq!(a.value("notes", &format!("k{}", nth % 5)), nth);
    }
}

#[test]
fn a_load_ends_early_where_nobody_is_reached() {
    let mut cluster = Cluster::start();
    cluster.at_mut("a").kill();
    let lines = "{\"key\":\"a\",\"value\":1}\n".repeat(1_000);
    let load = ["put", "notes", "--from", "-"];
    let loaded = Asked::with_input(cluster.at("a"), &load, &lines).expect(5);
    let last = loaded.errors.lines().last().unwrap();
    let seen: u64 = last.split(' ').nth(3).unwrap().parse().unwrap();
    assert!(seen < 100, "{loaded:?}");
}
