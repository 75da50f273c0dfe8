//! Files as people write them.

use super::*;

/// Every entry of a file with that text: its place, and its key and value or what is wrong.
fn entries(text: &str) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("items");
    std::fs::write(&file, text).unwrap();
    let mut source = Source::open(&file).map_err(|failure| failure.to_string())?;
    let mut entries = Vec::new();
    while let Some(entry) = source.next_item().map_err(|failure| failure.to_string())? {
        entries.push(match entry {
            Ok(Item { place, key, value }) => format!("{place}: {key}={value}"),
            Err(failure) => failure.to_string(),
        });
    }
    Ok(entries)
}

#[test]
fn lines_are_items_whatever_a_scan_has_added_to_them() {
    let text = "\n{\"key\":\"a\",\"value\":1.50}\r\n\n \
                {\"key\":\"b\",\"value\":null,\"version\":\"AQ\",\"written_at\":\"\",\"written_in\":\"\"}";
    assert_eq!(entries(text).unwrap(), ["line 2: a=1.50", "line 4: b=null"]);
}

#[test]
fn a_line_that_is_no_item_is_named_and_the_others_are_read() {
    let text = "{\"key\":\"a\",\"value\":1}\n{\"key\":\"b\"}\n{\"value\":1}\n{\"key\":1,\"value\":1}\n\
                {\"key\":\"c\",\"value\":1,\"ttl\":5}\nx\n{\"key\":\"d\",\"value\":1}\n";
    assert_eq!(
        entries(text).unwrap(),
        [
            "line 1: a=1",
            "line 2: `value` is missing",
            "line 3: `key` is missing or no text",
            "line 4: `key` is missing or no text",
            "line 5: an item has no member \"ttl\"",
            "line 6: it is no item: expected value at line 1 column 1",
            "line 7: d=1",
        ]
    );
}

#[test]
fn a_document_is_an_array_of_items_or_an_object_of_keys_and_values() {
    let array = "[\n{\"key\":\"b\",\"value\":[1, 2]},\n{\"key\":\"a\"}]\n";
    assert_eq!(entries(array).unwrap(), ["entry 1: b=[1, 2]", "entry 2: `value` is missing"]);
    let object = "{\n\"b\": {\"x\": 1},\n\"a\": 2,\n\"b\": 3}";
    assert_eq!(
        entries(object).unwrap(),
        ["entry 1: b={\"x\": 1}", "entry 2: a=2", "entry 3: the key \"b\" stands twice"]
    );
    // An object of one line, whose members are no item's, is one of keys and values.
    assert_eq!(entries("{\"value\":1}").unwrap(), ["entry 1: value=1"]);
}

#[test]
fn an_empty_file_has_no_items_and_anything_else_is_refused() {
    for empty in ["", "\n \n"] {
        assert_eq!(entries(empty).unwrap(), [""; 0]);
    }
    for bad in ["7", "key,value\na,1\n", "{\"key\":\"a\",\"value\":tru}", "[1", "\u{feff}{}"] {
        let refused = entries(bad).unwrap_err();
        assert!(refused.contains("nor is it one JSON document"), "{bad}: {refused}");
    }
}
