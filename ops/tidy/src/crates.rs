//! What every crate of the workspace has in common.

use crate::manifest::{manifests, members};
use crate::{Finding, Tree};

/// Every crate is under the workspace's lints and says what it is.
pub fn crates_obey_the_workspace(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    for manifest in &manifests {
        if !manifest.has_workspace_lints {
            let what = "is not under the workspace's lints: `[lints] workspace = true`";
            findings.push(Finding::of(manifest.path(), what));
        }
        if manifest.description.trim().is_empty() {
            findings.push(Finding::of(manifest.path(), "has no description"));
        }
    }
    findings
}

/// Every crate is a member of the workspace: what is not is never built, linted or tested.
pub fn crates_are_members(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    let members = members(tree);
    for manifest in &manifests {
        if !members.contains(&manifest.folder) {
            findings.push(Finding::of(manifest.path(), "is not a member of the workspace"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_lints_or_description_is_found() {
        let tree = Tree::sample([
            ("a/Cargo.toml", "[package]\nname = \"a\"\ndescription = \"A.\""),
            ("b/Cargo.toml", "[package]\nname = \"b\"\n[lints]\nworkspace = true"),
            ("c/Cargo.toml", "[package]\ndescription = \"C.\"\n[lints]\nworkspace = true"),
        ]);
        let found: Vec<_> =
            crates_obey_the_workspace(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["a/Cargo.toml", "b/Cargo.toml"]);
    }

    #[test]
    fn a_crate_outside_the_workspace_is_found() {
        let tree = Tree::sample([
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]"),
            ("a/Cargo.toml", "[package]\nname = \"a\""),
            ("b/Cargo.toml", "[package]\nname = \"b\""),
        ]);
        let found = crates_are_members(&tree);
        assert_eq!(found, [Finding::of("b/Cargo.toml", "is not a member of the workspace")]);
    }

    #[test]
    fn a_crate_that_the_workspace_excludes_by_name_is_not() {
        let tree = Tree::sample([
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\nexclude = [\"a/b\"]"),
            ("a/Cargo.toml", "[package]\nname = \"a\""),
            ("a/b/Cargo.toml", "[package]\nname = \"b\""),
        ]);
        assert_eq!(crates_are_members(&tree), []);
    }
}
