//! The pages beside this crate say what is there.

#![expect(clippy::unwrap_used, reason = "a page that cannot be read ends the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tombolo_simulation::{FaultKind, Mutant};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What stands between two `mark`s.
fn marked(page: &str, mark: char) -> BTreeSet<&str> {
    page.lines().flat_map(|line| line.split(mark).skip(1).step_by(2)).collect()
}

/// The names of all functions in the workspace.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders: Vec<PathBuf> =
        ["shared", "regions", "services", "ops"].map(|folder| root.join(folder)).into();
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with("target")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let heads = text.lines().filter_map(|line| line.trim().strip_prefix("fn "));
                names.extend(heads.filter_map(|head| Some(head.split_once('(')?.0.to_owned())));
            }
        }
    }
    names
}

#[test]
fn every_test_that_the_page_of_faults_names_exists() {
    let functions = functions();
    let page = page("FAULTS.md");
    let named = marked(&page, '`');
    let tests = named.iter().filter(|name| !name.contains(' '));
    let missing: Vec<_> = tests.filter(|name| !functions.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(named.len() > 20);
}

#[test]
fn the_page_of_faults_names_everything_that_the_world_can_do_and_nothing_else() {
    let page = page("FAULTS.md");
    let faults: BTreeSet<_> = FaultKind::ALL.iter().map(|fault| fault.name()).collect();
    let mutants: BTreeSet<_> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
    let mut named = marked(&page, '*');
    named.remove("italics");
    let is_unknown = |name: &&&str| !faults.contains(**name) && !mutants.contains(**name);
    let unknown: Vec<_> = named.iter().filter(is_unknown).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let missing: Vec<_> = faults.difference(&named).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_of_findings_names_every_bug_that_is_planted() {
    let page = page("FINDINGS.md");
    let missing: Vec<_> = Mutant::ALL.iter().filter(|m| !page.contains(m.name())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
