//! Which crates from elsewhere may be used where.
//!
//! A framework that is everywhere cannot be replaced anywhere. Only what a manifest names is seen:
//! what comes along with a dependency is not.

use crate::manifest::{Kind, manifests};
use crate::{Finding, Tree};

/// A family of crates and the folders it may be used in.
struct Confined {
    /// The crate of this name, and those whose name goes on with a hyphen.
    family: &'static str,
    /// Where the code may use it; `name/` stands for all below it.
    homes: &'static [&'static str],
    /// Where tests may use it besides.
    homes_of_tests: &'static [&'static str],
    /// Why.
    reason: &'static str,
}

const CONFINED: [Confined; 8] = [
    Confined {
        family: "actix",
        homes: &["regions/actors", "services/", "benchmarks"],
        homes_of_tests: &[],
        reason: "actors are shells around machines that do not know them",
    },
    Confined {
        family: "redb",
        homes: &["regions/storage"],
        homes_of_tests: &["regions/simulation"],
        reason: "storage is behind a seam",
    },
    Confined {
        family: "tokio",
        homes: &["regions/", "services/", "benchmarks"],
        homes_of_tests: &[],
        reason: OUTSIDE_SHARED,
    },
    Confined {
        family: "futures",
        homes: &["regions/", "services/", "benchmarks"],
        homes_of_tests: &[],
        reason: OUTSIDE_SHARED,
    },
    Confined {
        family: "rand",
        homes: &["regions/", "services/", "benchmarks"],
        homes_of_tests: &[],
        reason: OUTSIDE_SHARED,
    },
    Confined {
        family: "getrandom",
        homes: &["regions/", "services/", "benchmarks"],
        homes_of_tests: &[],
        reason: OUTSIDE_SHARED,
    },
    Confined {
        family: "serde_json",
        homes: &["regions/", "services/", "benchmarks", "ops/"],
        homes_of_tests: &["shared/"],
        reason: "serde_json does not keep numbers and member order as they were sent",
    },
    Confined {
        family: "anyhow",
        homes: &["services/tombolo", "benchmarks"],
        homes_of_tests: &[],
        reason: "a library's errors can be told apart",
    },
];

const OUTSIDE_SHARED: &str = "shared has no I/O, no clock, no randomness and no async";

/// Every dependency on a crate from elsewhere is where that crate may be used.
pub fn foreign_crates_stay_where_they_belong(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    for manifest in &manifests {
        for dependency in &manifest.dependencies {
            for confined in CONFINED.iter().filter(|one| one.is_of_family(&dependency.package)) {
                if !confined.is_at_home(&manifest.folder, dependency.kind) {
                    let what = format!("depends on {}: {}", dependency.package, confined.reason);
                    findings.push(Finding::of(manifest.path(), what));
                }
            }
        }
    }
    findings
}

impl Confined {
    fn is_of_family(&self, package: &str) -> bool {
        package
            .strip_prefix(self.family)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    }

    fn is_at_home(&self, folder: &str, kind: Kind) -> bool {
        let is_in = |homes: &[&str]| {
            homes
                .iter()
                .any(|home| folder == *home || home.ends_with('/') && folder.starts_with(home))
        };
        is_in(self.homes) || kind == Kind::Tests && is_in(self.homes_of_tests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &str, section: &str, package: &str) -> usize {
        let path = format!("{folder}/Cargo.toml");
        let text = format!("[package]\nname = \"x\"\n[{section}]\n{package} = \"1\"");
        foreign_crates_stay_where_they_belong(&Tree::sample([(&path, &text)])).len()
    }

    #[test]
    fn a_crate_away_from_home_is_found() {
        for (folder, package) in [
            ("regions/storage", "actix"),
            ("regions/actors-more", "actix-web"),
            ("shared/causality", "actix-rt"),
            ("regions/actors", "redb"),
            ("regions/simulation", "redb"),
            ("shared/protocol", "tokio"),
            ("shared/protocol", "tokio-util"),
            ("shared/replication", "rand"),
            ("shared/replication", "rand_core"),
            ("shared/datatypes", "serde_json"),
            ("services/api", "anyhow"),
        ] {
            assert_eq!(found(folder, "dependencies", package), 1, "{package} in {folder}");
        }
        assert_eq!(found("shared/replication", "dev-dependencies", "tokio"), 1);
    }

    #[test]
    fn a_crate_at_home_is_not() {
        for (folder, package) in [
            ("regions/actors", "actix"),
            ("services/console", "actix-web"),
            ("regions/storage", "redb"),
            ("regions/wan", "tokio"),
            ("services/tombolo", "anyhow"),
            ("shared/datatypes", "randomly"),
        ] {
            assert_eq!(found(folder, "dependencies", package), 0, "{package} in {folder}");
        }
        assert_eq!(found("regions/simulation", "dev-dependencies", "redb"), 0);
        assert_eq!(found("shared/datatypes", "dev-dependencies", "serde_json"), 0);
    }
}
