//! Unusual values and keys come back as they were sent, from every region; one step beyond what is
//! allowed they are refused by the code that says so, and nothing is written.

mod edges;
mod keys;
mod numbers;
mod unicode;

use crate::support::{Cluster, Region, Reply, escaped};

/// Where an item is asked for by its path.
fn in_path(table: &str, key: &str) -> String {
    format!("/v1/tables/{table}/items/{}", escaped(key))
}

/// Where an item is asked for by a parameter.
fn in_query(table: &str, key: &str) -> String {
    format!("/v1/tables/{table}/item?key={}", escaped(key))
}

#[track_caller]
fn send(region: &Region, method: &str, path: &str, body: &[u8]) -> Reply {
    region.client().send(method, path, &[], body).unwrap()
}

#[track_caller]
fn refused(region: &Region, method: &str, path: &str, body: &[u8], told: (u16, &str)) {
    let reply = send(region, method, path, body);
    let code = reply.body["code"].as_str().unwrap_or_default();
    let excerpt = String::from_utf8_lossy(body.get(..100).unwrap_or(body));
    assert_eq!((reply.status, code), told, "{method} {path} {excerpt}");
    assert_eq!(reply.body["outcome"], "not_applied", "{method} {path} {excerpt}");
}

/// The text of an item's value, as the answer writes it.
#[track_caller]
fn value_text(region: &Region, path: &str) -> String {
    let reply = send(region, "GET", path, b"");
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    text_of(&reply)
}

/// The text between `"value":` and the version that follows it.
#[track_caller]
fn text_of(reply: &Reply) -> String {
    let text = std::str::from_utf8(&reply.bytes).unwrap();
    let (before, after) = (text.find("\"value\":").unwrap(), text.rfind(",\"version\":").unwrap());
    text[before + "\"value\":".len()..after].to_owned()
}

/// A running cluster with tables of these types.
fn with_tables(tables: &[(&str, &str)]) -> Cluster {
    let cluster = Cluster::start();
    for (table, data_type) in tables {
        cluster.at("a").define(table, data_type);
    }
    cluster
}
