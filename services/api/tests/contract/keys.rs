//! Keys: any UTF-8, decoded once, the same item by either address.

use crate::support::{Running, refused};

#[actix_rt::test]
async fn both_addresses_name_the_same_item_whatever_its_key() {
    let running = Running::with_tables().await;
    for (encoded, key) in [
        ("alice", "alice"),
        ("a%2Fb%2Fc", "a/b/c"),
        ("a%2fb", "a/b"),
        ("%252F", "%2F"),
        ("caf%C3%A9", "café"),
        ("%F0%9F%98%80", "😀"),
        ("a%20b%2Bc", "a b+c"),
        ("%00%0A%22%5C", "\0\n\"\\"),
        ("...", "..."),
        ("%3Fw=2", "?w=2"),
        ("history", "history"),
    ] {
        let path = format!("/v1/tables/reg/items/{encoded}");
        let query = format!("/v1/tables/reg/item?key={encoded}");
        let put = running.put(&path, "1").await;
        assert_eq!((put.status, &put.json()["key"]), (201, &key.into()), "{encoded}");
        let read = running.get(&query).await.json();
        assert_eq!((&read["key"], &read["value"]), (&key.into(), &1.into()), "{encoded}");
        assert_eq!(running.put(&query, "2").await.status, 200, "{encoded}");
        assert_eq!(running.get(&path).await.json()["value"], 2, "{encoded}");
        assert_eq!(running.delete(&query).await.status, 204, "{encoded}");
        assert_eq!(running.get(&path).await.status, 404, "{encoded}");
    }
    running.stop().await;
}

#[actix_rt::test]
async fn a_plus_is_itself_in_a_path_and_a_space_in_a_query() {
    let running = Running::with_tables().await;
    assert_eq!(running.put("/v1/tables/reg/items/a+b", "1").await.json()["key"], "a+b");
    assert_eq!(running.put("/v1/tables/reg/item?key=a+b", "1").await.json()["key"], "a b");
    running.stop().await;
}

#[actix_rt::test]
async fn what_is_no_key_is_refused_by_either_address() {
    let running = Running::with_tables().await;
    let long = "k".repeat(513);
    let wide = "%C3%A9".repeat(257);
    for encoded in ["%ff", "%C3", "%", "%2", "%zz", ".", "..", "%2E", "%2e%2E", "", &long, &wide] {
        for path in [
            format!("/v1/tables/reg/items/{encoded}"),
            format!("/v1/tables/reg/item?key={encoded}"),
        ] {
            for reply in [running.get(&path).await, running.put(&path, "1").await] {
                assert_eq!(reply.refusal(), refused(400, "bad_key"), "{path}");
            }
        }
    }
    let none = running.get("/v1/tables/reg/item").await;
    assert_eq!(none.refusal(), refused(400, "bad_key"));
    let twice = running.get("/v1/tables/reg/item?key=a&key=b").await;
    assert_eq!(twice.refusal(), refused(400, "bad_parameter"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_key_may_have_512_bytes() {
    let running = Running::with_tables().await;
    let path = format!("/v1/tables/reg/items/{}", "%C3%A9".repeat(256));
    assert_eq!(running.put(&path, "1").await.json()["key"], "é".repeat(256));
    running.stop().await;
}

#[actix_rt::test]
async fn a_bare_slash_is_no_part_of_a_key() {
    let running = Running::with_tables().await;
    for path in ["/v1/tables/reg/items/a/b", "/v1/tables/reg/items/../reg"] {
        assert_eq!(running.get(path).await.refusal(), refused(404, "no_such_route"), "{path}");
    }
    running.stop().await;
}
