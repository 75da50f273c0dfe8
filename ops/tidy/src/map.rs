//! `ARCHITECTURE.md` is the map: every part of the house is on it.

use crate::code::is_word;
use crate::tree::Entry;
use crate::{Finding, Tree};

const MAP: &str = "ARCHITECTURE.md";

/// Every folder directly below shared, regions and services is named on the map, as `name/`.
pub fn folders_are_on_the_map(tree: &Tree) -> Vec<Finding> {
    let Some(map) = tree.text(MAP) else {
        return vec![Finding::of(MAP, "is missing")];
    };
    let mut findings = Vec::new();
    for parent in ["shared", "regions", "services"] {
        for (name, kind) in tree.names_in(parent) {
            if kind == Entry::Folder && !names_folder(map, parent, name) {
                let what = format!("does not name `{parent}/{name}`");
                findings.push(Finding::of(MAP, what));
            }
        }
    }
    findings
}

/// Whether `map` has `parent/name`, or `name/`, as words of their own.
fn names_folder(map: &str, parent: &str, name: &str) -> bool {
    let is_part = |c: char| is_word(c) || c == '-' || c == '/';
    let with_parent = format!("{parent}/{name}");
    let alone = format!("{name}/");
    let starts = |at: usize| !map[..at].ends_with(is_part);
    map.match_indices(&alone).any(|(at, _)| starts(at))
        || map.match_indices(&with_parent).any(|(at, found)| {
            let after = &map[at + found.len()..];
            starts(at) && !after.starts_with(|c| is_word(c) || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(map: &str) -> Vec<Finding> {
        folders_are_on_the_map(&Tree::sample([(MAP, map), ("services/api/Cargo.toml", "")]))
    }

    #[test]
    fn a_folder_that_is_not_named_is_found() {
        for map in ["", "the api", "openapi/x", "services/api-more", "other/api/x"] {
            assert_eq!(found(map), [Finding::of(MAP, "does not name `services/api`")], "{map}");
        }
        for map in ["  api/   tombolo-api", "see `services/api`.", "services/api/src"] {
            assert_eq!(found(map), [], "{map}");
        }
    }

    #[test]
    fn a_missing_map_is_found() {
        assert_eq!(folders_are_on_the_map(&Tree::default()), [Finding::of(MAP, "is missing")]);
    }
}
