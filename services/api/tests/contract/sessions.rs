//! Sessions: a token with every answer, and no answer that falls behind it.

use std::time::Duration;

use tombolo_causality::{Dot, Incarnation, RegionId, ReplicaId, Session, VersionVector};
use tombolo_protocol::{SessionKey, decode_session, encode_session};

use crate::support::{Reply, Running, absent, call, refused};

const ITEM: &str = "/v1/tables/reg/items/k";

fn key() -> SessionKey {
    SessionKey::derive("tombolo", "")
}

fn session(reply: &Reply) -> Session {
    let token = reply.header("tombolo-session").unwrap();
    decode_session(&key(), token.as_bytes()).unwrap()
}

/// The token of who has seen a write of another region that is not here.
pub(crate) fn ahead() -> String {
    let mut session = Session::new();
    session.wrote(Dot::new(ReplicaId::new(RegionId::new("eu-west").unwrap(), Incarnation(7)), 1));
    encode_session(&key(), &session, VersionVector::new).unwrap().text
}

#[actix_rt::test]
async fn a_token_tells_what_was_written_and_read() {
    let running = Running::with_tables().await;
    let put = running.put(ITEM, "1").await;
    let own = |seq| {
        let region = session(&put).written().iter().next().unwrap().0;
        [(region, seq)].into_iter().collect::<VersionVector>()
    };
    assert_eq!(session(&put), Session::of(own(3), own(3)));
    assert_eq!(session(&running.get(ITEM).await), Session::of(VersionVector::new(), own(3)));
    running.put("/v1/tables/reg/items/other", "2").await;
    assert_eq!(session(&running.delete(ITEM).await), Session::of(own(5), own(5)));

    // Of what is not there any more too, and of what is refused for what it is.
    for gone in [running.get(ITEM).await, running.delete(ITEM).await] {
        assert_eq!(gone.refusal(), refused(404, "no_such_item"));
        assert_eq!(session(&gone), Session::of(VersionVector::new(), own(5)));
    }
    let digests = call(running.admin, "GET", "/v1/digests", "", "").await;
    assert_eq!(session(&digests), Session::of(VersionVector::new(), own(5)));
    running.stop().await;
}

#[actix_rt::test]
async fn a_token_goes_on_from_answer_to_answer() {
    let running = Running::with_tables().await;
    let first = running.put(ITEM, "1").await;
    let token = first.header("tombolo-session").unwrap();
    let header = format!("Tombolo-Session: {token}\r\n");
    for path in ["/livez", "/v1/tables", "/v1/nothing", "/v1/tables/reg/items/never"] {
        let reply = running.call("GET", path, &header, "").await;
        assert_eq!(reply.header("tombolo-session"), Some(token), "{path}");
        let reply = running.get(&format!("{path}?session={token}")).await;
        assert_eq!(reply.header("tombolo-session"), Some(token), "{path}");
    }
    let second = running.call("PUT", ITEM, &header, "2").await;
    assert_eq!(second.status, 200);
    assert!(session(&second).written().strictly_descends(session(&first).written()));
    assert_eq!(running.call("GET", ITEM, &header, "").await.json()["value"], 2);
    assert!(session(&running.get("/livez").await).is_empty());
    running.stop().await;
}

#[actix_rt::test]
async fn a_token_that_was_not_issued_here_is_refused() {
    let running = Running::with_tables().await;
    let token = running.put(ITEM, "1").await.header("tombolo-session").unwrap().to_owned();
    let other =
        encode_session(&SessionKey::derive("other", ""), &Session::new(), VersionVector::new);
    let long = "A".repeat(3_000);
    for bad in ["x", "", &token[1..], &token.to_lowercase(), &other.unwrap().text, &long] {
        for method in ["GET", "PUT", "DELETE"] {
            let header = format!("Tombolo-Session: {bad}\r\n");
            let reply = running.call(method, ITEM, &header, "2").await;
            assert_eq!(reply.refusal(), refused(400, "bad_session_token"), "{method} {bad}");
            assert!(session(&reply).is_empty());
        }
        let reply = running.get(&format!("{ITEM}?session={bad}")).await;
        assert_eq!(reply.refusal(), refused(400, "bad_session_token"), "{bad}");
    }
    assert_eq!(running.get(ITEM).await.json()["value"], 1);
    running.stop().await;
}

#[actix_rt::test]
async fn with_a_secret_the_cluster_s_name_is_not_enough_to_make_one() {
    let running = Running::start_with(|settings| {
        settings.cluster.session_secret = "sand".parse().unwrap();
    })
    .await;
    let own = running.get("/livez").await.header("tombolo-session").unwrap().to_owned();
    let header = format!("Tombolo-Session: {own}\r\n");
    assert_eq!(running.call("GET", "/livez", &header, "").await.status, 200);
    let header = format!("Tombolo-Session: {}\r\n", ahead());
    let forged = running.call("GET", "/livez", &header, "").await;
    assert_eq!(forged.refusal(), refused(400, "bad_session_token"));
    let nowhere = running.call("GET", "/v1/nowhere", &header, "").await;
    assert_eq!(nowhere.refusal(), refused(404, "no_such_route"));
    let method = running.call("TRACE", "/livez", &header, "").await;
    assert_eq!(method.refusal(), refused(405, "method_not_allowed"));
    running.stop().await;
}

#[actix_rt::test]
async fn what_falls_behind_the_session_is_neither_answered_nor_decided() {
    let running = Running::with_tables().await;
    running.put(ITEM, "1").await;
    let header = format!("Tombolo-Session: {}\r\n", ahead());
    let call = async |method: &str, query: &str| {
        running.call(method, &format!("{ITEM}?wait_ms=20&{query}"), &header, "2").await
    };
    for (method, query) in [
        ("GET", ""),
        ("GET", "consistency=session"),
        ("GET", "consistency=read_your_writes"),
        ("PUT", ""),
        ("PUT", "consistency=session&w=1"),
        ("DELETE", ""),
    ] {
        let reply = call(method, query).await;
        assert_eq!(reply.refusal(), refused(503, "stale_replica"), "{method} {query}");
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
        let problem = reply.problem();
        let (retryable, outcome) = (&problem["retryable"], &problem["outcome"]);
        assert_eq!((retryable, outcome), (&true.into(), &"not_applied".into()));
        assert_eq!(reply.header("tombolo-session"), Some(&*ahead()));
    }
    for query in ["consistency=eventual", "consistency=monotonic_reads"] {
        assert_eq!(call("GET", query).await.json()["value"], 1, "{query}");
    }
    // Before the table as well: it may be among what was not seen here yet.
    let unknown = "/v1/tables/nothing/items/k?wait_ms=20";
    let reply = running.call("GET", unknown, &header, "").await;
    assert_eq!(reply.refusal(), refused(503, "stale_replica"));
    assert_eq!(call("PUT", "consistency=eventual").await.status, 200);
    running.stop().await;
}

#[actix_rt::test]
async fn as_many_requests_wait_as_may_and_no_more() {
    let running = Running::start_with(|settings| {
        settings.http.waiting_requests_max = 1;
        settings.http.wait_max = Duration::from_millis(300);
    })
    .await;
    running.define("reg", r#"{"type":"register"}"#).await;
    let path = format!("{ITEM}?wait_ms=60000&session={}", ahead());
    // The one that waits is cut short by the setting, the others are refused at once.
    let asked = (0..3).map(|_| {
        let (api, path) = (running.api, path.clone());
        actix_rt::spawn(async move { call(api, "GET", &path, "", "").await.refusal() })
    });
    let mut answered = Vec::new();
    for asked in asked.collect::<Vec<_>>() {
        answered.push(asked.await.unwrap());
    }
    answered.sort();
    let (stale, overloaded) = (refused(503, "stale_replica"), refused(503, "overloaded"));
    assert_eq!(answered, [overloaded.clone(), overloaded, stale]);
    running.stop().await;
}

#[actix_rt::test]
async fn a_write_that_too_few_regions_hold_stays_and_says_so() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(50);
    })
    .await;
    running.put("/v1/tables/reg", r#"{"type":"register"}"#).await;
    let unmet = running.put(&format!("{ITEM}?w=2&timeout_ms=20"), "1").await;
    assert_eq!(unmet.refusal(), refused(504, "write_concern_unmet"));
    let problem = unmet.problem();
    let (retryable, outcome) = (&problem["retryable"], &problem["outcome"]);
    assert_eq!((retryable, outcome), (&false.into(), &"applied_locally".into()));
    assert_eq!(unmet.header("tombolo-acks"), Some("us-east"));
    assert_eq!(session(&unmet).written().len(), 1);
    assert_eq!(running.get(ITEM).await.json()["value"], 1);

    let many = running.put(&format!("{ITEM}?w=3"), "2").await;
    assert_eq!(many.refusal(), refused(422, "write_concern_too_large"));
    let met = running.put(&format!("{ITEM}?w=1"), "2").await;
    assert_eq!((met.status, met.header("tombolo-acks")), (200, Some("us-east")));
    running.stop().await;
}
