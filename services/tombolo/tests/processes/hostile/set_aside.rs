//! A change that no region can apply: set aside, shown and counted by nobody, while its stream and
//! all others go on.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value, json};
use tombolo_causality::{Dot, HybridTimestamp, VersionVector};
use tombolo_datatypes::{
    CounterDelta, Delta, DeltaBody, JsonText, RegisterDelta, Tally, Write as Written,
};
use tombolo_protocol::{BatchFrame, Frame, Purpose, encode_frame, seal};
use tombolo_replication::{Body, Change, ItemDelta, Key, RunningHash, TableId};

use super::impostor::{connect_as_b, replica};
use super::{cluster, links_lost};
use crate::catch_up::{cluster_without_c, has_caught_up, reunite, write_many};
use crate::support::{Cluster, Distance, Region, dot, eventually, item};

/// The id of a table of `region`.
fn table(region: &Region, name: &str) -> TableId {
    let shown = region.ask("GET", &format!("/v1/tables/{name}"), None).expect(200);
    TableId(dot(shown["id"].as_str().unwrap()))
}

/// The `seq`th change of the impostor, which does this to one item.
fn change(seq: u64, table: TableId, key: &str, body: DeltaBody) -> Change {
    let delta = Delta::new(Vec::new(), body);
    Change {
        dot: Dot::new(replica("b"), seq),
        // Long ago: what the true regions write stands.
        stamp: HybridTimestamp::new(seq, 0),
        deps: Arc::default(),
        cut: Arc::default(),
        body: Body::Items(vec![ItemDelta { table, key: Key::new(key).unwrap(), delta }]),
        idempotency: None,
        span: None,
    }
}

fn counter() -> DeltaBody {
    DeltaBody::Counter(CounterDelta::Adjusted(Tally { up: 1, down: 0 }))
}

fn register(number: i64) -> DeltaBody {
    let value = Some(JsonText::from(number));
    DeltaBody::Register(RegisterDelta(Some(Written { value, generation: None })))
}

/// Ships `changes`, which begin the stream or follow `before`.
fn ship(stream: &mut TcpStream, before: &[Change], changes: &[Change]) {
    let sealed = |changes: &[Change]| -> Vec<Arc<[u8]>> {
        changes.iter().map(|change| seal(change.clone()).unwrap().bytes).collect()
    };
    let hash = sealed(before).iter().fold(RunningHash::default(), |hash, b| hash.after(b));
    let (origin, changes) = (replica("b"), sealed(changes));
    let batch = BatchFrame::pack(origin, hash, changes.iter().map(|bytes| &**bytes), 1).unwrap();
    stream.write_all(&encode_frame(&Frame::Batch(batch)).unwrap()).unwrap();
}

/// What a region has set aside, with its digest of the same moment.
fn digest(region: &Region) -> Value {
    region.ask_admin("GET", "/v1/digests").expect(200)
}

fn eventually_the_same(cluster: &Cluster) -> Value {
    eventually("all regions hold and set aside the same", || {
        let [a, b, c] = cluster.all().map(digest);
        a == b && b == c
    });
    digest(cluster.at("a"))
}

#[test]
fn a_change_that_cannot_be_applied_is_set_aside_in_all_regions_and_streams_go_on() {
    let mut cluster = cluster();
    // The true one would take the connection from the impostor.
    cluster.at_mut("b").kill();
    let a = cluster.at("a");
    let notes = table(a, "notes");
    let forged = change(1, notes, "k", counter());
    let next = change(2, notes, "l", register(7));
    ship(&mut connect_as_b(a, Purpose::Replicate), &[], &[forged.clone(), next]);

    // The stream goes on behind it, and so does everything that builds upon both.
    eventually("what came behind it is shown", || a.value("notes", "l") == 7);
    let expected = json!([{"dot": forged.dot.to_string(), "reason": "wrong_type"}]);
    assert_eq!(a.about()["exceptions"], expected);
    assert_eq!(a.value("notes", "k"), 1);
    assert!(a.about()["version_vector"][replica("b").to_string()].as_u64() >= Some(2));
    cluster.at_mut("b").start();
    let a = cluster.at("a");
    a.put("notes", "after", 1);
    let shown = eventually_the_same(&cluster);
    assert_eq!(shown["exceptions"], expected);
    for region in cluster.all() {
        let verified = region.ask_admin("POST", "/v1/verify").expect(200);
        for peer in verified["regions"].as_array().unwrap() {
            assert_eq!(
                (&peer["identical"], &peer["differing_exceptions"]),
                (&json!(true), &json!(0))
            );
        }
    }
    for region in cluster.all() {
        assert_eq!(region.metric("tombolo_set_aside_changes").to_string(), "1");
        assert!(region.log().contains("a change cannot be applied and is set aside"));
        // What is written now is held by all, and the links carry it.
        let path = format!("{}?w=3", item("notes", &region.name));
        region.ask("PUT", &path, Some(&json!(1))).expect(201);
    }

    // Found again by replay after a kill, and in the state after a stop.
    cluster.at_mut("a").kill();
    cluster.at_mut("a").start();
    assert_eq!(cluster.at("a").about()["exceptions"], expected);
    cluster.at_mut("a").stop();
    cluster.at_mut("a").start();
    assert_eq!(cluster.at("a").about()["exceptions"], expected);
    cluster.at("b").put("notes", "at-last", 1);
    assert_eq!(eventually_the_same(&cluster)["exceptions"], expected);
}

/// Nobody's log has the change any more: what is caught up with is without it, and so is told.
#[test]
fn a_region_that_catches_up_by_state_sets_aside_what_its_peer_has() {
    let mut cluster = cluster_without_c(Distance::None);
    cluster.at_mut("b").kill();
    let a = cluster.at("a");
    let notes = table(a, "notes");
    let forged = change(1, notes, "k", counter());
    let next = change(2, notes, "l", register(7));
    ship(&mut connect_as_b(a, Purpose::Replicate), &[], &[forged.clone(), next]);
    eventually("what came behind it is shown", || a.value("notes", "l") == 7);
    cluster.at_mut("b").start();
    write_many(cluster.at("a"), 1);
    reunite(&cluster);
    eventually("c catches up", || has_caught_up(cluster.at("c")));

    let expected = json!([{"dot": forged.dot.to_string(), "reason": "wrong_type"}]);
    let same = eventually_the_same(&cluster);
    assert_eq!(same["exceptions"], expected);
    let c = cluster.at("c");
    assert_eq!((c.value("notes", "k"), c.value("notes", "l")), (Value::Null, json!(7)));
    cluster.at_mut("c").kill();
    cluster.at_mut("c").start();
    assert_eq!(cluster.at("c").about()["exceptions"], expected);
    assert_eq!(eventually_the_same(&cluster), same);
}

#[test]
fn past_what_may_be_set_aside_the_connection_is_refused_and_nothing_is_lost() {
    let mut cluster = cluster();
    cluster.at_mut("b").kill();
    let a = cluster.at("a");
    let notes = table(a, "notes");
    let forged: Vec<_> = (1..=1_002).map(|seq| change(seq, notes, "k", counter())).collect();
    let mut stream = connect_as_b(a, Purpose::Replicate);
    ship(&mut stream, &[], &forged[..1_000]);
    let count = || a.about()["exceptions"].as_array().unwrap().len();
    eventually("as many are set aside as may be", || count() == 1_000);
    ship(&mut stream, &forged[..1_000], &forged[1_000..]);
    let refused = super::read_to_the_end(&mut stream);
    let said = "1000 changes are set aside, which is the most";
    assert!(String::from_utf8_lossy(&refused).contains(said), "{refused:?}");
    assert_eq!(count(), 1_000);
    let vector = a.about()["version_vector"].clone();
    assert_eq!(vector[replica("b").to_string()], 1_000);
    // The others are heard as ever; the stream is taken up to there again and again.
    ship(&mut connect_as_b(a, Purpose::Replicate), &forged[..1_000], &forged[1_000..]);
    cluster.at("c").put("notes", "from-c", 1);
    eventually("what c writes arrives", || a.value("notes", "from-c") == 1);
    a.put("notes", "from-a", 1);
    eventually("what a writes arrives", || cluster.at("c").value("notes", "from-a") == 1);
    assert_eq!(count(), 1_000);
    assert!(links_lost(a) < 100, "it does not go round and round");
}

/// The impostor is the only other region here.
#[test]
fn a_region_that_has_set_a_write_aside_does_not_count_towards_w() {
    let mut cluster = cluster();
    cluster.at_mut("b").kill();
    cluster.at_mut("c").kill();
    let a = cluster.at("a");
    let own = dot(&format!(
        "{}:0",
        a.about()["version_vector"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(replica, _)| replica)
            .find(|replica| replica.starts_with("a:"))
            .unwrap()
    ))
    .replica;
    let seq = a.about()["version_vector"][own.to_string()].as_u64().unwrap();
    let mut stream = connect_as_b(a, Purpose::Replicate);
    let mut say = |frame: Frame| stream.write_all(&encode_frame(&frame).unwrap()).unwrap();
    let watermark: VersionVector = [(own, seq + 2)].into_iter().collect();
    say(Frame::SetAside { dots: vec![Dot::new(own, seq + 1)] });
    say(Frame::Heartbeat { sent_us: 1, watermark, others: Vec::new() });
    eventually("it is heard", || a.link("b")["last_heard_ms"].as_u64() < Some(300));

    let put = |key: &str, expected: u16| {
        let path = format!("{}?w=2&timeout_ms=300", item("notes", key));
        a.ask("PUT", &path, Some(&json!(1))).expect(expected)
    };
    assert_eq!(put("first", 504)["code"], "write_concern_unmet");
    put("second", 201);
}
