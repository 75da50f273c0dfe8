//! Scans: pages in key order, their bounds, and where they go on.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tombolo_datatypes::{JsonText, Operation};
use tombolo_replication::leader::Command;
use tombolo_replication::{ItemKey, Key};

use crate::support::{Running, refused};

const ITEMS: &str = "/v1/tables/reg/items";

async fn filled(keys: &[&str]) -> Running {
    let running = Running::with_tables().await;
    for key in keys {
        assert_eq!(running.put(&format!("{ITEMS}/{key}"), "1").await.status, 201);
    }
    running
}

/// The keys of one page, and its cursor.
async fn page(running: &Running, query: &str) -> (Vec<String>, Option<String>) {
    let page = running.get(&format!("{ITEMS}?{query}")).await.json();
    let members: Vec<_> = page.as_object().unwrap().keys().collect();
    assert_eq!(members, ["items", "next"]);
    let items = page["items"].as_array().unwrap().iter();
    let keys = items.map(|item| item["key"].as_str().unwrap().to_owned()).collect();
    (keys, page["next"].as_str().map(str::to_owned))
}

/// The keys of all pages, read with this query.
async fn pages(running: &Running, query: &str) -> Vec<Vec<String>> {
    let (first, mut next) = page(running, query).await;
    let mut pages = vec![first];
    while let Some(cursor) = next {
        let (keys, goes_on) = page(running, &format!("{query}&cursor={cursor}")).await;
        pages.push(keys);
        next = goes_on;
    }
    pages
}

#[actix_rt::test]
async fn an_item_is_on_the_page_as_it_is_on_its_own() {
    let running = Running::with_tables().await;
    running.put(&format!("{ITEMS}/a%2Fb"), r#"{"n":12345678901234567890.10}"#).await;
    running.patch("/v1/tables/cnt/items/hits", r#"{"increment":3}"#).await;
    for (table, key) in [("reg", "a%2Fb"), ("cnt", "hits")] {
        let item = running.get(&format!("/v1/tables/{table}/items/{key}")).await;
        let page = running.get(&format!("/v1/tables/{table}/items")).await;
        assert_eq!(page.json()["items"][0]["key"], item.json()["key"]);
        assert_eq!(page.text(), format!("{{\"items\":[{}],\"next\":null}}", item.text()));
    }
    running.stop().await;
}

#[actix_rt::test]
async fn head_answers_the_length_of_the_page_and_no_page() {
    let running = filled(&["a", "b"]).await;
    let got = running.get(ITEMS).await;
    let head = running.call("HEAD", ITEMS, "", "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), got.header("content-length"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_table_without_items_has_one_empty_page() {
    let running = Running::with_tables().await;
    assert_eq!(running.get(ITEMS).await.json(), json!({"items": [], "next": null}));
    running.stop().await;
}

#[actix_rt::test]
async fn keys_come_in_the_order_of_their_bytes_each_once_over_all_pages() {
    let running = filled(&["b", "%C3%A9", "a%2F1", "B", "a", "%F0%9F%98%80", "ab"]).await;
    let sorted = ["B", "a", "a/1", "ab", "b", "é", "😀"];
    for limit in 1..=8 {
        let pages = pages(&running, &format!("limit={limit}")).await;
        assert_eq!(pages.concat(), sorted, "{limit}");
        assert_eq!(pages.len(), sorted.len().div_ceil(limit), "{limit}");
    }
    running.stop().await;
}

#[actix_rt::test]
async fn prefix_from_and_to_bound_every_page() {
    let running = filled(&["a", "b", "b%2F1", "b%2F2", "ba", "c"]).await;
    for (query, keys) in [
        ("prefix=b", &["b", "b/1", "b/2", "ba"][..]),
        ("prefix=b%2F", &["b/1", "b/2"]),
        ("from=b&to=ba", &["b", "b/1", "b/2"]),
        ("from=b%2F2", &["b/2", "ba", "c"]),
        ("to=b", &["a"]),
        ("prefix=b&from=b%2F2&to=c", &["b/2", "ba"]),
        ("prefix=b&from=a", &["b", "b/1", "b/2", "ba"]),
        ("from=c&to=a", &[]),
        ("from=c&to=c", &[]),
        ("prefix=&from=", &["a", "b", "b/1", "b/2", "ba", "c"]),
    ] {
        assert_eq!(
            page(&running, query).await,
            (keys.iter().map(|k| (*k).to_owned()).collect(), None)
        );
        assert_eq!(pages(&running, &format!("{query}&limit=1")).await.concat(), keys, "{query}");
    }
    running.stop().await;
}

#[actix_rt::test]
async fn what_is_deleted_is_on_no_page_and_what_is_written_meanwhile_is_on_the_next() {
    let running = filled(&["a", "b", "c", "d"]).await;
    running.delete(&format!("{ITEMS}/b")).await;
    let (keys, next) = page(&running, "limit=2").await;
    assert_eq!(keys, ["a", "c"]);
    // Behind the cursor, at the cursor, before it.
    running.put(&format!("{ITEMS}/e"), "1").await;
    running.delete(&format!("{ITEMS}/c")).await;
    running.put(&format!("{ITEMS}/b"), "1").await;
    let rest = page(&running, &format!("cursor={}", next.unwrap())).await;
    assert_eq!(rest, (vec!["d".to_owned(), "e".to_owned()], None));
    running.delete(&format!("{ITEMS}/d")).await;
    running.delete(&format!("{ITEMS}/e")).await;
    // Nothing but deleted items is left after a full page: it is the last.
    assert_eq!(page(&running, "limit=2").await.1, None);
    running.stop().await;
}

#[actix_rt::test]
async fn a_cursor_that_was_not_given_out_is_refused() {
    let running = filled(&["a", "b"]).await;
    let cursor = page(&running, "limit=1").await.1.unwrap();
    let (end, last) = (cursor.len() - 1, if cursor.ends_with('A') { "B" } else { "A" });
    let damaged = [&cursor[..end], last].concat();
    for bad in ["", "x", &damaged, &cursor[1..], &format!("{cursor}AAAA"), &"A".repeat(5_000)] {
        let reply = running.get(&format!("{ITEMS}?cursor={bad}")).await;
        assert_eq!(reply.refusal(), refused(400, "bad_cursor"), "{bad}");
    }
    // It is a position: another table and other bounds may be asked for with it.
    let other = running.get(&format!("/v1/tables/cnt/items?cursor={cursor}")).await;
    assert_eq!(other.json(), json!({"items": [], "next": null}));
    running.stop().await;
}

#[actix_rt::test]
async fn what_cannot_be_scanned_is_refused() {
    let running = Running::with_tables().await;
    for (query, status, code) in [
        ("limit=0", 400, "bad_parameter"),
        ("limit=1001", 400, "bad_parameter"),
        ("limit=ten", 400, "bad_parameter"),
        ("limit=1&limit=1", 400, "bad_parameter"),
        ("prefix=%ff", 400, "bad_parameter"),
        ("from=%zz", 400, "bad_parameter"),
        ("consistency=best", 400, "bad_parameter"),
        ("consistency=strong", 422, "strong_needs_home"),
    ] {
        let reply = running.get(&format!("{ITEMS}?{query}")).await;
        assert_eq!(reply.refusal(), refused(status, code), "{query}");
    }
    let missing = running.get("/v1/tables/none/items").await;
    assert_eq!(missing.refusal(), refused(404, "no_such_table"));
    let posted = running.call("POST", ITEMS, "", "").await;
    assert_eq!(posted.refusal(), refused(405, "method_not_allowed"));
    assert_eq!(posted.header("allow"), Some("GET, HEAD"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_page_of_large_values_is_short_and_goes_on() {
    let running = Running::with_tables().await;
    let value = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    for key in ["a", "b", "c", "d", "e"] {
        assert_eq!(running.put(&format!("{ITEMS}/{key}"), &value).await.status, 201);
    }
    let pages = pages(&running, "limit=1000").await;
    assert_eq!(pages, [&["a", "b", "c"][..], &["d", "e"]]);
    running.stop().await;
}

#[actix_rt::test]
async fn many_deleted_items_take_several_calls_and_end() {
    const ROWS: usize = 4_200;
    let running = Running::with_tables().await;
    let table = running.region().view().catalog().by_name("reg").unwrap().id;
    let all = |operation: Operation| {
        let region = running.region().clone();
        async move {
            for first in (0..ROWS).step_by(100) {
                let mut writes = JoinSet::new();
                for nth in first..first + 100 {
                    let item = ItemKey { table, key: Key::new(&format!("k{nth:05}")).unwrap() };
                    let (region, operation) = (region.clone(), operation.clone());
                    writes.spawn(async move {
                        region.submit(Command::new(item, operation)).await.unwrap();
                    });
                }
                writes.join_all().await;
            }
        }
    };
    all(Operation::Put(JsonText::parse(b"1").unwrap())).await;
    all(Operation::Delete).await;
    running.put(&format!("{ITEMS}/z"), "1").await;
    let first: Value = running.get(ITEMS).await.json();
    assert_eq!(first["items"], json!([]));
    assert_eq!(pages(&running, "").await, [&[][..], &["z"]]);
    running.stop().await;
}
