//! What is said of settings that cannot be taken, word for word.

use tombolo_topology::{Settings, SettingsError};

use crate::{load, load_bytes, us_east};

/// What is said of `more`, with the directory of the file cut away.
fn refusal(more: &str, variables: &[(&str, &str)]) -> String {
    let said = load(more, variables).unwrap_err().to_string();
    match (said.find("in /"), said.find("tombolo.toml")) {
        (Some(start), Some(end)) => format!("{}in {}", &said[..start], &said[end..]),
        _ => said,
    }
}

#[test]
fn unknown_names_are_refused_with_the_name_that_was_meant() {
    assert_eq!(
        refusal("[http]\nworker = 3\n", &[]),
        "unknown setting http.worker (in tombolo.toml); did you mean http.workers?"
    );
    assert_eq!(
        refusal("[replicaton]\nheartbeat_ms = 3\n", &[]),
        "unknown setting replicaton.heartbeat_ms (in tombolo.toml); \
         did you mean replication.heartbeat_ms?"
    );
    assert_eq!(
        refusal("", &[("TOMBOLO__HTTP__VALUE_BYTE_MAX", "1")]),
        "unknown setting http.value_byte_max \
         (from the environment, TOMBOLO__HTTP__VALUE_BYTE_MAX); \
         did you mean http.value_bytes_max?"
    );
    assert_eq!(refusal("[colours]\n", &[]), "unknown setting colours (in tombolo.toml)");
    let file = "[[cluster.regions]]\nname = \"us-east\"\nreplicaton = \"a:1\"\n";
    assert_eq!(
        refusal(file, &[]),
        "unknown setting cluster.regions[0].replicaton (in tombolo.toml); \
         did you mean cluster.regions.replication?"
    );
}

#[test]
fn values_that_are_not_allowed_are_refused_with_what_would_do() {
    let cases = [
        (
            "[http]\nvalue_bytes_max = 5\n",
            "http.value_bytes_max = 5 (in tombolo.toml) is not allowed; \
             allowed: 1024 to 16777216 bytes",
        ),
        (
            "[http]\nworkers = -1\n",
            "http.workers = -1 (in tombolo.toml) is not allowed; allowed: 0 to 1024",
        ),
        (
            "[http]\nworkers = \"3\"\n",
            "http.workers = \"3\" (in tombolo.toml) is not allowed; allowed: 0 to 1024",
        ),
        (
            "[http]\nworkers = 2.5\n",
            "http.workers = 2.5 (in tombolo.toml) is not allowed; allowed: 0 to 1024",
        ),
        (
            "[http.workers]\ncount = 2\n",
            "http.workers = a table (in tombolo.toml) is not allowed; allowed: 0 to 1024",
        ),
        (
            "[[http]]\nworkers = 2\n",
            "http = a value of type array (in tombolo.toml) is not allowed; \
             allowed: a section, [http]",
        ),
        (
            "[log]\nlevel = \"loud\"\n",
            "log.level = \"loud\" (in tombolo.toml) is not allowed; \
             allowed: error, warn, info, debug, trace",
        ),
        (
            "[listen]\napi = \"localhost\"\n",
            "listen.api = \"localhost\" (in tombolo.toml) is not allowed; \
             allowed: ip:port, an IPv6 address in brackets; port 0 takes a free one",
        ),
        (
            "[[cluster.regions]]\nname = \"us-east\"\n",
            "cluster.regions[0].replication is required (in tombolo.toml); \
             allowed: host:port, an IPv6 host in brackets",
        ),
        (
            "[[cluster.regions]]\nname = \"US\"\nreplication = \"a:1\"\n",
            "cluster.regions[0].name = \"US\" (in tombolo.toml) is not allowed; \
             allowed: 1 to 24 of a-z, 0-9 and -, beginning with a letter",
        ),
    ];
    for (file, said) in cases {
        assert_eq!(refusal(file, &[]), said);
    }
}

#[test]
fn values_of_the_environment_are_refused_by_the_name_of_their_variable() {
    assert_eq!(
        refusal("", &[("TOMBOLO__REPLICATION__HEARTBEAT_MS", "soon")]),
        "replication.heartbeat_ms = \"soon\" \
         (from the environment, TOMBOLO__REPLICATION__HEARTBEAT_MS) is not allowed; \
         allowed: 10 to 10000 ms"
    );
    for list in ["", "us-east", "us-east=host", "us-east=a:1,", "US=a:1"] {
        let error = load("", &[("TOMBOLO__CLUSTER__REGIONS", list)]).unwrap_err();
        assert!(
            matches!(&error, SettingsError::NotAllowed { key, .. } if key == "cluster.regions"),
            "{list:?}: {error}"
        );
    }
}

#[test]
fn what_is_required_is_asked_for() {
    let error = load_bytes(b"[region]\nname = \"us-east\"\n", &[]).unwrap_err();
    assert!(
        matches!(&error, SettingsError::Missing { key, variable, .. }
            if key == "region.data_dir" && variable == "TOMBOLO__REGION__DATA_DIR"),
        "{error}"
    );
}

#[test]
fn settings_that_do_not_go_together_are_refused_with_the_reason() {
    assert_eq!(
        refusal("[http]\nvalue_bytes_max = 8388608\n", &[]),
        "leader.group_bytes_max = 4194304 must be at least 8454144, \
         from http.value_bytes_max + 65536: a change with the longest value must fit in a group"
    );
    let others = "[[cluster.regions]]\nname = \"eu-west\"\nreplication = \"eu:1\"\n";
    assert_eq!(
        refusal(others, &[]),
        "cluster.regions does not list us-east, which region.name says this region is; add it"
    );
}

#[test]
fn a_range_holds_for_what_the_program_sets_too() {
    let mut settings = Settings::for_region(us_east(), "/data");
    settings.replication.compression_level = 20;
    assert_eq!(
        settings.check().unwrap_err().to_string(),
        "replication.compression_level = 20 (set by the program) is not allowed; allowed: 1 to 19"
    );
    settings.replication.compression_level = -1;
    assert!(settings.check().is_err());
}
