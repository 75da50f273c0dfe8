//! Whatever is sent to whichever port: the connection ends or is refused in form, nothing grows,
//! nobody else notices.

mod garbage;
mod impostor;
mod set_aside;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Cluster, Distance, Level, PATIENCE, Region, eventually};

/// Connections at a time.
const CROWD: usize = 1_000;
/// How long one of them waits to be let in, in which it knocks twice; the others then do not try.
const AT_THE_DOOR: Duration = Duration::from_millis(2_500);
/// What memory may differ by between two waves of the same.
const RESIDENT_BYTES_SLACK: u64 = 8 << 20;

/// A cluster that gives a stranger a third of a second to say who it is, and holds one item.
fn cluster() -> Cluster {
    let cluster = Cluster::start_with(Distance::None, &|settings| {
        settings.replication.hello_timeout = Duration::from_millis(300);
        settings.http.body_timeout = Duration::from_millis(300);
    });
    cluster.at("a").define("notes", "register");
    cluster.at("a").put("notes", "k", 1);
    eventually_up(&cluster);
    cluster.level();
    cluster
}

fn eventually_up(cluster: &Cluster) {
    for [one, other] in [["a", "b"], ["b", "a"], ["a", "c"], ["c", "a"]] {
        eventually("the link is up", || cluster.at(one).link(other)["state"] == "up");
    }
}

/// Connects, sends these bytes, and reads until the other side has closed the connection.
fn thrown_at(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may be closed before everything is taken.
    stream.write_all(bytes).ok();
    read_to_the_end(&mut stream)
}

/// Everything until the other side closes; fails where it does not.
fn read_to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    if let Err(error) = stream.read_to_end(&mut received) {
        let kind = error.kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionReset, "not closed: {received:?}");
    }
    received
}

/// Fails unless nothing was answered, or a refusal in the form of the contract.
fn assert_refused(what: &str, answer: &[u8]) {
    let text = String::from_utf8_lossy(answer);
    let form = ["application/problem+json", "content-length: 0"];
    let is_refusal = text.starts_with("HTTP/1.1 4")
        && form.iter().any(|form| text.to_ascii_lowercase().contains(form));
    assert!(answer.is_empty() || is_refusal, "{what} is answered {text}");
}

/// That a region works as before, and holds what it held.
fn assert_well(cluster: &Cluster, before: &Level) {
    assert_eq!(cluster.at("a").value("notes", "k"), 1);
    eventually_up(cluster);
    assert_eq!(cluster.level(), *before);
    cluster.at("a").put("notes", "well", 1);
    cluster.at("a").ask("DELETE", "/v1/tables/notes/items/well", None).expect(204);
}

fn links_lost(region: &Region) -> usize {
    region.log().matches("the link is down").count()
}

/// Throws all of it at one listener at once.
fn throw_all(address: SocketAddr, all: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let throw = |(what, bytes): (String, Vec<u8>)| {
        thread::spawn(move || (what, thrown_at(address, &bytes)))
    };
    let thrown: Vec<_> = all.into_iter().map(throw).collect();
    thrown.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn garbage_on_any_port_is_refused_and_nobody_else_notices() {
    let cluster = cluster();
    let before = cluster.level();
    let a = cluster.at("a");
    let lost_before = cluster.all().map(links_lost);
    for address in [a.api, a.admin] {
        for (what, answer) in throw_all(address, garbage::for_http()) {
            assert_refused(&what, &answer);
        }
    }
    for (_, answer) in throw_all(a.replication, garbage::for_replication()) {
        assert!(answer.is_empty(), "a stranger is told nothing");
    }
    assert_eq!(cluster.all().map(links_lost), lost_before);
    assert_well(&cluster, &before);
}

/// Opens as many connections as are let in, a crowd at most, and says `word` on each.
fn crowd(address: SocketAddr, word: &[u8]) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect_timeout(&address, AT_THE_DOOR).ok()?;
        // A full house may have closed the door again.
        stream.write_all(word).ok();
        Some(stream)
    };
    (0..CROWD).map_while(connect).collect()
}

fn allow_a_crowd() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

#[test]
fn crowds_that_say_nothing_or_half_a_word_leave_nothing_behind() {
    allow_a_crowd();
    let cluster = cluster();
    let before = cluster.level();
    let a = cluster.at("a");
    let lost_before = cluster.all().map(links_lost);
    let descriptors = a.process().descriptors();
    let mut resident_bytes = None;
    for word in [&b""[..], b"G", b"PUT /v1/tables/notes/items/k HTTP/1.1\r\nHost: a\r\n"] {
        for address in [a.api, a.admin, a.replication] {
            let crowd = crowd(address, word);
            assert_eq!(a.value("notes", "k"), 1, "the others are answered");
            assert!(crowd.len() > 250, "{} were let in", crowd.len());
            for stream in crowd.iter().step_by(2) {
                // Half of them go without a word, half by halves.
                stream.shutdown(Shutdown::Write).ok();
            }
            drop(crowd);
            eventually("all of them are gone", || a.process().descriptors() <= descriptors);
        }
        let now = a.process().resident_bytes();
        // What the first wave has made room for is used again by the others.
        let first = *resident_bytes.get_or_insert(now);
        assert!(now < first + RESIDENT_BYTES_SLACK, "{now} bytes after {first}");
    }
    assert_eq!(cluster.all().map(links_lost), lost_before);
    assert_well(&cluster, &before);
}

#[test]
fn whoever_is_too_slow_is_sent_away() {
    let cluster = Cluster::start_with(Distance::None, &|settings| {
        settings.replication.hello_timeout = Duration::from_millis(300);
        settings.http.body_timeout = Duration::from_millis(300);
    });
    let a = cluster.at("a");
    a.define("notes", "register");
    let item = "PUT /v1/tables/notes/items/k HTTP/1.1\r\nHost: a\r\n";
    let late_body = format!("{item}Content-Length: 5\r\n\r\n1");
    let late_chunk = format!("{item}Transfer-Encoding: chunked\r\n\r\n5\r\n1");
    let unasked_chunk = late_chunk.replace("PUT", "GET");
    let trickles: [(SocketAddr, &[u8]); 11] = [
        (a.api, b"GET /v1/reg"),
        (a.admin, b"GET /v1/reg"),
        (a.api, item.as_bytes()),
        (a.admin, item.as_bytes()),
        (a.api, late_body.as_bytes()),
        (a.admin, late_body.as_bytes()),
        (a.api, late_chunk.as_bytes()),
        (a.admin, late_chunk.as_bytes()),
        (a.api, unasked_chunk.as_bytes()),
        (a.admin, unasked_chunk.as_bytes()),
        (a.replication, &[200, 0, 0, 0, 1, 2, 3]),
    ];
    let trickle = |(address, bytes): (SocketAddr, &[u8])| {
        let bytes = bytes.to_vec();
        thread::spawn(move || thrown_at(address, &bytes))
    };
    let answers: Vec<_> = trickles.map(trickle).into_iter().map(|t| t.join().unwrap()).collect();
    for ((_, bytes), answer) in trickles.iter().zip(&answers) {
        assert_refused(&String::from_utf8_lossy(bytes), answer);
    }
    // Nothing of it was done.
    assert_eq!(a.value("notes", "k"), serde_json::Value::Null);
}
