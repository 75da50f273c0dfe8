//! The crates of this repository: who knows whom, and what comes from elsewhere.

use std::process::Command;

use tombolo_tidy::{
    Tree, crates_are_members, crates_obey_the_workspace, dependencies_point_down,
    foreign_crates_stay_where_they_belong, licences_are_allowed, locked_crates_are_allowed, report,
};

#[test]
fn dependencies_point_down_only() {
    let found = dependencies_point_down(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn frameworks_stay_where_they_belong() {
    let found = foreign_crates_stay_where_they_belong(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn every_crate_is_a_member_under_the_lints_with_a_description() {
    let tree = Tree::of_this_repository().unwrap();
    let found = [crates_are_members(&tree), crates_obey_the_workspace(&tree)].concat();
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn no_forbidden_crate_is_locked() {
    let found = locked_crates_are_allowed(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn every_licence_is_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = licences_are_allowed(&String::from_utf8(output.stdout).unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}
