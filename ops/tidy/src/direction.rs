//! Which crate of this repository may know which.
//!
//! services → regions → shared, and within shared an order of its own. The rule holds for tests as
//! well, with one opening: tests may stand on the simulation, which stands on regions. Of programs
//! only the binary may, for `tombolo simulate`: what serves knows nothing of being simulated.

use crate::manifest::{Dependency, Kind, Manifest, manifests};
use crate::{Finding, Tree};

/// Within shared: a crate may know those before it.
const SHARED_ORDER: [&str; 5] = [
    "shared/causality",
    "shared/datatypes",
    "shared/resolvers",
    "shared/replication",
    "shared/protocol",
];
const SIMULATION: &str = "regions/simulation";
const BINARY: &str = "services/tombolo";
const WAN: &str = "regions/wan";
const FUZZ: &str = "ops/fuzz";

/// Every dependency from one crate of the repository to another points down.
pub fn dependencies_point_down(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifests(tree);
    for from in &manifests {
        for dependency in &from.dependencies {
            let Some(to) = manifests.iter().find(|to| to.name == dependency.package) else {
                continue;
            };
            if let Some(why) = refusal(from, to, dependency) {
                let what = format!("depends on {}: {why}", to.folder);
                findings.push(Finding::of(from.path(), what));
            }
        }
    }
    findings
}

fn refusal(from: &Manifest, to: &Manifest, dependency: &Dependency) -> Option<&'static str> {
    let (from, to) = (from.folder.as_str(), to.folder.as_str());
    match (top(from), top(to)) {
        _ if from == WAN => Some("the relay knows no crate of this repository"),
        // Tools that stand on all of it and that nothing stands on.
        (_, "shared" | "regions" | "services") if from == FUZZ => None,
        ("benchmarks", "shared" | "regions" | "services")
        | ("services", "shared" | "services")
        | ("regions", "shared") => None,
        ("services", "regions")
            if to != SIMULATION || from == BINARY || dependency.kind == Kind::Tests =>
        {
            None
        }
        ("regions", "regions") => match dependency.kind {
            Kind::Code if to == SIMULATION => Some("what is simulated does not know it"),
            Kind::Code if to == WAN && from != SIMULATION => {
                Some("what is relayed does not know it")
            }
            Kind::Code | Kind::Tests => None,
        },
        ("shared", "shared") => {
            let place = |folder| SHARED_ORDER.iter().position(|known| *known == folder);
            match (place(from), place(to)) {
                (Some(from), Some(to)) if to < from => None,
                (Some(_), Some(_)) => Some("against the order of shared"),
                _ => Some("one of them has no place in the order of shared"),
            }
        }
        _ => Some("dependencies point down: services, regions, shared"),
    }
}

fn top(folder: &str) -> &str {
    folder.split('/').next().unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found when the crate in `from` has a dependency on the one in `to`.
    fn found(from: &str, to: &str, section: &str) -> usize {
        let (from_path, to_path) = (format!("{from}/Cargo.toml"), format!("{to}/Cargo.toml"));
        let from_text = format!("[package]\nname = \"from\"\n[{section}]\nto.workspace = true");
        dependencies_point_down(&Tree::sample([
            (&from_path, &from_text),
            (&to_path, "[package]\nname = \"to\""),
        ]))
        .len()
    }

    #[test]
    fn up_and_sideways_is_found() {
        for (from, to) in [
            ("shared/causality", "shared/datatypes"),
            ("shared/replication", "shared/protocol"),
            ("shared/protocol", "regions/storage"),
            ("shared/new", "shared/causality"),
            ("regions/storage", "services/api"),
            ("regions/wan", "shared/causality"),
            ("regions/actors", "regions/wan"),
            ("regions/storage", "regions/simulation"),
            ("services/api", "regions/simulation"),
            ("services/api", "benchmarks"),
            ("ops/tidy", "shared/causality"),
            ("ops/fuzz", "benchmarks"),
            ("services/api", "ops/fuzz"),
        ] {
            assert_eq!(found(from, to, "dependencies"), 1, "{from} on {to}");
            assert_eq!(found(from, to, "build-dependencies"), 1, "{from} on {to}");
        }
        assert_eq!(found("shared/causality", "shared/datatypes", "dev-dependencies"), 1);
    }

    #[test]
    fn down_is_not() {
        for (from, to) in [
            ("shared/resolvers", "shared/causality"),
            ("shared/protocol", "shared/replication"),
            ("regions/actors", "regions/storage"),
            ("regions/simulation", "regions/wan"),
            ("services/api", "shared/protocol"),
            ("services/tombolo", "regions/wan"),
            ("services/tombolo", "regions/simulation"),
            ("services/tombolo", "services/api"),
            ("benchmarks", "regions/simulation"),
            ("ops/fuzz", "services/api"),
        ] {
            assert_eq!(found(from, to, "dependencies"), 0, "{from} on {to}");
        }
        assert_eq!(found("regions/storage", "regions/simulation", "dev-dependencies"), 0);
        assert_eq!(found("services/api", "regions/simulation", "dev-dependencies"), 0);
    }
}
