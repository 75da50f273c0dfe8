//! What `Cargo.lock` may hold: crates from the public registry, less a few.

use toml::{Table, Value};

use crate::{Finding, Tree};

const LOCKFILE: &str = "Cargo.lock";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

const FORBIDDEN: [(&str, &str); 4] = [
    ("actix-governor", "is under the GPL: use governor"),
    ("openssl", "binds to a C library of the host: use rustls"),
    ("openssl-sys", "binds to a C library of the host: use rustls"),
    ("native-tls", "binds to a C library of the host: use rustls"),
];

/// No locked crate is forbidden, and each is from the registry or from here.
pub fn locked_crates_are_allowed(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(LOCKFILE) else {
        return vec![Finding::of(LOCKFILE, "is missing")];
    };
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return vec![Finding::of(LOCKFILE, error.to_string())],
    };
    let mut findings = Vec::new();
    for package in table.get("package").and_then(Value::as_array).into_iter().flatten() {
        let field = |key: &str| package.get(key).and_then(Value::as_str);
        let name = field("name").unwrap_or("a package without a name");
        if let Some((_, why)) = FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == name) {
            findings.push(Finding::of(LOCKFILE, format!("{name} {why}")));
        }
        if let Some(source) = field("source").filter(|source| *source != REGISTRY) {
            findings.push(Finding::of(LOCKFILE, format!("{name} is from {source}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lockfile: &str) -> Vec<String> {
        let findings = locked_crates_are_allowed(&Tree::sample([(LOCKFILE, lockfile)]));
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn forbidden_crates_are_found() {
        let lockfile = format!(
            "[[package]]\nname = \"openssl\"\nsource = \"{REGISTRY}\"\n\
             [[package]]\nname = \"openssl-probe\"\nsource = \"{REGISTRY}\"\n\
             [[package]]\nname = \"tombolo\"\n"
        );
        assert_eq!(found(&lockfile), ["openssl binds to a C library of the host: use rustls"]);
    }

    #[test]
    fn crates_from_elsewhere_are_found() {
        let lockfile = "[[package]]\nname = \"a\"\nsource = \"git+https://example.org/a#1\"";
        assert_eq!(found(lockfile), ["a is from git+https://example.org/a#1"]);
    }

    #[test]
    fn a_missing_or_broken_lockfile_is_found() {
        assert_eq!(locked_crates_are_allowed(&Tree::default()).len(), 1);
        assert_eq!(found("[[package").len(), 1);
    }
}
