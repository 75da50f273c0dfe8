//! All of Unicode: every scalar value in texts, in elements of sets and in keys.

use serde_json::{Value, json};

use super::{in_path, in_query, refused, send, value_text, with_tables};
use crate::support::Asked;

/// How long a text gets: each shorter than a value may be.
const TEXT_BYTES: usize = 1_000_000;
/// How long an element of a set gets.
const ELEMENT_BYTES: usize = 4_000;
/// How long a key may be.
const KEY_BYTES: usize = 512;

/// Every scalar value once, in order, in texts of at most so many bytes.
fn texts(bytes_max: usize) -> Vec<String> {
    let mut texts = vec![String::new()];
    for c in '\0'..=char::MAX {
        if texts.last().is_some_and(|text| text.len() + c.len_utf8() > bytes_max) {
            texts.push(String::new());
        }
        texts.last_mut().unwrap().push(c);
    }
    texts
}

#[test]
fn every_scalar_value_comes_back_in_texts_and_in_elements() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set")]);
    let [a, _, c] = cluster.all();
    let texts = texts(TEXT_BYTES);
    assert_eq!(texts.iter().map(|text| text.chars().count()).sum::<usize>(), 0x11_0000 - 0x800);
    let elements = |text: &str| {
        let mut elements = vec![String::new()];
        for c in text.chars() {
            if elements.last().is_some_and(|element| element.len() >= ELEMENT_BYTES) {
                elements.push(String::new());
            }
            elements.last_mut().unwrap().push(c);
        }
        elements
    };
    for (nth, text) in texts.iter().enumerate() {
        let key = nth.to_string();
        send(a, "PUT", &in_path("notes", &key), json!(text).to_string().as_bytes()).expect(201);
        let added = json!({"add": elements(text)}).to_string();
        send(a, "PATCH", &in_path("tags", &key), added.as_bytes()).expect(200);
    }
    cluster.level();
    for (nth, text) in texts.iter().enumerate() {
        let key = nth.to_string();
        let sent = json!(text).to_string();
        assert!(value_text(c, &in_path("notes", &key)) == sent, "text {nth}");
        let shown: Value = serde_json::from_str(&value_text(c, &in_path("tags", &key))).unwrap();
        assert!(shown == json!(elements(text)), "elements {nth}");
    }
}

#[test]
fn every_scalar_value_comes_back_in_keys_in_the_order_of_their_bytes() {
    let cluster = with_tables(&[("notes", "register")]);
    let [a, b, _] = cluster.all();
    let keys = texts(KEY_BYTES);
    let line = |(nth, key): (usize, &String)| json!({"key": key, "value": nth}).to_string() + "\n";
    let lines: String = keys.iter().enumerate().map(line).collect();
    Asked::with_input(a, &["put", "notes", "--from", "-"], &lines).expect(0);
    cluster.level();
    let scanned = Asked::of(b, &["scan", "notes", "-o", "json"]).expect(0);
    let scanned =
        scanned.lines().into_iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut count = 0;
    for ((nth, key), item) in keys.iter().enumerate().zip(scanned) {
        assert_eq!(
            (item["key"].as_str(), item["value"].as_u64()),
            (Some(&**key), Some(nth as u64))
        );
        count += 1;
    }
    assert_eq!(count, keys.len());
    let mut client = b.client();
    for (nth, key) in keys.iter().enumerate().step_by(40) {
        for path in [in_path("notes", key), in_query("notes", key)] {
            assert_eq!(client.call("GET", &path, None).unwrap().body["value"], nth, "{key:?}");
        }
    }
}

#[test]
fn what_is_not_unicode_is_refused() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set")]);
    let a = cluster.at("a");
    let told = (400, "malformed_json");
    for bad in [
        &b"\"\xff\""[..],
        b"\"\xed\xa0\x80\"",
        b"\"\xc0\xaf\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\xc3\"",
        b"\"\\ud800\"",
        b"\"\\udc00\\ud800\"",
        b"\"\\ud800x\"",
        b"\"\\u12g4\"",
        b"\"\\x41\"",
        b"\"\n\"",
        b"\"\0\"",
        b"\xef\xbb\xbf\"x\"",
    ] {
        refused(a, "PUT", &in_path("notes", "k"), bad, told);
        refused(a, "PUT", &in_path("tags", "k"), &[b"[", bad, b"]"].concat(), told);
        refused(a, "PATCH", &in_path("tags", "k"), &[b"{\"add\":[", bad, b"]}"].concat(), told);
    }
    let pair = send(a, "PUT", &in_path("notes", "k"), b"\"\\ud83e\\udd80\"");
    assert_eq!((pair.status, &*value_text(a, &in_path("notes", "k"))), (201, "\"\\ud83e\\udd80\""));
    assert_eq!(cluster.level().items, 1);
}
