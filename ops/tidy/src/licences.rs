//! The licences of all that is linked, from what `cargo metadata` tells.

mod expression;

use serde_json::Value;

use crate::Finding;
use expression::{Malformed, is_satisfiable};

/// Licences that ask for no more than to be named. None of them reaches beyond its own files.
pub const LICENCES_ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Every package of `metadata`, the output of `cargo metadata --format-version 1`, may be used
/// under licences of [`LICENCES_ALLOWED`] alone.
pub fn licences_are_allowed(metadata: &str) -> Vec<Finding> {
    let metadata: Value = match serde_json::from_str(metadata) {
        Ok(metadata) => metadata,
        Err(error) => return vec![Finding::of("cargo metadata", error.to_string())],
    };
    let Some(packages) = metadata.get("packages").and_then(Value::as_array) else {
        return vec![Finding::of("cargo metadata", "lists no packages")];
    };
    packages
        .iter()
        .filter_map(|package| {
            let field = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
            let licence = field("license");
            let what = match is_satisfiable(licence, &LICENCES_ALLOWED) {
                Ok(true) => return None,
                Ok(false) => format!("is under `{licence}`, which is not allowed"),
                Err(Malformed) => format!("has the licence `{licence}`, which cannot be read"),
            };
            Some(Finding::of(format!("{} {}", field("name"), field("version")), what))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_under_other_licences_or_none_are_found() {
        let metadata = r#"{"packages": [
            {"name": "fine", "version": "1.0.0", "license": "GPL-3.0-only OR MIT"},
            {"name": "bound", "version": "2.0.0", "license": "MPL-2.0"},
            {"name": "silent", "version": "3.0.0", "license": null}
        ]}"#;
        let found: Vec<_> =
            licences_are_allowed(metadata).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "bound 2.0.0: is under `MPL-2.0`, which is not allowed",
                "silent 3.0.0: has the licence ``, which cannot be read",
            ]
        );
    }

    #[test]
    fn what_is_no_metadata_is_found() {
        assert_eq!(licences_are_allowed("").len(), 1);
        assert_eq!(licences_are_allowed("{}").len(), 1);
    }
}
