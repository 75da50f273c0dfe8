//! The documents of this repository, and the root they lie in.

use tombolo_tidy::{
    Tree, folders_are_on_the_map, limits_are_told, links_lead_somewhere, report, top_level_is_known,
};

#[test]
fn every_link_leads_somewhere() {
    let found = links_lead_somewhere(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn every_folder_is_on_the_map() {
    let found = folders_are_on_the_map(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn nothing_strange_lies_at_the_root() {
    let found = top_level_is_known(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}

#[test]
fn every_limit_is_told_with_what_reaches_it() {
    let found = limits_are_told(&Tree::of_this_repository().unwrap());
    assert!(found.is_empty(), "{}", report(&found));
}
