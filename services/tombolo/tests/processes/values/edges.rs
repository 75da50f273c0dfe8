//! Depth, length, names and white space, at the edge and one step beyond.

use super::{in_path, refused, send, text_of, value_text, with_tables};

/// The longest value.
const VALUE_BYTES_MAX: usize = 1 << 20;
/// What an element of a set takes beside its text.
const ELEMENT_BYTES: usize = 24;
/// How deep a value may be nested.
const DEPTH_MAX: usize = 64;

fn nested(depth: usize, inner: &str) -> String {
    let (arrays, objects) = (depth / 2, depth - depth / 2);
    let open = "{\"x\":".repeat(objects) + &"[".repeat(arrays);
    open + inner + &"]".repeat(arrays) + &"}".repeat(objects)
}

#[test]
fn a_depth_of_64_comes_back_and_65_is_refused() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set")]);
    let [a, b, _] = cluster.all();
    for (key, inner) in [("empty", ""), ("full", "1")] {
        let deepest = nested(DEPTH_MAX, inner);
        send(a, "PUT", &in_path("notes", key), deepest.as_bytes()).expect(201);
        cluster.level();
        assert_eq!(value_text(b, &in_path("notes", key)), deepest);
    }
    let told = (400, "malformed_json");
    let deeper = nested(DEPTH_MAX + 1, "1");
    refused(a, "PUT", &in_path("notes", "empty"), deeper.as_bytes(), told);
    refused(a, "PUT", &in_path("tags", "k"), deeper.as_bytes(), told);
    let patch = format!("{{\"add\":[{}]}}", nested(DEPTH_MAX - 1, "1"));
    refused(a, "PATCH", &in_path("tags", "k"), patch.as_bytes(), told);
    // As deep as a body may be, and yet no element.
    let patch = format!("{{\"add\":[{}]}}", nested(DEPTH_MAX - 2, "1"));
    refused(a, "PATCH", &in_path("tags", "k"), patch.as_bytes(), (400, "bad_patch"));
    let bottomless = "[".repeat(VALUE_BYTES_MAX);
    refused(a, "PUT", &in_path("notes", "empty"), bottomless.as_bytes(), told);
    assert_eq!(value_text(a, &in_path("notes", "empty")), nested(DEPTH_MAX, ""));
    assert_eq!(cluster.level().items, 2);
}

#[test]
fn a_value_of_exactly_1_mib_comes_back_and_one_byte_more_is_refused() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set")]);
    let [a, _, c] = cluster.all();
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let told = (413, "value_too_large");

    let longest = text(VALUE_BYTES_MAX);
    send(a, "PUT", &in_path("notes", "k"), longest.as_bytes()).expect(201);
    refused(a, "PUT", &in_path("notes", "k"), text(VALUE_BYTES_MAX + 1).as_bytes(), told);

    // A set weighs what its elements weigh; what is sent is bounded like a value.
    let element = text(VALUE_BYTES_MAX - ELEMENT_BYTES);
    let heavier = text(VALUE_BYTES_MAX - ELEMENT_BYTES + 1);
    for (key, method, around) in
        [("put", "PUT", ["[", "]"]), ("patch", "PATCH", ["{\"add\":[", "]}"])]
    {
        let with = |element: &str| around.join(element);
        refused(a, method, &in_path("tags", key), with(&heavier).as_bytes(), told);
        assert!(send(a, method, &in_path("tags", key), with(&element).as_bytes()).status < 300);
        refused(a, "PATCH", &in_path("tags", key), b"{\"add\":[1]}", told);
        let short = with("\"x\"");
        let padded = |bytes: usize| short.clone() + &" ".repeat(bytes - short.len());
        let path = in_path("tags", "padded");
        assert!(send(a, method, &path, padded(VALUE_BYTES_MAX).as_bytes()).status < 300);
        refused(a, method, &path, padded(VALUE_BYTES_MAX + 1).as_bytes(), told);
    }
    cluster.level();
    assert!(value_text(c, &in_path("notes", "k")) == longest);
    for key in ["put", "patch"] {
        assert!(value_text(c, &in_path("tags", key)) == format!("[{element}]"), "{key}");
    }
    assert_eq!(value_text(c, &in_path("tags", "padded")), "[\"x\"]");
}

#[test]
fn a_name_that_stands_twice_is_refused_wherever_it_stands() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set"), ("lit", "flag")]);
    let a = cluster.at("a");
    let told = (400, "malformed_json");
    for twice in ["{\"x\":1,\"x\":1}", "[{\"x\":{\"\\u0061\":1,\"a\":2}}]", "{\"\":1,\"\":2}"] {
        refused(a, "PUT", &in_path("notes", "k"), twice.as_bytes(), told);
    }
    refused(a, "PATCH", &in_path("tags", "k"), b"{\"add\":[1],\"add\":[2]}", told);
    refused(a, "PATCH", &in_path("lit", "k"), b"{\"enable\":true,\"enable\":true}", told);
    let kept = "{\"x\":{\"a\":1},\"A\":{\"a\":1},\"\":[{\"a\":1},{\"a\":2}]}";
    let put = send(a, "PUT", &in_path("notes", "k"), kept.as_bytes());
    assert_eq!((put.status, value_text(a, &in_path("notes", "k"))), (201, kept.to_owned()));
    assert_eq!(cluster.level().items, 1);
}

#[test]
fn white_space_goes_and_everything_else_stays() {
    let cluster = with_tables(&[("notes", "register"), ("tags", "set")]);
    let a = cluster.at("a");
    let spaced = " {\t\"b\" : [ 1.0 ,\r\n \"\\u00e9\\/ x\" ] , \"a\" :null } ";
    send(a, "PUT", &in_path("notes", "k"), spaced.as_bytes()).expect(201);
    let compact = "{\"b\":[1.0,\"\\u00e9\\/ x\"],\"a\":null}";
    assert_eq!(value_text(a, &in_path("notes", "k")), compact);
    // An element is one however its text is escaped.
    let same = "{\"add\":[ \"\\u00e9\" , \"é\", \"\\/\", \"/\", null, true, false, -0, 0 ]}";
    let patched = send(a, "PATCH", &in_path("tags", "k"), same.as_bytes());
    assert_eq!(patched.status, 200);
    assert_eq!(text_of(&patched), "[null,false,true,-0,0,\"/\",\"é\"]");
}
