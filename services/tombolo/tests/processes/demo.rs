//! `tombolo demo`: soon ready, the same data again, nothing left behind, and errors that help.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Client, Demo, Turn, base_port, eventually, is_gone, tombolo};

const REGIONS: [&str; 3] = ["us-east", "eu-west", "ap-southeast"];

/// How soon a demo must be ready.
const READY_TIME_MAX: Duration = Duration::from_secs(5);

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

fn value(client: &mut Client) -> Value {
    let reply = client.call("GET", "/v1/tables/notes/items/k", None).unwrap();
    reply.body["value"].clone()
}

fn write(client: &mut Client) {
    let definition = json!({"type": "register"});
    client.call("PUT", "/v1/tables/notes", Some(&definition)).unwrap().expect(201);
    client.call("PUT", "/v1/tables/notes/items/k", Some(&json!("kept"))).unwrap().expect(201);
}

#[test]
fn it_is_ready_in_five_seconds_and_has_the_same_data_when_started_again() {
    let _turn = Turn::take();
    let folder = tempfile::tempdir().unwrap();
    let port = base_port(3);
    let started = Instant::now();
    let mut demo = Demo::start(folder.path(), port, &REGIONS, &[]);
    assert!(started.elapsed() < READY_TIME_MAX, "{:?}", started.elapsed());
    write(&mut demo.client(0));
    eventually("the others have it", || {
        [1, 2].iter().all(|nth| value(&mut demo.client(*nth)) == "kept")
    });

    demo.process.signal(Signal::TERM);
    assert!(demo.process.ended().success(), "{}", demo.process.log());
    assert!(demo.pids.iter().all(|pid| is_gone(*pid)));

    let started = Instant::now();
    let demo = Demo::start(folder.path(), port, &REGIONS, &[]);
    assert!(started.elapsed() < READY_TIME_MAX, "{:?}", started.elapsed());
    for nth in 0..3 {
        assert_eq!(value(&mut demo.client(nth)), "kept", "{}", REGIONS[usize::from(nth)]);
    }
}

#[test]
fn its_regions_end_when_it_is_killed_and_lose_nothing() {
    let _turn = Turn::take();
    let folder = tempfile::tempdir().unwrap();
    let port = base_port(3);
    let mut demo = Demo::start(folder.path(), port, &REGIONS, &["--wan", "none"]);
    write(&mut demo.client(1));
    demo.process.kill();
    eventually("no region is left", || demo.pids.iter().all(|pid| is_gone(*pid)));

    let demo = Demo::start(folder.path(), port, &REGIONS, &["--wan", "none"]);
    for nth in 0..3 {
        eventually("every region has it", || value(&mut demo.client(nth)) == "kept");
    }
}

#[test]
fn a_region_that_dies_stays_away() {
    let _turn = Turn::take();
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path(), base_port(3), &REGIONS, &["--wan", "none"]);
    write(&mut demo.client(0));
    kill(demo.pids[1]);
    let ended = "eu-west ended: its process ended with signal: 9 (SIGKILL)";
    assert_eq!(demo.process.line(), ended);
    eventually("the others go on", || value(&mut demo.client(2)) == "kept");
    assert!(demo.client(1).call("GET", "/livez", None).is_err());

    demo.process.signal(Signal::TERM);
    assert!(demo.process.ended().success(), "{}", demo.process.log());
    assert_eq!(demo.process.rest(), [] as [String; 0]);
}

#[test]
fn a_region_that_dies_is_started_again_where_that_is_asked_for() {
    let _turn = Turn::take();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--wan", "none", "--restart"];
    let mut demo = Demo::start(folder.path(), base_port(3), &REGIONS, &arguments);
    write(&mut demo.client(1));
    for _ in 0..2 {
        kill(demo.pids[1]);
        let ended = "eu-west ended: its process ended with signal: 9 (SIGKILL)";
        assert_eq!(demo.process.line(), ended);
        let again = demo.process.line();
        let pid = again.rsplit_once("pid=").unwrap().1.parse().unwrap();
        assert_eq!(again, demo.announcement("eu-west", 1, pid));
        demo.pids[1] = pid;
        assert_eq!(value(&mut demo.client(1)), "kept");
    }
}

/// Runs a demo that cannot start; answers its exit code and what it said.
fn failing(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output =
        tombolo().arg("demo").arg("--data-dir").arg(data).args(arguments).output().unwrap();
    assert_eq!(output.stdout, b"", "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_cannot_be_meant_is_refused_as_a_wrong_usage() {
    let cases: [(&[&str], &str); 6] = [
        (&["--regions", "us-east,mars"], "mars is none of the known places"),
        (&["--regions", "us-east,Mars"], "made of a-z, 0-9 and -"),
        (&["--regions", "us-east,us-east"], "names us-east twice"),
        (&["--regions", "us-east,"], "a region's name has 1 to"),
        (&["--base-port", "65530"], "--base-port 65530 leaves no room"),
        (&["--base-port", "65536"], "65536 is not in 0..=65535"),
    ];
    for (arguments, reason) in cases {
        let (code, said) = failing(arguments);
        assert!(said.contains(reason), "{said}");
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let _turn = Turn::take();
    let base = base_port(2);
    for listener in [1, 2, 3, 11, 12, 13] {
        let port = base + listener;
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let base = base.to_string();
        let arguments = ["--regions", "us-east,eu-west", "--wan", "none", "--base-port", &base];
        let (code, said) = failing(&arguments);
        assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
        let region = if listener < 10 { "us-east" } else { "eu-west" };
        assert!(said.contains(&format!("{region} did not start")), "{said}");
        assert_eq!(code, Some(1), "{said}");
    }
}
