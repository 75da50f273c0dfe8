//! The shape of a source file: a head that says what it is, and an end in sight.

use crate::{Finding, Tree};

/// No Rust file has more lines. 100 to 300 is the aim; there are no exceptions.
pub const LINES_MAX: usize = 450;

/// Every Rust file opens with `//!`, on its first line.
pub fn files_open_with_a_summary(tree: &Tree) -> Vec<Finding> {
    tree.texts_ending(".rs")
        .filter(|(_, text)| {
            let summary = text.lines().next().and_then(|line| line.strip_prefix("//!"));
            summary.is_none_or(|summary| summary.trim().is_empty())
        })
        .map(|(path, _)| Finding::at(path, 1, "does not open with `//!` and what the file is"))
        .collect()
}

/// No Rust file is longer than [`LINES_MAX`].
pub fn files_stay_short(tree: &Tree) -> Vec<Finding> {
    tree.texts_ending(".rs")
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| {
            Finding::of(path, format!("has {lines} lines, {LINES_MAX} are allowed: split it"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_head_is_found() {
        let tree = Tree::sample([
            ("a.rs", "//! What it is.\n"),
            ("b.rs", "use x;\n//! Late.\n"),
            ("c.rs", ""),
            ("d.rs", "//!\n"),
            ("e.md", "# no Rust"),
        ]);
        let found: Vec<_> = files_open_with_a_summary(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(found, ["b.rs", "c.rs", "d.rs"]);
    }

    #[test]
    fn one_line_too_many_is_found() {
        let (fits, long) = ("//\n".repeat(LINES_MAX), "//\n".repeat(LINES_MAX + 1));
        let found = files_stay_short(&Tree::sample([("fits.rs", &fits), ("long.rs", &long)]));
        assert_eq!(found.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["long.rs"]);
    }
}
