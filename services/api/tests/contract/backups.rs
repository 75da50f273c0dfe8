//! Backups: where they may be written, and what is answered.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Reply, Running, call, refused};

/// `us-east` with a directory for backups.
async fn with_backups(root: &Path) -> Running {
    let directory = root.to_str().unwrap().parse().unwrap();
    let running = Running::start_with(|settings| settings.backup.directory = directory).await;
    running.define("reg", r#"{"type":"register"}"#).await;
    running
}

async fn back_up(running: &Running, body: &Value) -> Reply {
    let json = "Content-Type: application/json\r\n";
    call(running.admin, "POST", "/v1/backups", json, &body.to_string()).await
}

async fn metric(running: &Running, name: &str) -> Option<f64> {
    let page = call(running.admin, "GET", "/metrics", "", "").await;
    let page = String::from_utf8(page.body).unwrap();
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[actix_rt::test]
async fn a_backup_is_of_what_the_region_shows_and_is_told_of() {
    let root = tempfile::tempdir().unwrap();
    let running = with_backups(root.path()).await;
    for key in ["a", "b", "c"] {
        running.put(&format!("/v1/tables/reg/items/{key}"), "1").await;
    }
    running.delete("/v1/tables/reg/items/c").await;
    assert_eq!(metric(&running, "tombolo_backup_last_success_time_seconds").await, None);
    let path = root.path().join("2026/first");
    let reply = back_up(&running, &json!({"path": path})).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let backup = reply.json();
    let digest = call(running.admin, "GET", "/v1/digests", "", "").await.json();
    assert_eq!(backup["path"], json!(path));
    assert_eq!(backup["vector"], digest["version_vector"]);
    assert_eq!((&backup["digest"], &backup["items"]), (&digest["digest"], &json!(2)));
    let bytes = fs::metadata(path.join("state.redb")).unwrap().len();
    assert_eq!(backup["bytes"], json!(bytes));
    assert!(backup["taken_at"].is_string() && backup["duration_ms"].is_u64());
    assert!(path.join("manifest").exists());
    assert!(metric(&running, "tombolo_backup_last_success_time_seconds").await.unwrap() > 1e9);
    assert_eq!(metric(&running, "tombolo_backup_last_failure_time_seconds").await, None);

    // Never over another one.
    let again = back_up(&running, &json!({"path": path})).await;
    assert_eq!(again.refusal(), refused(409, "backup_path_taken"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_backup_is_written_nowhere_else_than_below_its_directory() {
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(other.path(), root.path().join("link")).unwrap();
    let running = with_backups(root.path()).await;
    for path in [
        "relative".into(),
        other.path().join("x"),
        root.path().to_owned(),
        root.path().join("../x"),
        root.path().join("link/x"),
    ] {
        let reply = back_up(&running, &json!({"path": path})).await;
        let outside = refused(422, "backup_path_refused");
        assert_eq!(reply.refusal(), outside, "{}", path.display());
    }
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    let reply = back_up(&running, &json!({})).await;
    assert_eq!(reply.refusal(), refused(400, "bad_backup"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_region_without_a_directory_for_backups_writes_none() {
    let other = tempfile::tempdir().unwrap();
    let running = Running::start().await;
    let path = other.path().join("x");
    let reply = back_up(&running, &json!({"path": path})).await;
    assert_eq!(reply.refusal(), refused(422, "backups_not_configured"));
    assert!(!path.exists());
    assert_eq!(call(running.admin, "GET", "/v1/backups", "", "").await.status, 405);
    running.stop().await;
}
