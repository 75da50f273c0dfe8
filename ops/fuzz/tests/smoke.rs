//! Every target holds on its corpus and on a fixed number of its mutations.
//!
//! `TOMBOLO_SEED` takes other mutations, `TOMBOLO_FUZZ_MUTATIONS` another number of them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails fails the test, and says where")]

use std::env;
use std::path::Path;

use tombolo_fuzz::{Smoke, Target, seeds, target};

const SEED: u64 = 0x746f_6d62_6f6c_6f21;
const MUTATIONS: u64 = 20_000;

fn chosen(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|number| number.parse().unwrap())
}

#[track_caller]
fn holds(name: &str) {
    let target = target(name).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let seeds = seeds(&target, &root).unwrap();
    let smoke = Smoke {
        seed: chosen("TOMBOLO_SEED").unwrap_or(SEED),
        mutations: chosen("TOMBOLO_FUZZ_MUTATIONS").unwrap_or(MUTATIONS),
    };
    let tally = smoke.run(&target, &seeds);
    let tally = tally.unwrap_or_else(|found| {
        // Shown as it is: a file of the corpus is cut out of it.
        panic!("{found}\nTOMBOLO_SEED={} repeats it", smoke.seed)
    });
    assert_eq!(tally.inputs, u64::try_from(seeds.len()).unwrap() + smoke.mutations);
}

#[test]
fn what_peers_send_is_taken_whole_or_refused() {
    holds("frames");
}

#[test]
fn what_lies_on_the_disk_is_taken_whole_or_refused() {
    holds("journal");
}

#[test]
fn what_clients_hand_back_is_taken_whole_or_refused() {
    holds("tokens");
}

#[test]
fn what_operators_set_is_taken_whole_or_refused() {
    holds("settings");
}

#[test]
fn what_clients_send_is_taken_whole_or_refused() {
    holds("bodies");
}

#[test]
fn every_target_has_a_corpus_and_a_wrapper() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for target in Target::ALL {
        assert!(seeds(&target, &root).unwrap().len() >= 5, "{}", target.name);
        let wrapper = format!("ops/fuzz/fuzz/targets/{}.rs", target.name);
        assert!(root.join(&wrapper).exists(), "{wrapper}");
    }
}
