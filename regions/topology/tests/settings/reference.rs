//! The reference, the example file and the settings tell one story.

use std::collections::BTreeSet;

use tombolo_topology::Settings;
use tombolo_topology::settings::{SettingDoc, reference};

use crate::us_east;

#[test]
fn every_setting_is_in_the_reference_and_nothing_else_is() {
    let written: toml::Table = Settings::for_region(us_east(), "/data").to_toml().parse().unwrap();
    let mut keys = BTreeSet::new();
    collect_keys(&written, "", &mut keys);
    let documented: BTreeSet<_> = reference().map(|doc| doc.key.to_owned()).collect();
    assert_eq!(keys, documented);
    assert_eq!(documented.len(), reference().count(), "a key is documented twice");
}

fn collect_keys(table: &toml::Table, prefix: &str, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value {
            toml::Value::Table(table) => collect_keys(table, &format!("{key}."), keys),
            toml::Value::Array(tables) if tables.iter().any(toml::Value::is_table) => {
                for table in tables.iter().filter_map(toml::Value::as_table) {
                    collect_keys(table, &format!("{key}."), keys);
                }
            }
            _ => {
                keys.insert(key);
            }
        }
    }
}

#[test]
fn documented_defaults_are_those_of_a_region_that_is_given_nothing() {
    let written: toml::Table = Settings::for_region(us_east(), "/data").to_toml().parse().unwrap();
    let mut without_default = Vec::new();
    for SettingDoc { key, default, .. } in reference() {
        let (section, name) = key.split_once('.').unwrap();
        match default {
            Some(default) => assert_eq!(written[section][name].to_string(), default, "{key}"),
            None => without_default.push(key),
        }
    }
    let expected =
        ["region.name", "region.data_dir", "cluster.regions.name", "cluster.regions.replication"];
    assert_eq!(without_default, expected);
}

#[test]
fn numbers_say_their_unit_in_their_name() {
    for SettingDoc { key, unit, .. } in reference() {
        let suffix = match unit.to_string().as_str() {
            "" => continue,
            unit => format!("_{unit}"),
        };
        let name = key.trim_end_matches("_max").trim_end_matches("_min");
        assert!(name.ends_with(&suffix), "{key} is in {unit}");
    }
}

#[test]
fn the_example_shows_every_setting_at_its_default() {
    let settings = Settings::for_region(us_east(), "/var/lib/tombolo");
    assert_eq!(
        include_str!("../../tombolo.example.toml"),
        settings.to_explained_toml(),
        "run: cargo run -p tombolo-topology --example write_example \
         > regions/topology/tombolo.example.toml"
    );
}
