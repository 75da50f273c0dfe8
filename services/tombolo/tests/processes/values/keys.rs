//! The texts of keys, in both forms of an item's address.

use serde_json::{Value, json};

use super::{in_path, in_query, refused, send, with_tables};

/// The longest key.
const KEY_BYTES_MAX: usize = 512;

#[test]
fn a_key_is_the_same_in_both_forms_of_its_address() {
    let cluster = with_tables(&[("notes", "register")]);
    let [a, b, _] = cluster.all();
    let longest = ["/".repeat(KEY_BYTES_MAX), "é".repeat(KEY_BYTES_MAX / 2)];
    let keys = [
        "/",
        "//",
        "a/b",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "...",
        " ",
        "+",
        "a+b",
        "a b",
        "%",
        "%2F",
        "%252F",
        "?",
        "#",
        "a?b=c&d#e",
        "history",
        "items",
        "\0",
        "\r\n",
        "\u{7f}",
        "\\",
        "\"",
        ";",
        ":",
        "é",
        "e\u{301}",
        "\u{feff}",
        "\u{202e}",
        "\u{10ffff}",
        "🦀",
    ];
    let keys: Vec<&str> = keys.into_iter().chain(longest.iter().map(String::as_str)).collect();
    for (nth, key) in keys.iter().enumerate() {
        let [one, other] = [in_path("notes", key), in_query("notes", key)];
        let [one, other] = if nth % 2 == 0 { [one, other] } else { [other, one] };
        send(a, "PUT", &one, json!(key).to_string().as_bytes()).expect(201);
        let read = send(a, "GET", &other, b"");
        assert_eq!((&read.body["key"], &read.body["value"]), (&json!(key), &json!(key)));
        send(a, "PUT", &other, json!([key]).to_string().as_bytes()).expect(200);
    }
    cluster.level();
    for key in &keys {
        let [one, other] = [in_path("notes", key), in_query("notes", key)];
        let one = send(b, "GET", &one, b"");
        assert_eq!((&one.body["key"], &one.body["value"]), (&json!(key), &json!([key])));
        assert_eq!(send(b, "GET", &other, b"").bytes, one.bytes, "{key:?}");
    }
    let scanned = send(b, "GET", "/v1/tables/notes/items", b"").expect(200);
    let scanned = scanned["items"].as_array().unwrap().iter().map(|item| item["key"].clone());
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(scanned.collect::<Vec<Value>>(), sorted);
    for key in keys {
        send(a, "DELETE", &in_query("notes", key), b"").expect(204);
        assert_eq!(send(a, "GET", &in_path("notes", key), b"").status, 404, "{key:?}");
    }
    assert_eq!(cluster.level().items, 0);
}

#[test]
fn what_is_no_key_is_refused_in_both_forms_of_its_address() {
    let cluster = with_tables(&[("notes", "register")]);
    let a = cluster.at("a");
    let told = (400, "bad_key");
    let long = ["x".repeat(KEY_BYTES_MAX + 1), "é".repeat(KEY_BYTES_MAX / 2) + "x"];
    for key in [".", "..", &long[0], &long[1]] {
        for path in [in_path("notes", key), in_query("notes", key)] {
            refused(a, "PUT", &path, b"1", told);
            refused(a, "GET", &path, b"", told);
        }
    }
    for raw in ["%", "%4", "%zz", "%ff", "%C3", "%ED%A0%80", "%C0%AF", "%F4%90%80%80"] {
        for path in ["/v1/tables/notes/items/", "/v1/tables/notes/item?key="] {
            refused(a, "PUT", &format!("{path}{raw}"), b"1", told);
        }
    }
    for path in ["/v1/tables/notes/items/", "/v1/tables/notes/item?key=", "/v1/tables/notes/item"] {
        refused(a, "PUT", path, b"1", told);
    }
    assert_eq!(cluster.level().items, 0);
}
