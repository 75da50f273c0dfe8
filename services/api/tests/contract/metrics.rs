//! The page for collectors of metrics: whole, well-formed, and moved by what happens.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::{Running, absent, call, refused};

/// Samples by their name and labels, as written.
type Samples = BTreeMap<String, f64>;

/// Reads a page strictly: each metric once, with HELP and TYPE before its samples, and no sample
/// twice.
fn parse(page: &str) -> (BTreeMap<String, String>, Samples) {
    let (mut kinds, mut samples) = (BTreeMap::new(), Samples::new());
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").unwrap();
        let (name, meaning) = help.split_once(' ').unwrap();
        assert!(meaning.ends_with('.') && meaning.len() > 10, "{line}");
        let (typed, kind) =
            lines.next().unwrap().strip_prefix("# TYPE ").unwrap().split_once(' ').unwrap();
        assert_eq!(typed, name);
        assert_eq!(kinds.insert(name.to_owned(), kind.to_owned()), None, "{name} twice");
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let family = series.split('{').next().unwrap();
            let suffix = family.strip_prefix(name).unwrap();
            let suffixes: &[_] =
                if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line} under {name}");
            let value: f64 = value.parse().unwrap();
            assert!(value >= 0.0, "{line}");
            assert_eq!(samples.insert(series.to_owned(), value), None, "{series} twice");
        }
    }
    (kinds, samples)
}

async fn page(running: &Running) -> (BTreeMap<String, String>, Samples) {
    let reply = call(running.admin, "GET", "/metrics", "", "").await;
    assert_eq!(reply.status, 200);
    let content_type = reply.header("content-type").unwrap();
    assert!(content_type.starts_with("text/plain; version=0.0.4"), "{content_type}");
    parse(reply.text())
}

#[actix_rt::test]
async fn a_write_moves_what_it_should_and_nothing_else() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    running.define_pending("reg", r#"{"type":"register"}"#).await;
    let (kinds, before) = page(&running).await;
    assert!(kinds.len() >= 20, "{kinds:?}");
    assert_eq!(running.put("/v1/tables/reg/items/k", "1").await.status, 201);
    assert_eq!(running.get("/v1/nowhere").await.refusal(), refused(404, "no_such_route"));
    let (_, after) = page(&running).await;

    let item = r#"route="/v1/tables/{table}/items/{key}",method="PUT""#;
    let requests = "tombolo_http_requests_total";
    let moved = [
        (format!("{requests}{{{item},status=\"2xx\"}}"), 1.0),
        (format!("{requests}{{route=\"none\",method=\"GET\",status=\"4xx\"}}"), 1.0),
        (format!("tombolo_http_request_duration_seconds_count{{{item}}}"), 1.0),
        ("tombolo_group_changes_count".to_owned(), 1.0),
        ("tombolo_group_changes_sum".to_owned(), 1.0),
        ("tombolo_journal_sync_duration_seconds_count".to_owned(), 1.0),
        ("tombolo_changes_applied_total{origin=\"local\"}".to_owned(), 1.0),
        ("tombolo_changes_applied_total{origin=\"remote\"}".to_owned(), 0.0),
        ("tombolo_link_pending_changes{peer=\"eu-west\"}".to_owned(), 1.0),
        ("tombolo_conflicts_opened_total".to_owned(), 0.0),
        ("tombolo_requests_refused_total{full=\"mailbox\"}".to_owned(), 0.0),
        ("tombolo_held_back_bytes".to_owned(), 0.0),
    ];
    let steps = ["parse", "mailbox", "decide", "journal", "reply"];
    let steps = steps
        .map(|step| (format!("tombolo_write_step_duration_seconds_count{{step=\"{step}\"}}"), 1.0));
    for (series, by) in moved.iter().chain(&steps) {
        let was = before.get(series).copied().unwrap_or_default();
        assert!((after[series] - was - by).abs() < 1e-9, "{series}: {was} to {}", after[series]);
    }
    for grows in ["tombolo_journal_written_bytes_total", "tombolo_overlay_bytes"] {
        assert!(after[grows] > before[grows], "{grows}");
    }
    assert!(after["tombolo_journal_kept_bytes"] > 0.0);
    for (series, value) in [
        ("tombolo_ready", 1.0),
        ("tombolo_overlay_layers", 1.0),
        ("tombolo_link_state{peer=\"eu-west\",state=\"down\"}", 1.0),
        ("tombolo_link_state{peer=\"eu-west\",state=\"up\"}", 0.0),
    ] {
        assert!((after[series] - value).abs() < 1e-9, "{series}");
    }
    assert!(!after.keys().any(|series| series.contains("reg\"") || series.contains("/k\"")));
    running.stop().await;
}

/// How far `series` moved.
fn moved(before: &Samples, after: &Samples, series: &str) -> f64 {
    after[series] - before.get(series).copied().unwrap_or_default()
}

#[actix_rt::test]
async fn what_was_asked_for_and_not_kept_is_counted_and_a_repetition_is_no_write() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
        settings.replication.definition_timeout = Duration::from_millis(100);
    })
    .await;
    running.define_pending("reg", r#"{"type":"register"}"#).await;
    let path = "/v1/tables/reg/items/k";
    let put = async |path: &str, header: &str| {
        let headers = format!("Content-Type: application/json\r\n{header}\r\n");
        running.call("PUT", path, &headers, "1").await.status
    };
    assert_eq!(put(path, "Idempotency-Key: once").await, 201);
    let (_, before) = page(&running).await;
    assert_eq!(put(path, "Idempotency-Key: once").await, 201);
    let (_, repeated) = page(&running).await;
    for step in ["parse", "mailbox", "decide", "journal", "reply"] {
        let series = format!("tombolo_write_step_duration_seconds_count{{step=\"{step}\"}}");
        assert!(moved(&before, &repeated, &series).abs() < 1e-9, "{series}");
    }
    let changes = "tombolo_changes_applied_total{origin=\"local\"}";
    assert!(moved(&before, &repeated, changes).abs() < 1e-9);

    assert_eq!(put(path, "If-None-Match: *").await, 412);
    assert_eq!(put(&format!("{path}?w=2&timeout_ms=1"), "Accept: */*").await, 504);
    let ahead = format!("Tombolo-Session: {}\r\n", crate::sessions::ahead());
    let late = running.call("GET", &format!("{path}?wait_ms=1"), &ahead, "").await;
    assert_eq!(late.refusal(), refused(503, "stale_replica"));
    let (_, after) = page(&running).await;
    for series in [
        "tombolo_requests_repeated_total",
        "tombolo_conditions_unmet_total",
        "tombolo_write_concerns_unmet_total",
        "tombolo_session_wait_duration_seconds_count",
    ] {
        assert!((moved(&before, &after, series) - 1.0).abs() < 1e-9, "{series}");
    }
    assert!((moved(&before, &after, changes) - 1.0).abs() < 1e-9, "what is unmet stays");
    running.stop().await;
}

#[actix_rt::test]
async fn metrics_are_for_operators() {
    let running = Running::start().await;
    assert_eq!(running.get("/metrics").await.refusal(), refused(404, "no_such_route"));
    let post = call(running.admin, "POST", "/metrics", "", "").await;
    assert_eq!(post.refusal(), refused(405, "method_not_allowed"));
    running.stop().await;
}
