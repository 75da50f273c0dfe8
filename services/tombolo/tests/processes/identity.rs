//! Who a data directory is: one process, one region, one history. A region that may have forgotten
//! something writes under a new incarnation; one that has lost something does not start.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{Cluster, Region, eventually, tombolo};

/// Runs `serve` with these settings and this environment, which must end it.
fn serve(settings_file: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = tombolo();
    command.arg("serve").arg("--config").arg(settings_file);
    command.envs(environment.iter().copied()).output().unwrap()
}

/// Asserts that a region did not start, and answers why.
#[track_caller]
fn refused(output: &Output) -> &str {
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{output:?}");
    let said = str::from_utf8(&output.stderr).unwrap();
    said.lines().last().unwrap()
}

/// Ports that a running region does not have.
const OTHER_PORTS: [(&str, &str); 3] = [
    ("TOMBOLO__LISTEN__API", "127.0.0.1:0"),
    ("TOMBOLO__LISTEN__ADMIN", "127.0.0.1:0"),
    ("TOMBOLO__LISTEN__REPLICATION", "127.0.0.1:0"),
];

/// The cluster after one register was written in each region and arrived everywhere.
fn cluster_with_notes() -> Cluster {
    let cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    for region in cluster.all() {
        region.put("notes", &region.name, 1);
    }
    cluster.level();
    cluster
}

fn incarnation(region: &Region) -> String {
    region.about()["incarnation"].as_str().unwrap().to_owned()
}

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let cluster = cluster_with_notes();
    let b = cluster.at("b");
    let output = serve(&b.settings_file, &OTHER_PORTS);
    let reason = format!("the data directory {} is in use by another", b.data_dir.display());
    assert!(refused(&output).contains(&reason), "{output:?}");
    b.put("notes", "b", 2);
    assert_eq!(cluster.level().replicas("b").len(), 1);
}

#[test]
fn a_port_that_is_taken_is_named_with_its_setting() {
    let mut cluster = cluster_with_notes();
    let (admin, replication) = (cluster.at("a").admin, cluster.at("a").replication);
    let b = cluster.at_mut("b");
    b.stop();
    for (setting, variable, address) in [
        ("listen.admin", "TOMBOLO__LISTEN__ADMIN", admin),
        ("for other regions", "TOMBOLO__LISTEN__REPLICATION", replication),
    ] {
        let output = serve(&b.settings_file, &[(variable, &address.to_string())]);
        let reason = refused(&output);
        assert!(reason.contains(setting) && reason.contains(&address.to_string()), "{reason}");
    }
    b.start();
    cluster.level();
}

#[test]
fn a_directory_that_has_lost_a_part_is_refused_and_says_how_to_recover() {
    let mut cluster = cluster_with_notes();
    cluster.at_mut("b").stop();
    let b = cluster.at("b");
    for (part, path) in [("state", "state.redb"), ("journal", "journal")] {
        let (there, away) = (b.data_dir.join(path), cluster.folder().join("away"));
        fs::rename(&there, &away).unwrap();
        for _ in 0..2 {
            let output = serve(&b.settings_file, &[]);
            let reason = refused(&output);
            assert!(reason.contains(&format!("has lost its {part}")), "{reason}");
            assert!(reason.contains("restore it from a backup"), "{reason}");
        }
        if there.is_dir() {
            fs::remove_dir_all(&there).unwrap();
        } else if there.exists() {
            fs::remove_file(&there).unwrap();
        }
        fs::rename(&away, &there).unwrap();
    }
    // With all its parts it is what it was.
    cluster.at_mut("b").start();
    let level = cluster.level();
    assert_eq!((level.items, level.replicas("b").len()), (3, 1));
}

#[test]
fn the_directory_of_another_region_or_cluster_is_refused() {
    let mut cluster = cluster_with_notes();
    cluster.at_mut("b").stop();
    let settings_file = &cluster.at("b").settings_file;
    for (variable, value, expected) in [
        ("TOMBOLO__REGION__NAME", "c", "c of cluster tombolo"),
        ("TOMBOLO__CLUSTER__ID", "other", "b of cluster other"),
    ] {
        let mut environment = OTHER_PORTS.to_vec();
        environment.push((variable, value));
        let output = serve(settings_file, &environment);
        let reason = format!("is that of b of cluster tombolo, not of {expected}");
        assert!(refused(&output).contains(&reason), "{output:?}");
    }
    cluster.at_mut("b").start();
    assert_eq!(cluster.level().replicas("b").len(), 1);
}

#[test]
fn a_clean_restart_keeps_the_incarnation_also_without_peers() {
    let mut cluster = cluster_with_notes();
    let before = incarnation(cluster.at("b"));
    for name in ["a", "b", "c"] {
        cluster.at_mut(name).stop();
    }
    cluster.at_mut("b").start();
    let b = cluster.at("b");
    assert_eq!(incarnation(b), before);
    b.put("notes", "alone", 1);
    for name in ["a", "c"] {
        cluster.at_mut(name).start();
    }
    let level = cluster.level();
    assert_eq!(level.items, 4);
    for name in ["a", "b", "c"] {
        assert_eq!(level.replicas(name).len(), 1);
    }
}

#[test]
fn a_crash_keeps_the_incarnation_where_every_peer_confirms_it() {
    let mut cluster = cluster_with_notes();
    let before = incarnation(cluster.at("b"));
    for nth in 0..3 {
        cluster.at("b").put("notes", "b", nth);
        cluster.at_mut("b").kill();
        cluster.at_mut("b").start();
        assert_eq!(incarnation(cluster.at("b")), before);
        assert_eq!(cluster.at("b").value("notes", "b"), nth);
    }
    assert_eq!(cluster.level().replicas("b").len(), 1);
}

#[test]
fn a_crash_while_a_peer_is_away_begins_a_new_incarnation_and_loses_nothing() {
    let mut cluster = cluster_with_notes();
    let before = incarnation(cluster.at("b"));
    cluster.at_mut("c").stop();
    cluster.at("b").put("notes", "unseen", 1);
    cluster.at_mut("b").kill();
    cluster.at_mut("b").start();
    let b = cluster.at("b");
    assert_ne!(incarnation(b), before);
    assert_eq!(b.value("notes", "unseen"), 1);
    b.put("notes", "after", 1);
    cluster.at_mut("c").start();
    let level = cluster.level();
    assert_eq!(level.items, 5);
    let mut replicas = [&before, &incarnation(cluster.at("b"))].map(|life| format!("b:{life}:0"));
    replicas.sort_unstable();
    assert_eq!(level.replicas("b"), replicas);
}

#[test]
fn a_region_that_has_lost_its_directory_begins_anew_and_is_given_what_it_had() {
    let mut cluster = cluster_with_notes();
    let before = incarnation(cluster.at("b"));
    cluster.at_mut("b").kill();
    fs::remove_dir_all(&cluster.at("b").data_dir).unwrap();
    cluster.at_mut("b").start();
    assert_ne!(incarnation(cluster.at("b")), before);
    assert_eq!(cluster.level().items, 3);
    cluster.at("b").put("notes", "after", 1);
    let level = cluster.level();
    assert_eq!((level.items, level.replicas("b").len()), (4, 2));
}

/// Stops `b`, puts back a copy of its directory that is older than what its peers know of it, and
/// starts it.
fn put_back_an_old_copy(cluster: &mut Cluster) {
    cluster.at_mut("b").stop();
    let (directory, copy) = (cluster.at("b").data_dir.clone(), cluster.folder().join("copy"));
    copy_directory(&directory, &copy);
    cluster.at_mut("b").start();
    for nth in 0..5 {
        cluster.at("b").put("notes", &format!("after_copy{nth}"), nth);
    }
    cluster.level();
    cluster.at_mut("b").stop();
    fs::remove_dir_all(&directory).unwrap();
    fs::rename(&copy, &directory).unwrap();
    cluster.at_mut("b").start();
}

pub(crate) fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.as_ref().unwrap(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

#[test]
fn an_old_copy_put_back_is_noticed_and_given_what_it_lost() {
    let mut cluster = cluster_with_notes();
    let before = incarnation(cluster.at("b"));
    put_back_an_old_copy(&mut cluster);
    assert_ne!(incarnation(cluster.at("b")), before);
    cluster.at("b").put("notes", "after", 1);
    let level = cluster.level();
    assert_eq!((level.items, level.replicas("b").len()), (9, 2));
    eventually("every link is up", || {
        ["a", "c"].iter().all(|peer| cluster.at("b").link(peer)["state"] == "up")
    });
}
