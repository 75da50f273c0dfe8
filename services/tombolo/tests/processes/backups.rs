//! A region that is copied while it runs, and regions that go on from a copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Asked, Cluster, Distance, Level, Load, Region, Tally, eventually, tombolo};

/// A cluster whose regions may write backups below a directory.
fn cluster_with_backups() -> (Cluster, TempDir) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().to_str().unwrap().to_owned();
    let cluster = Cluster::start_with(Distance::None, &|settings| {
        settings.backup.directory = path.parse().unwrap();
    });
    (cluster, root)
}

/// A backup of `region`, as it is told of.
fn back_up(region: &Region, path: &Path) -> Value {
    let asked = Asked::of(region, &["backup", path.to_str().unwrap(), "-o", "json"]);
    asked.expect(0).json()
}

/// Restores the directory of `region`, which is not running and has lost it.
fn restore(region: &Region, backup: &Path) -> Asked {
    let [backup, settings] = [backup, &region.settings_file].map(|path| path.to_str().unwrap());
    Asked::nobody(&["restore", "--from", backup, "--config", settings, "-o", "json"])
}

fn lose(cluster: &mut Cluster, name: &str) {
    cluster.at_mut(name).kill();
    fs::remove_dir_all(&cluster.at(name).data_dir).unwrap();
}

fn incarnation(region: &Region) -> Value {
    region.about()["incarnation"].clone()
}

#[test]
fn a_region_that_lost_everything_goes_on_from_a_backup_and_is_given_what_came_after() {
    let (mut cluster, root) = cluster_with_backups();
    Load::prepare(&cluster);
    let mut tally = Tally::default();
    write(&cluster, 1);
    let before = incarnation(cluster.at("b"));
    // Nobody waits for it.
    let load = Load::begin(&cluster, 2);
    let path = root.path().join("b/first");
    let backup = back_up(cluster.at("b"), &path);
    load.end(&mut tally);
    let level = cluster.level();
    let vector: BTreeMap<String, u64> = serde_json::from_value(backup["vector"].clone()).unwrap();
    assert!(vector.iter().all(|(replica, seq)| level.vector[replica] >= *seq), "{backup}");

    lose(&mut cluster, "b");
    let restored = restore(cluster.at("b"), &path).expect(0).json();
    assert_eq!(restored["region"], "b");
    for member in ["vector", "digest", "items", "taken_at"] {
        assert_eq!(restored[member], backup[member], "{member}");
    }
    cluster.at_mut("b").start();
    assert_ne!(incarnation(cluster.at("b")), before);
    assert_eq!(incarnation(cluster.at("b")), restored["incarnation"]);
    cluster.at("b").increment("hits", "after", 1);
    assert_eq!(cluster.level().replicas("b").len(), 2);
    tally.check(&cluster);
    check(&cluster, 1);
}

/// Writes in every region; after so many rounds every counter is as high.
fn write(cluster: &Cluster, round: i64) {
    for region in cluster.all() {
        for nth in 0..5 {
            region.put("marks", &format!("{}-{round}-{nth}", region.name), round);
        }
        region.put("marks", &region.name, round);
        region.increment("hits", &region.name, 1);
    }
}

fn check(cluster: &Cluster, rounds: i64) {
    for region in cluster.all() {
        for name in ["a", "b", "c"] {
            assert_eq!(region.value("hits", name), rounds);
            assert_eq!(region.value("marks", name), rounds);
            for round in 1..=rounds {
                assert_eq!(region.value("marks", &format!("{name}-{round}-4")), round);
            }
        }
    }
}

/// What one of the backups has is there, wherever it was written.
#[test]
fn a_cluster_that_lost_everything_goes_on_from_backups_of_different_moments() {
    let (mut cluster, root) = cluster_with_backups();
    Load::prepare(&cluster);
    let path = |name: &str| -> PathBuf { root.path().join(name) };
    let mut level = cluster.level();
    for (round, name) in (1..).zip(["a", "b", "c"]) {
        write(&cluster, round);
        level = cluster.level();
        let backup = back_up(cluster.at(name), &path(name));
        assert_eq!(backup["digest"], json!(level.digest));
    }
    for name in ["a", "b", "c"] {
        lose(&mut cluster, name);
        restore(cluster.at(name), &path(name)).expect(0);
    }
    for name in ["a", "b", "c"] {
        cluster.at_mut(name).spawn();
    }
    for name in ["a", "b", "c"] {
        cluster.at_mut(name).wait_ready();
    }
    // Nobody has a log of it, so they catch up by each other's state, and are silent meanwhile.
    eventually("all regions are where the last backup is", || {
        let vector = json!(level.vector);
        cluster.all().iter().all(|region| {
            let is_ready = region.ask("GET", "/readyz", None).status == 200;
            region.about()["version_vector"] == vector && is_ready
        })
    });
    assert_eq!(cluster.level(), level);
    check(&cluster, 3);
    // Everybody still writes.
    write(&cluster, 4);
    cluster.level();
    check(&cluster, 4);
}

#[test]
fn what_cannot_be_restored_is_refused_with_an_exit_code_and_leaves_nothing() {
    let (mut cluster, root) = cluster_with_backups();
    cluster.at("a").define("notes", "register");
    cluster.at("b").put("notes", "k", 1);
    let path = root.path().join("b");
    let shown = Asked::of(cluster.at("b"), &["backup", path.to_str().unwrap()]).expect(0);
    assert_eq!(shown.lines().len(), 2);
    assert!(shown.out.contains("ITEMS") && shown.out.contains(path.to_str().unwrap()), "{shown:?}");
    let outside = cluster.folder().join("elsewhere");
    for refused in [path.to_str().unwrap(), outside.to_str().unwrap(), "relative"] {
        Asked::of(cluster.at("b"), &["backup", refused]).expect(4);
    }
    assert!(!outside.exists());

    // A region that runs, and one that merely has something.
    assert!(restore(cluster.at("b"), &path).expect(4).errors.contains("is not empty"));
    cluster.at_mut("b").stop();
    restore(cluster.at("b"), &path).expect(4);
    cluster.at_mut("b").start();
    assert_eq!(cluster.level().replicas("b").len(), 1);

    lose(&mut cluster, "b");
    restore(cluster.at("b"), &outside).expect(3);
    let to = cluster.folder().join("of_c");
    let of_c = [("--from", path.as_path()), ("--config", &cluster.at("c").settings_file)];
    let of_c = of_c.map(|(name, path)| [name, path.to_str().unwrap()]).concat();
    let of_c = [&["restore"], &of_c[..], &["--to", to.to_str().unwrap()]].concat();
    let foreign = Asked::nobody(&of_c).expect(4);
    assert!(foreign.errors.contains("is of b of cluster tombolo, not of c"), "{foreign:?}");
    Asked::nobody(&[&of_c[..], &["--foreign"]].concat()).expect(0);

    let file = path.join("state.redb");
    let mut bytes = fs::read(&file).unwrap();
    bytes[4_096] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert!(restore(cluster.at("b"), &path).expect(1).errors.contains("damaged"));
    assert!(!cluster.at("b").data_dir.exists());
    bytes[4_096] ^= 1;
    fs::write(&file, &bytes).unwrap();

    // What a crash leaves in the middle of it.
    restore(cluster.at("b"), &path).expect(0);
    let mark = cluster.at("b").data_dir.join("restoring");
    fs::write(&mark, "").unwrap();
    let output =
        tombolo().arg("serve").arg("--config").arg(&cluster.at("b").settings_file).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is half restored"), "{output:?}");
    fs::remove_file(mark).unwrap();
    cluster.at_mut("b").start();
    assert_eq!(cluster.level().items, 1);
    assert_eq!(Level::of(cluster.at("b")).replicas("b").len(), 1);
}
