//! What is taken from the file, the environment and the defaults, and written back.

use std::time::Duration;

use tombolo_topology::Settings;
use tombolo_topology::settings::{HostName, LogFormat, LogLevel, Member};

use crate::{load, load_bytes, us_east};

#[test]
fn what_is_not_said_has_its_default() {
    assert_eq!(load("", &[]).unwrap(), Settings::for_region(us_east(), "/data"));
}

#[test]
fn the_file_goes_before_defaults_and_the_environment_before_the_file() {
    let file = "[http]\nworkers = 3\nkeep_alive_s = 9\n[log]\nformat = \"json\"\n";
    let variables = [
        ("TOMBOLO__HTTP__WORKERS", "4"),
        ("TOMBOLO__LOG__LEVEL", "debug"),
        ("TOMBOLO_HTTP_WORKERS", "5"),
        ("HOME", "/root"),
    ];
    let settings = load(file, &variables).unwrap();
    let mut expected = Settings::for_region(us_east(), "/data");
    expected.http.workers = 4;
    expected.http.keep_alive = Duration::from_secs(9);
    expected.log.level = LogLevel::Debug;
    expected.log.format = LogFormat::Json;
    assert_eq!(settings, expected);
}

#[test]
fn a_region_can_be_set_up_by_the_environment_alone() {
    let settings = load_bytes(
        b"",
        &[
            ("TOMBOLO__REGION__NAME", "us-east"),
            ("TOMBOLO__REGION__DATA_DIR", "/data"),
            ("TOMBOLO__LISTEN__REPLICATION", "0.0.0.0:7403"),
            ("TOMBOLO__CLUSTER__REGIONS", "eu-west=eu:7403, us-east=us:7403"),
        ],
    )
    .unwrap();
    let mut expected = Settings::for_region(us_east(), "/data");
    expected.listen.replication = "0.0.0.0:7403".parse().unwrap();
    expected.cluster.regions = vec![member("eu-west", "eu:7403"), member("us-east", "us:7403")];
    assert_eq!(settings, expected);
}

fn member(name: &str, replication: &str) -> Member {
    Member { name: name.parse().unwrap(), replication: replication.parse().unwrap() }
}

#[test]
fn a_list_is_an_array_in_the_file_and_separated_by_commas_in_the_environment() {
    let file = "[http]\ncors_allow_origins = [\"https://a.example\"]\n";
    let settings =
        load(file, &[("TOMBOLO__ADMIN__HOSTS_ALLOWED", "a.example, b.example")]).unwrap();
    assert_eq!(settings.http.cors_allow_origins, ["https://a.example".parse().unwrap()]);
    let hosts = settings.admin.hosts_allowed.iter().map(HostName::as_str).collect::<Vec<_>>();
    assert_eq!(hosts, ["a.example", "b.example"]);
    for refused in ["[\"a.example\"]", "[1]", "[\"https://a.example/\"]", "true"] {
        let file = format!("[http]\ncors_allow_origins = {refused}\n");
        assert!(load(&file, &[]).is_err(), "{refused}");
    }
    let many = vec!["a.example"; 65].join(",");
    assert!(load("", &[("TOMBOLO__ADMIN__HOSTS_ALLOWED", &many)]).is_err());
}

#[test]
fn regions_are_read_in_their_order() {
    let file = "[[cluster.regions]]\nname = \"eu-west\"\nreplication = \"eu:7403\"\n\
                [[cluster.regions]]\nname = \"us-east\"\nreplication = \"us:7403\"\n";
    let settings = load(file, &[]).unwrap();
    let expected = [member("eu-west", "eu:7403"), member("us-east", "us:7403")];
    assert_eq!(settings.cluster.regions, expected);
}

#[test]
fn a_region_alone_is_listed_at_the_address_where_it_listens() {
    let settings = load("[listen]\nreplication = \"127.0.0.1:9\"\n", &[]).unwrap();
    assert_eq!(settings.cluster.regions, [member("us-east", "127.0.0.1:9")]);
}

#[test]
fn settings_that_are_written_load_to_the_same() {
    let mut settings = Settings::for_region(us_east(), "/a \"quoted\"\n\\path");
    settings.cluster.id = "shop-2".parse().unwrap();
    settings.cluster.regions.insert(0, member("eu-west", "[2001:db8::1]:7403"));
    settings.listen.api = "[::1]:0".parse().unwrap();
    settings.http.keep_alive = Duration::from_secs(7);
    settings.replication.heartbeat = Duration::from_millis(33);
    settings.log.format = LogFormat::Json;
    settings.http.cors_allow_origins =
        vec!["https://a.example".parse().unwrap(), "http://localhost:3000".parse().unwrap()];
    settings.admin.hosts_allowed = vec!["db.example".parse().unwrap()];
    settings.telemetry.otlp_endpoint = "http://collector".parse().unwrap();
    for written in [settings.to_toml(), settings.to_explained_toml()] {
        assert_eq!(load_bytes(written.as_bytes(), &[]).unwrap(), settings, "{written}");
    }
    assert!(!settings.to_toml().contains('#'));
}
