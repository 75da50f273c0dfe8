//! Numbers: any digits, any exponent, every double.

use serde_json::json;
use tombolo_simulation::Random;

use super::{in_path, in_query, refused, send, value_text, with_tables};
use crate::support::Seed;

const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "0.0",
    "-0.0e-0",
    "1",
    "1.0",
    "1e0",
    "1E+2",
    "1e-400",
    "1e400",
    "123456789012345678901234567890",
    "-123456789012345678901234567890.123456789012345678901234567890",
    "0.100000000000000000000000000001",
    "9007199254740993",
    "18446744073709551616",
    "1.7976931348623157e308",
    "2.2250738585072014e-308",
    "5e-324",
    "0.1",
    "0.30000000000000004",
    "1e999999999999999999999999999999",
    "100000000000000000000000000000e-30",
];

/// Numbers as they are sent, the seeded doubles among them.
fn numbers(seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut doubles = std::iter::repeat_with(move || f64::from_bits(random.next_u64()));
    let doubles = doubles.by_ref().filter(|double| double.is_finite()).take(2_000);
    let doubles = doubles.flat_map(|double| [format!("{double:e}"), json!(double).to_string()]);
    NUMBERS.into_iter().map(str::to_owned).chain(doubles).collect()
}

#[test]
fn a_number_keeps_the_digits_it_was_sent_with() {
    let seed = Seed::of("a_number_keeps_the_digits_it_was_sent_with", 1);
    let numbers = numbers(seed.get());
    let cluster = with_tables(&[("notes", "register"), ("tags", "set")]);
    let [a, b, c] = cluster.all();
    for (nth, number) in NUMBERS.iter().enumerate() {
        send(a, "PUT", &in_path("notes", &format!("n{nth:02}")), number.as_bytes()).expect(201);
    }
    let all = format!("{{\"all\":[{}]}}", numbers.join(","));
    send(a, "PUT", &in_path("notes", "all"), all.as_bytes()).expect(201);

    let mut elements = numbers.clone();
    elements.sort();
    elements.dedup();
    let added = format!("{{\"add\":[{}]}}", elements.join(","));
    send(a, "PATCH", &in_path("tags", "numbers"), added.as_bytes()).expect(200);
    send(a, "PUT", &in_path("tags", "put"), format!("[{}]", elements.join(",")).as_bytes())
        .expect(201);
    cluster.level();

    for region in [a, b, c] {
        for (nth, number) in NUMBERS.iter().enumerate() {
            assert_eq!(value_text(region, &in_query("notes", &format!("n{nth:02}"))), *number);
        }
        assert_eq!(value_text(region, &in_path("notes", "all")), all);
        let scanned = send(region, "GET", "/v1/tables/notes/items?prefix=n", b"");
        let scanned = String::from_utf8(scanned.bytes).unwrap();
        for number in NUMBERS {
            assert!(scanned.contains(&format!("\"value\":{number},")), "{number}: {scanned}");
        }
        for key in ["numbers", "put"] {
            let shown = value_text(region, &in_path("tags", key));
            let mut shown: Vec<_> = shown[1..shown.len() - 1].split(',').collect();
            shown.sort_unstable();
            assert_eq!(shown, elements, "{key}");
        }
    }
    // Two ways to write one number are two elements, and each is removed by its own text.
    send(a, "PATCH", &in_path("tags", "put"), b"{\"remove\":[1.0]}").expect(200);
    let left = value_text(a, &in_path("tags", "put"));
    let left: Vec<_> = left[1..left.len() - 1].split(',').collect();
    assert_eq!(left.len(), elements.len() - 1);
    assert!(left.contains(&"1") && left.contains(&"1e0") && !left.contains(&"1.0"));
}

#[test]
fn what_is_no_number_is_refused() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set"), ("hits", "counter")]);
    let a = cluster.at("a");
    for bad in ["01", "+1", ".5", "1.", "1e", "0x10", "NaN", "Infinity", "-", "1_000", "١"] {
        let told = (400, "malformed_json");
        refused(a, "PUT", &in_path("notes", "k"), bad.as_bytes(), told);
        refused(a, "PUT", &in_path("tags", "k"), format!("[{bad}]").as_bytes(), told);
        refused(a, "PATCH", &in_path("tags", "k"), format!("{{\"add\":[{bad}]}}").as_bytes(), told);
    }
    for (by, told) in [
        ("123456789012345678901234567890", (422, "counter_overflow")),
        ("9007199254740992", (422, "counter_overflow")),
        ("1e3", (400, "bad_patch")),
        ("1.0", (400, "bad_patch")),
    ] {
        let body = format!("{{\"increment\":{by}}}");
        refused(a, "PATCH", &in_path("hits", "k"), body.as_bytes(), told);
    }
    assert_eq!(cluster.level().items, 0);
}
