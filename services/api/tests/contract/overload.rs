//! More than a region may keep waiting: refused at once, and nothing of it is done.

use std::sync::Arc;

use tombolo_simulation::disk::SimulatedDisk;
use tombolo_topology::settings::Leader;

use crate::support::{Running, call, refused};

/// One command in the group under way, one gathering, and this many in the mailbox.
const MAILBOX_COMMANDS_MAX: usize = 4;

#[actix_rt::test]
async fn while_the_disk_is_stalled_a_full_mailbox_is_answered_503_with_retry_after() {
    with_a_stalled_disk(|leader| leader.group_changes_max = 1).await;
}

#[actix_rt::test]
async fn a_group_is_full_by_its_bytes_as_well() {
    with_a_stalled_disk(|leader| leader.group_bytes_max = 1).await;
}

async fn with_a_stalled_disk(fill: impl FnOnce(&mut Leader)) {
    let disk = SimulatedDisk::new(1);
    let running = Running::start_on(Arc::new(disk.clone()), |settings| {
        settings.leader.mailbox_commands_max = MAILBOX_COMMANDS_MAX;
        fill(&mut settings.leader);
    })
    .await;
    running.define("reg", r#"{"type":"register"}"#).await;

    let gate = disk.stall_syncs();
    let put = |nth: usize| {
        let (api, path) = (running.api, format!("/v1/tables/reg/items/k{nth}"));
        async move { call(api, "PUT", &path, "Content-Type: application/json\r\n", "1").await }
    };
    let first = actix_rt::spawn(put(0));
    let reached = gate.clone();
    actix_rt::task::spawn_blocking(move || reached.wait_until_reached()).await.unwrap();

    // With the disk held nothing is acknowledged: whoever is answered first was refused.
    let (answered, mut answers) = tokio::sync::mpsc::channel(100);
    for nth in 1..=100 {
        let (put, answered) = (put(nth), answered.clone());
        actix_rt::spawn(async move { answered.send((nth, put.await)).await.unwrap() });
    }
    drop(answered);
    let (nth, refusal) = answers.recv().await.unwrap();
    assert_eq!(refusal.refusal(), refused(503, "overloaded"));
    assert!(refusal.header("retry-after").is_some(), "{refusal:?}");
    let problem = refusal.problem();
    assert_eq!((&problem["retryable"], &problem["outcome"]), (&true.into(), &"not_applied".into()));
    assert_eq!(running.get(&format!("/v1/tables/reg/items/k{nth}")).await.status, 404);

    let metrics = call(running.admin, "GET", "/metrics", "", "").await;
    let refused = "tombolo_requests_refused_total{full=\"mailbox\"} ";
    let count = metrics.text().lines().find_map(|line| line.strip_prefix(refused)).unwrap();
    assert!(count.parse::<u64>().unwrap() > 0, "{count}");

    gate.open();
    assert_eq!(first.await.unwrap().status, 201);
    while let Some((nth, reply)) = answers.recv().await {
        let read = running.get(&format!("/v1/tables/reg/items/k{nth}")).await.status;
        let expected = if reply.status == 201 { 200 } else { 404 };
        assert_eq!(read, expected, "what was acknowledged is there, and only that: {reply:?}");
    }
    running.stop().await;
}
