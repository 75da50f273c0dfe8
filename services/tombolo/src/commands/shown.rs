//! An item as a region shows it, and as people see it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::output::{Grid, brief, plain};

/// The members of an item that a table has room for.
#[derive(Debug, Deserialize)]
pub(super) struct ShownItem<'a> {
    pub(super) key: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    siblings: Option<&'a RawValue>,
    written_at: Option<String>,
    written_in: Option<String>,
}

/// How much of a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// What fits beside others.
    Brief,
}

/// A table of items.
pub(super) fn items() -> Grid<4> {
    Grid::new(["KEY", "WRITTEN AT", "WRITTEN IN", "VALUE"])
}

impl ShownItem<'_> {
    /// A row of such a table.
    pub(super) fn row(self, extent: Extent) -> [String; 4] {
        let value = match (self.value, self.siblings) {
            (Some(value), _) => value.get(),
            (None, Some(siblings)) => siblings.get(),
            // An absent value and the value null are one to the parser.
            (None, None) => "null",
        };
        let value = match extent {
            Extent::Whole => plain(value),
            Extent::Brief => brief(value),
        };
        let or_none = |text: Option<String>| plain(&text.unwrap_or_default());
        [plain(&self.key), or_none(self.written_at), or_none(self.written_in), value]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> [String; 4] {
        serde_json::from_str::<ShownItem<'_>>(json).unwrap().row(Extent::Whole)
    }

    #[test]
    fn a_value_is_shown_as_it_was_sent() {
        let item = r#"{"key":"a\nb","value":1.50,"version":"AQ","written_in":"us-east"}"#;
        assert_eq!(row(item), ["a\\u{a}b", "", "us-east", "1.50"]);
        assert_eq!(row(r#"{"key":"a","value":null}"#), ["a", "", "", "null"]);
        assert_eq!(row(r#"{"key":"a","siblings":[{"value":1}]}"#)[3], r#"[{"value":1}]"#);
    }
}
