//! The console: one page that shows a region, its links, its conflicts and its tables.
//!
//! It reads what the admin listener answers to anybody (`/v1/region`, `/v1/links`, `/v1/tables`,
//! `/v1/conflicts`, `/readyz`), once a second and only while somebody looks, and names all of it
//! relative to itself. It changes nothing, fetches nothing from elsewhere, and puts what it reads
//! into the page as text, never as markup. What a region does not answer yet it says it does not.
//!
//! Deliberately absent: a server of its own, templates, and a history: the chart begins when the
//! page is opened.

/// The page.
pub const PAGE: &str = include_str!("../page/console.html");
/// Its script, which the page names `console.js`.
pub const SCRIPT: &str = include_str!("../page/console.js");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What stands in `text` between `before` and the next `after`, each time.
    fn between<'a>(text: &'a str, before: &str, after: char) -> BTreeSet<&'a str> {
        text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
    }

    #[test]
    fn the_script_finds_in_the_page_what_it_fills() {
        let wanted = between(SCRIPT, "byId(\"", '"');
        let there = between(PAGE, " id=\"", '"');
        assert!(wanted.len() > 5, "{wanted:?}");
        let missing: Vec<_> = wanted.difference(&there).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(PAGE.contains("<script src=\"console.js\"></script>"));
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_becomes_markup() {
        for outside in
            ["https://", "src=\"//", "@import", "url(", "innerHTML", "outerHTML", "eval("]
        {
            assert!(!PAGE.contains(outside) && !SCRIPT.contains(outside), "{outside}");
        }
    }

    #[test]
    fn it_only_reads() {
        assert!(!SCRIPT.contains("method:"), "a fetch that names a method may change something");
    }
}
