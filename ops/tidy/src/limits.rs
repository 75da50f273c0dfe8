//! `LIMITS.md` says what is bounded, by what, and which test reaches the bound.
//!
//! Its rows are `| what | bound | when it is reached | tests |`. A bound is a setting, written as
//! `` `section.name` = `default` ``, or a constant, written as a link: ``[`NAME`](file)``.

use std::collections::BTreeSet;

use crate::code::{code, without_tests, words};
use crate::{Finding, Tree};

const TABLE: &str = "LIMITS.md";
const SETTINGS: &str = "regions/topology/tombolo.example.toml";

/// What the product is made of: tools, tests and stand-ins for the world have limits of their own.
const PRODUCT: [&str; 5] =
    ["shared/", "regions/topology/", "regions/storage/", "regions/actors/", "services/"];

/// Written where nothing reaches a bound, with the reason.
const UNREACHED: &str = "none: ";

/// Every limit in the settings and in the code is in the table, which names what there is.
pub fn limits_are_told(tree: &Tree) -> Vec<Finding> {
    let Some(table) = tree.text(TABLE) else { return vec![Finding::of(TABLE, "is missing")] };
    let Some(settings) = tree.text(SETTINGS) else {
        return vec![Finding::of(SETTINGS, "is missing")];
    };
    let settings = values(settings);
    let mut findings = Vec::new();
    for (key, value) in settings.iter().filter(|(key, _)| key.ends_with("_max")) {
        if !table.contains(&bound(key, value)) {
            findings.push(Finding::of(TABLE, format!("does not tell of {}", bound(key, value))));
        }
    }
    let constants = constants(tree);
    for (file, line, name) in &constants {
        if !table.contains(&format!("[`{name}`]({file})")) {
            findings.push(Finding::at(*file, *line, format!("{TABLE} does not tell of `{name}`")));
        }
    }
    let tests = functions(tree);
    for (line, row) in (1..).zip(table.lines()).filter(|(_, row)| row.starts_with("| ")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [what, bounds, _, reached_by] = cells[..] else {
            findings.push(Finding::at(TABLE, line, "a row has four cells"));
            continue;
        };
        if what == "what" || what.starts_with("--") {
            continue;
        }
        let stale = stale(bounds, &settings, tree).into_iter();
        findings.extend(stale.map(|what| Finding::at(TABLE, line, what)));
        if reached_by.starts_with(UNREACHED) {
            continue;
        }
        let mut named = spans(reached_by).peekable();
        if named.peek().is_none() {
            findings.push(Finding::at(TABLE, line, "names no test, nor why there is none"));
        }
        for test in named.filter(|test| !tests.contains(test)) {
            findings.push(Finding::at(TABLE, line, format!("there is no test `{test}`")));
        }
    }
    findings
}

fn bound(key: &str, value: &str) -> String {
    format!("`{key}` = `{value}`")
}

/// The settings of a file, with their sections, and their values as they are written.
fn values(toml: &str) -> Vec<(String, &str)> {
    let mut section = "";
    let mut values = Vec::new();
    for line in toml.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, value)) = line.split_once(" = ")
            && !line.starts_with('#')
        {
            values.push((format!("{section}.{key}"), value));
        }
    }
    values
}

/// The constants whose names say that they are the most of something.
fn constants(tree: &Tree) -> Vec<(&str, usize, String)> {
    let mut found = Vec::new();
    let is_product =
        |path: &str| PRODUCT.iter().any(|part| path.starts_with(part)) && path.contains("/src/");
    let is_test = |path: &str| path.ends_with("/tests.rs");
    let sources = tree.texts_ending(".rs").filter(|(path, _)| is_product(path) && !is_test(path));
    for (path, text) in sources {
        let code = without_tests(&code(text));
        let pairs = words(&code).zip(words(&code).skip(1));
        let limits =
            pairs.filter(|((_, word), (_, name))| *word == "const" && name.ends_with("_MAX"));
        found.extend(limits.map(|(_, (line, name))| (path, line, name.to_owned())));
    }
    found
}

/// The names of all functions.
fn functions(tree: &Tree) -> BTreeSet<&str> {
    let texts = tree.texts_ending(".rs").map(|(_, text)| text);
    let named = texts.flat_map(|text| words(text).zip(words(text).skip(1)));
    named.filter(|((_, word), _)| *word == "fn").map(|(_, (_, name))| name).collect()
}

/// What stands between backticks.
fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The bounds in `cell` that are not, or no longer, as it says.
fn stale(cell: &str, settings: &[(String, &str)], tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let mut found = 0;
    for bound in cell.split(", ") {
        let spans: Vec<_> = spans(bound).collect();
        let link = bound.split_once("](").and_then(|(_, rest)| rest.split_once(')'));
        let is_true = match (&spans[..], link) {
            ([name], Some((file, _))) => {
                tree.text(file).is_some_and(|text| text.contains(&format!("const {name}:")))
            }
            ([key, value], None) => {
                settings.iter().any(|(known, default)| known == key && default == value)
            }
            _ => continue,
        };
        found += 1;
        if !is_true {
            findings.push(format!("{bound} is not so"));
        }
    }
    if found == 0 {
        findings.push("names no bound".to_owned());
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "pub const KEYS_MAX: usize = 1;\n#[cfg(test)]\nconst NO_MAX: u8 = 1;";
    const TRUE: &str = "| keys | [`KEYS_MAX`](shared/x/src/k.rs) | refused | `keys_are_few` |\n\
                        | items | `a.items_max` = `2` (two), `a.time_ms` = `5` | 503 | none: `why` |\n";

    fn found(table: &str) -> Vec<String> {
        let tree = Tree::sample([
            (TABLE, table),
            (SETTINGS, "# b_max = 1\n[a]\nitems_max = 2\ntime_ms = 5\n"),
            ("shared/x/src/k.rs", CODE),
            ("regions/wan/src/k.rs", CODE),
            ("shared/x/tests/k.rs", "#[test]\nfn keys_are_few() {}"),
        ]);
        limits_are_told(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_that_tells_everything_as_it_is_has_no_findings() {
        let head = "| what | bound | when it is reached | tests |\n|---|---|---|---|\n";
        assert_eq!(found(&format!("Text.\n\n{head}{TRUE}")), [] as [&str; 0]);
    }

    #[test]
    fn limits_that_are_not_told_are_found() {
        assert_eq!(
            found(""),
            [
                "LIMITS.md: does not tell of `a.items_max` = `2`",
                "shared/x/src/k.rs:1: LIMITS.md does not tell of `KEYS_MAX`"
            ]
        );
    }

    #[test]
    fn what_is_no_longer_so_is_found() {
        for (was, is, expected) in [
            ("`keys_are_few`", "`gone`", "LIMITS.md:1: there is no test `gone`"),
            ("`keys_are_few`", "", "LIMITS.md:1: names no test, nor why there is none"),
            ("`a.time_ms` = `5`", "`a.time_ms` = `6`", "LIMITS.md:2: `a.time_ms` = `6` is not so"),
            ("`a.time_ms` = `5`", "`a.gone` = `5`", "LIMITS.md:2: `a.gone` = `5` is not so"),
            ("| 503 ", "", "LIMITS.md:2: a row has four cells"),
        ] {
            assert_eq!(found(&TRUE.replace(was, is)), [expected]);
        }
        let gone = "| keys | [`GONE`](shared/x/src/k.rs) | refused | `keys_are_few` |";
        let gone = found(&format!("{TRUE}{gone}\n| more | nothing | never | `keys_are_few` |"));
        assert_eq!(
            gone,
            ["LIMITS.md:3: [`GONE`](shared/x/src/k.rs) is not so", "LIMITS.md:4: names no bound"]
        );
    }

    #[test]
    fn a_missing_table_is_found() {
        assert_eq!(limits_are_told(&Tree::default()), [Finding::of(TABLE, "is missing")]);
    }
}
