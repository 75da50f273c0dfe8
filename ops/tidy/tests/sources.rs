//! The sources of this repository: what they may hold, how they are named and shaped.

use tombolo_tidy::{
    Tree, files_open_with_a_summary, files_stay_short, names_say_what_is_inside,
    nothing_is_unfinished, report, shared_is_pure,
};

#[test]
fn the_core_has_no_clock_no_chance_and_no_io() {
    let found = shared_is_pure(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn every_file_opens_with_what_it_is() {
    let found = files_open_with_a_summary(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn every_file_is_short() {
    let found = files_stay_short(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn no_name_fits_anything() {
    let found = names_say_what_is_inside(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn nothing_is_left_for_later() {
    let found = nothing_is_unfinished(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}
