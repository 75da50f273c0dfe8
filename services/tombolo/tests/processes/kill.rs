//! Regions that are killed at random moments under load: what was acknowledged is everywhere,
//! exactly once, and what is missing is fetched from where it stopped.

use serde_json::Value;
use tombolo_simulation::Random;

use crate::support::{Cluster, Load, Region, Tally, eventually, noise};

/// How many changes the replicas of this region have written.
fn written(region: &Region) -> u64 {
    let about = region.about();
    let own = |(replica, _): &(&String, &Value)| replica.split(':').next() == Some(&region.name);
    let vector = about["version_vector"].as_object().unwrap();
    vector.iter().filter(own).map(|(_, seq)| seq.as_u64().unwrap()).sum()
}

/// Waits until a region has written so many changes more.
pub(crate) fn advance(region: &Region, changes: u64) {
    let before = written(region);
    eventually("the load goes on", || written(region) >= before + changes);
}

/// Kills the victims at random moments under load, together, and starts them again at a random
/// moment; then lets the load go on in all regions before it ends.
fn round(cluster: &mut Cluster, random: &mut Random, victims: &[&str], tally: &mut Tally) {
    let load = Load::begin(cluster, random.next_u64());
    for victim in victims {
        advance(cluster.at(victim), 1 + random.below(200));
        cluster.at_mut(victim).kill();
    }
    if let Some(survivor) = ["a", "b", "c"].iter().find(|name| !victims.contains(name)) {
        advance(cluster.at(survivor), 1 + random.below(200));
    }
    for victim in victims {
        cluster.at_mut(victim).spawn();
    }
    for victim in victims {
        cluster.at_mut(victim).wait_ready();
        advance(cluster.at(victim), 20);
    }
    load.end(tally);
    cluster.level();
}

fn rounds(seed: u64, victims: &[&[&str]]) {
    let mut random = Random::new(seed);
    let mut cluster = Cluster::start();
    Load::prepare(&cluster);
    let mut tally = Tally::default();
    for victims in victims {
        round(&mut cluster, &mut random, victims, &mut tally);
        tally.check(&cluster);
    }
    assert!(tally.registers() > 100 * victims.len(), "{}", tally.registers());
}

#[test]
fn every_acknowledged_write_outlives_the_killing_of_one_region() {
    rounds(1, &[&["b"], &["a"], &["c"]]);
}

#[test]
fn every_acknowledged_write_outlives_the_killing_of_two_regions() {
    rounds(2, &[&["a", "c"], &["b", "a"], &["c", "b"]]);
}

#[test]
fn every_acknowledged_write_outlives_the_killing_of_all_regions() {
    rounds(3, &[&["a", "b", "c"], &["c", "a", "b"]]);
}

#[test]
fn a_region_that_was_away_fetches_what_it_missed_and_no_more() {
    const VALUES: u64 = 500;
    const MISSED: u64 = 25;
    let mut random = Random::new(4);
    let mut cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    let mut put = |cluster: &Cluster, nth: u64| {
        cluster.at("a").put("notes", &format!("k{nth}"), noise(&mut random, 1_024));
    };
    (0..VALUES).for_each(|nth| put(&cluster, nth));
    cluster.level();
    let whole = cluster.at("a").link_number("b", "bytes_sent");
    assert!(whole > VALUES * 512, "{whole} bytes");

    cluster.at_mut("b").kill();
    (VALUES..VALUES + MISSED).for_each(|nth| put(&cluster, nth));
    let sent_before = cluster.at("a").link_number("b", "bytes_sent");
    let batches_before = cluster.at("a").link_number("b", "batches_sent");
    cluster.at_mut("b").start();
    let level = cluster.level();
    assert_eq!(level.items, VALUES + MISSED);

    let received: u64 =
        ["a", "c"].iter().map(|peer| cluster.at("b").link_number(peer, "bytes_received")).sum();
    let missed = MISSED * 512;
    assert!((missed..whole / 4).contains(&received), "{received} of {whole} bytes");
    let sent = cluster.at("a").link_number("b", "bytes_sent") - sent_before;
    assert!((missed..whole / 4).contains(&sent), "{sent} of {whole} bytes");
    let batches = cluster.at("a").link_number("b", "batches_sent") - batches_before;
    assert!((1..=MISSED).contains(&batches), "{batches} batches");
}
