//! Names that say what is inside, and a root where everything has its place.

use crate::code::{code, words};
use crate::tree::Entry;
use crate::{Finding, Tree};

/// Names that fit anything, and so tell nothing. `mod` is here for `mod.rs`: a module is `foo.rs`.
const EMPTY_NAMES: [&str; 9] =
    ["common", "helper", "helpers", "misc", "mod", "types", "util", "utils", "utilities"];

/// What may stand at the root; besides, any file or folder whose name starts with a dot.
const TOP_LEVEL: [(&str, Entry); 17] = [
    ("ARCHITECTURE.md", Entry::File),
    ("CHANGELOG.md", Entry::File),
    ("CONTRIBUTING.md", Entry::File),
    ("Cargo.lock", Entry::File),
    ("Cargo.toml", Entry::File),
    ("LICENSE-APACHE", Entry::File),
    ("LICENSE-MIT", Entry::File),
    ("LIMITS.md", Entry::File),
    ("README.md", Entry::File),
    ("SECURITY.md", Entry::File),
    ("benchmarks", Entry::Folder),
    ("clippy.toml", Entry::File),
    ("ops", Entry::Folder),
    ("regions", Entry::Folder),
    ("rustfmt.toml", Entry::File),
    ("services", Entry::Folder),
    ("shared", Entry::Folder),
];

/// No crate, folder, file or module has a name that fits anything.
pub fn names_say_what_is_inside(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".rs") {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        findings.extend(
            stem.split('/')
                .filter(|part| EMPTY_NAMES.contains(part))
                .map(|part| Finding::of(path, format!("`{part}` does not say what is inside"))),
        );
        let code = code(text);
        let pairs = words(&code).zip(words(&code).skip(1));
        for ((_, keyword), (line, name)) in pairs {
            if keyword == "mod" && EMPTY_NAMES.contains(&name) {
                let what = format!("module `{name}` does not say what is inside");
                findings.push(Finding::at(path, line, what));
            }
        }
    }
    for (path, _) in tree.texts_ending("/Cargo.toml") {
        if path.split('/').any(|part| EMPTY_NAMES.contains(&part)) {
            findings.push(Finding::of(path, "the crate's name does not say what is inside"));
        }
    }
    findings
}

/// At the root stands only what is known to.
pub fn top_level_is_known(tree: &Tree) -> Vec<Finding> {
    tree.names_in("")
        .into_iter()
        .filter(|known| !TOP_LEVEL.contains(known) && !known.0.starts_with('.'))
        .map(|(name, _)| Finding::of(name, "has no place at the root of the repository"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_of_files_folders_and_crates_are_found() {
        for path in ["a/src/utils.rs", "a/src/x/mod.rs", "a/tests/common/x.rs", "misc/Cargo.toml"] {
            let found = names_say_what_is_inside(&Tree::sample([(path, "")]));
            assert_eq!(found.len(), 1, "{path}");
        }
        let fine = [("a/src/datatypes.rs", "use x::types;"), ("a/src/model.rs", "// mod util")];
        assert_eq!(names_say_what_is_inside(&Tree::sample(fine)), []);
    }

    #[test]
    fn empty_names_of_inline_modules_are_found() {
        let found = names_say_what_is_inside(&Tree::sample([("a.rs", "\npub mod helpers {}")]));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [Some(2)]);
    }

    #[test]
    fn strangers_at_the_root_are_found() {
        let tree = Tree::sample([
            ("src/lib.rs", ""),
            ("notes.md", ""),
            ("ops", "a file, not a folder"),
            ("README.md", ""),
            (".ci/run", ""),
        ]);
        let found: Vec<_> = top_level_is_known(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(found, ["notes.md", "ops", "src"]);
    }
}
