//! A full disk: writes are refused with 507 and nothing of them is done, reads go on, and so do
//! writes once there is room.

use std::sync::Arc;

use tombolo_simulation::disk::{Fault, SimulatedDisk};
use tombolo_storage::disk::Disk;

use crate::support::{Reply, Running, call, refused};

/// More than fits into what is left below.
const PUTS_MAX: usize = 400;
/// What is left: four short segments, and never nothing.
const ROOM_BYTES: u64 = (512 << 10) + (16 << 10);
/// Nothing is moved into the state file.
const NEVER_SEALS: usize = 64 << 20;
const SEALS_OFTEN: usize = 64 << 10;
const SHORT_SEGMENT: u64 = 128 << 10;
/// Holds all values that are written.
const LONG_SEGMENT: u64 = 4 << 20;

fn path(nth: usize) -> String {
    format!("/v1/tables/reg/items/k{nth}")
}

async fn start_on(disk: &SimulatedDisk, segment_bytes: u64, seal_bytes: usize) -> Running {
    Running::start_on(Arc::new(disk.clone()), |settings| {
        settings.journal.segment_bytes = segment_bytes;
        settings.leader.group_bytes_max = 64 << 10;
        settings.overlay.seal_bytes = seal_bytes;
        settings.overlay.replay_bytes = seal_bytes;
    })
    .await
}

async fn start_with_table(disk: &SimulatedDisk, segment: u64, seal_bytes: usize) -> Running {
    let running = start_on(disk, segment, seal_bytes).await;
    running.define("reg", r#"{"type":"register"}"#).await;
    running
}

/// Whether a write came faster than the state file is written: it may be repeated.
fn is_too_fast(reply: &Reply) -> bool {
    reply.status == 503 && reply.refusal() == refused(503, "overloaded")
}

/// Writes items of 8 KiB until one is refused for want of room; answers which, and the refusal.
async fn fill(running: &Running) -> (usize, Reply) {
    let value = format!("{:?}", "v".repeat(8 << 10));
    let mut nth = 0;
    loop {
        assert!(nth < PUTS_MAX, "the disk is not full yet");
        let reply = running.put(&path(nth), &value).await;
        if is_too_fast(&reply) {
            continue;
        }
        if reply.status != 201 {
            return (nth, reply);
        }
        nth += 1;
    }
}

/// Writes item `nth` as soon as that is possible.
async fn put_once_there_is_room(running: &Running, nth: usize) {
    loop {
        let reply = running.put(&path(nth), "1").await;
        if reply.status == 201 {
            return;
        }
        assert!(
            is_too_fast(&reply) || reply.refusal() == refused(507, "storage_full"),
            "{reply:?}"
        );
    }
}

async fn assert_only_what_was_acknowledged(running: &Running, refused: usize) {
    for nth in 0..refused {
        assert_eq!(running.get(&path(nth)).await.status, 200, "{nth}");
    }
    assert_eq!(running.get(&path(refused)).await.status, 404);
}

async fn assert_full(running: &Running, nth: usize, refusal: &Reply) {
    assert_eq!(refusal.refusal(), refused(507, "storage_full"));
    assert!(refusal.header("retry-after").is_some(), "{refusal:?}");
    let problem = refusal.problem();
    assert_eq!((&problem["retryable"], &problem["outcome"]), (&true.into(), &"not_applied".into()));
    let table = running.put("/v1/tables/other", r#"{"type":"counter"}"#).await;
    assert_eq!(table.refusal(), refused(507, "storage_full"));
    assert_only_what_was_acknowledged(running, nth).await;
}

/// Gives the full disk room again: writes go on, and all is there after a restart.
async fn assert_goes_on(disk: &SimulatedDisk, running: Running, nth: usize) {
    disk.inject(Fault::SpaceBytesMax(u64::MAX));
    put_once_there_is_room(&running, nth).await;
    put_once_there_is_room(&running, nth + 1).await;
    running.stop().await;
    assert_kept(disk, nth + 2).await;
}

async fn assert_kept(disk: &SimulatedDisk, refused: usize) {
    disk.process_end();
    let running = start_on(disk, SHORT_SEGMENT, NEVER_SEALS).await;
    assert_only_what_was_acknowledged(&running, refused).await;
    running.stop().await;
}

#[actix_rt::test]
async fn what_was_done_to_a_table_before_is_answered_again_on_a_full_disk() {
    let disk = SimulatedDisk::new(1);
    let running = start_with_table(&disk, SHORT_SEGMENT, NEVER_SEALS).await;
    let define = async || {
        let headers = "Idempotency-Key: one\r\n";
        running.call("PUT", "/v1/tables/named", headers, r#"{"type":"counter"}"#).await
    };
    let first = define().await;
    assert_eq!(first.status, 201);
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + ROOM_BYTES));
    let (nth, refusal) = fill(&running).await;
    assert_full(&running, nth, &refusal).await;
    let again = define().await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_goes_on(&disk, running, nth).await;
}

#[actix_rt::test]
async fn a_journal_without_room_refuses_writes_and_goes_on_once_there_is() {
    let disk = SimulatedDisk::new(1);
    let running = start_with_table(&disk, SHORT_SEGMENT, NEVER_SEALS).await;
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + ROOM_BYTES));
    let (nth, refusal) = fill(&running).await;
    assert_full(&running, nth, &refusal).await;
    assert_goes_on(&disk, running, nth).await;
}

#[actix_rt::test]
async fn a_state_file_without_room_refuses_writes_and_goes_on_once_there_is() {
    let disk = SimulatedDisk::new(1);
    let running = start_with_table(&disk, LONG_SEGMENT, SEALS_OFTEN).await;
    // The journal needs no more than the segment that it writes and the next.
    while disk.used_bytes() < 2 * LONG_SEGMENT || disk.list("journal").unwrap().len() < 2 {
        assert_eq!(running.get("/livez").await.status, 200);
    }
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes()));
    let (nth, refusal) = fill(&running).await;
    assert_full(&running, nth, &refusal).await;
    assert_goes_on(&disk, running, nth).await;
}

#[actix_rt::test]
async fn what_is_decided_when_room_runs_out_is_held_and_then_done() {
    let disk = SimulatedDisk::new(1);
    let running = start_with_table(&disk, SHORT_SEGMENT, NEVER_SEALS).await;
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + ROOM_BYTES));
    let (answered, mut answers) = tokio::sync::mpsc::channel(PUTS_MAX);
    let put = |nth, value: String| {
        let (api, answered) = (running.api, answered.clone());
        let json = "Content-Type: application/json\r\n";
        actix_rt::spawn(async move {
            let reply = call(api, "PUT", &path(nth), json, &value).await;
            answered.send((nth, reply)).await.unwrap();
        })
    };
    // Its group is longer than what is left.
    put(0, format!("{:?}", "v".repeat((1 << 20) - 2)));
    let mut replies = Vec::<(usize, Reply)>::new();
    for nth in 1.. {
        if replies.last().is_some_and(|(_, reply)| reply.status == 507) {
            break;
        }
        put(nth, "1".to_owned());
        assert_eq!(running.get(&path(0)).await.status, 404);
        replies.extend(answers.try_recv());
    }

    disk.inject(Fault::SpaceBytesMax(u64::MAX));
    drop(answered);
    while let Some(answer) = answers.recv().await {
        replies.push(answer);
    }
    for (nth, reply) in replies {
        let read = running.get(&path(nth)).await.status;
        if nth == 0 || reply.status == 201 {
            assert_eq!((reply.status, read), (201, 200), "{nth}");
        } else {
            // Before anybody knew, the mailbox may have been full.
            assert!([503, 507].contains(&reply.status), "{nth}: {reply:?}");
            assert_eq!((&reply.problem()["outcome"], read), (&"not_applied".into(), 404), "{nth}");
        }
    }
    running.stop().await;
}

#[actix_rt::test]
async fn a_region_stops_and_starts_on_a_full_disk_with_what_it_acknowledged() {
    let disk = SimulatedDisk::new(1);
    let running = start_with_table(&disk, SHORT_SEGMENT, NEVER_SEALS).await;
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + ROOM_BYTES));
    let (nth, _) = fill(&running).await;
    running.stop().await;

    disk.process_end();
    // For the identity, which says that the region runs.
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + (4 << 10)));
    let running = start_on(&disk, SHORT_SEGMENT, NEVER_SEALS).await;
    assert_only_what_was_acknowledged(&running, nth).await;
    assert_goes_on(&disk, running, nth).await;
}

#[actix_rt::test]
async fn a_region_stops_while_its_state_file_waits_for_room() {
    let disk = SimulatedDisk::new(1);
    let running = start_with_table(&disk, SHORT_SEGMENT, SEALS_OFTEN).await;
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + ROOM_BYTES));
    let (nth, _) = fill(&running).await;
    running.stop().await;
    assert_kept(&disk, nth).await;
}
