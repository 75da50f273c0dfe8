//! What the checks need to know of one `Cargo.toml`.

use toml::{Table, Value};

use crate::{Finding, Tree};

/// The manifest of one crate.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The folder, from the root of the repository.
    pub(crate) folder: String,
    /// The name of the package.
    pub(crate) name: String,
    /// The description, empty where there is none.
    pub(crate) description: String,
    /// Whether the crate is under the workspace's lints.
    pub(crate) has_workspace_lints: bool,
    /// All dependencies, of every kind and target.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name of the package, also where it is renamed.
    pub(crate) package: String,
    /// What it is needed for.
    pub(crate) kind: Kind,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The crate itself, or its build script.
    Code,
    /// Its tests, examples and benches.
    Tests,
}

impl Manifest {
    /// The path of the manifest.
    pub(crate) fn path(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// The manifests of all crates, sorted by folder, less those that the workspace excludes by name:
/// what is built with another toolchain. What cannot be read is a finding.
pub(crate) fn manifests(tree: &Tree) -> (Vec<Manifest>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut parsed = |path: &str, text: &str| {
        text.parse::<Table>()
            .map_err(|error| findings.push(Finding::of(path, error.message())))
            .ok()
    };
    let root = tree.text("Cargo.toml").and_then(|text| parsed("Cargo.toml", text));
    let shared = root.as_ref().and_then(|root| root.get("workspace")?.get("dependencies"));
    let excluded = listed(tree, "exclude");
    let manifests = tree
        .texts_ending("/Cargo.toml")
        .filter_map(|(path, text)| {
            let folder = path.strip_suffix("/Cargo.toml")?.to_owned();
            if excluded.contains(&folder) {
                return None;
            }
            Some(manifest(folder, &parsed(path, text)?, shared))
        })
        .collect();
    (manifests, findings)
}

/// The members of the workspace, as listed.
pub(crate) fn members(tree: &Tree) -> Vec<String> {
    listed(tree, "members")
}

/// The folders in a list of the workspace.
fn listed(tree: &Tree, list: &str) -> Vec<String> {
    let root = tree.text("Cargo.toml").and_then(|text| text.parse::<Table>().ok());
    let folders = root.as_ref().and_then(|root| root.get("workspace")?.get(list)?.as_array());
    folders.into_iter().flatten().filter_map(|folder| Some(folder.as_str()?.to_owned())).collect()
}

fn manifest(folder: String, table: &Table, shared: Option<&Value>) -> Manifest {
    let package = |key: &str| {
        let value = table.get("package").and_then(|package| package.get(key)?.as_str());
        value.unwrap_or_default().to_owned()
    };
    let lints = table.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
    Manifest {
        name: package("name"),
        description: package("description"),
        has_workspace_lints: lints == Some(true),
        dependencies: dependencies(table, shared),
        folder,
    }
}

fn dependencies(table: &Table, shared: Option<&Value>) -> Vec<Dependency> {
    let targets = table.get("target").and_then(Value::as_table);
    let per_target = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut found = Vec::new();
    for scope in [table].into_iter().chain(per_target) {
        let sections = [
            ("dependencies", Kind::Code),
            ("build-dependencies", Kind::Code),
            ("dev-dependencies", Kind::Tests),
        ];
        for (section, kind) in sections {
            let Some(section) = scope.get(section).and_then(Value::as_table) else { continue };
            for (key, value) in section {
                let renamed = value.get("package").or_else(|| shared?.get(key)?.get("package"));
                let package = renamed.and_then(Value::as_str).unwrap_or(key).to_owned();
                found.push(Dependency { package, kind });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_every_section_are_found_under_their_real_names() {
        let tree = Tree::sample([
            ("Cargo.toml", "[workspace.dependencies]\nlater = { package = \"tokio\" }"),
            (
                "shared/x/Cargo.toml",
                "[package]\nname = \"x\"\n[dependencies]\nlater.workspace = true\n\
                 [target.'cfg(unix)'.dependencies]\ndb = { package = \"redb\", version = \"4\" }\n\
                 [build-dependencies]\ncc = \"1\"\n[dev-dependencies]\nproptest = \"1\"",
            ),
        ]);
        let (manifests, findings) = manifests(&tree);
        assert_eq!(findings, []);
        let found: Vec<_> =
            manifests[0].dependencies.iter().map(|d| (d.package.as_str(), d.kind)).collect();
        assert_eq!(
            found,
            [
                ("tokio", Kind::Code),
                ("cc", Kind::Code),
                ("proptest", Kind::Tests),
                ("redb", Kind::Code)
            ]
        );
    }

    #[test]
    fn a_broken_manifest_is_a_finding() {
        let (_, findings) = manifests(&Tree::sample([("a/Cargo.toml", "[package")]));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].path, "a/Cargo.toml");
    }
}
