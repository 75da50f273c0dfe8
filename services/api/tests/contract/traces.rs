//! Traces of writes, as a collector receives them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tombolo_topology::settings::{Member, OtlpEndpoint};

use crate::support::{Running, absent, call};

const JSON: &str = "Content-Type: application/json\r\n";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A collector that takes one connection at a time.
struct Collector(TcpListener);

impl Collector {
    fn listen() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    async fn region(&self, queue_traces_max: usize) -> Running {
        Running::start_with(|settings| {
            settings.telemetry.otlp_endpoint = self.endpoint();
            settings.telemetry.otlp_queue_traces_max = queue_traces_max;
        })
        .await
    }

    fn endpoint(&self) -> OtlpEndpoint {
        format!("http://{}", self.0.local_addr().unwrap()).parse().unwrap()
    }

    /// The next connection, once something was sent on it.
    async fn accept(&self) -> TcpStream {
        let listener = self.0.try_clone().unwrap();
        let accepted = actix_rt::task::spawn_blocking(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.peek(&mut [0]).unwrap();
            stream
        });
        accepted.await.unwrap()
    }
}

/// Reads what is posted on `stream`, and answers that it was taken.
fn take(mut stream: &TcpStream) -> Vec<Span> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: application/x-protobuf\r\n"), "{head}");
    let length = head.split("Content-Length: ").nth(1).unwrap().split('\r').next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut request = ExportTraceServiceRequest::decode(&*body).unwrap();
    let mut resource = request.resource_spans.pop().unwrap();
    let attributes = resource.resource.unwrap().attributes;
    assert!(attributes.iter().any(|attribute| attribute.key == "service.name"));
    resource.scope_spans.pop().unwrap().spans
}

/// All that a region sends, in however many messages.
struct Taking {
    address: SocketAddr,
    taken: JoinHandle<Vec<Span>>,
}

impl Taking {
    fn from(collector: &Collector) -> Self {
        let listener = collector.0.try_clone().unwrap();
        let address = listener.local_addr().unwrap();
        let taken = thread::spawn(move || {
            let mut spans = Vec::new();
            loop {
                let (stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                if stream.peek(&mut [0]).unwrap() == 0 {
                    return spans;
                }
                spans.extend(take(&stream));
            }
        });
        Self { address, taken }
    }

    /// Has `running` stop, after which nothing more is sent.
    async fn until_stopped(self, running: Running) -> Vec<Span> {
        running.stop().await;
        drop(TcpStream::connect(self.address).unwrap());
        actix_rt::task::spawn_blocking(|| self.taken.join().unwrap()).await.unwrap()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[actix_rt::test]
async fn a_write_is_one_span_with_one_below_it_for_each_step() {
    let collector = Collector::listen();
    let taking = Taking::from(&collector);
    let running = collector.region(100).await;
    running.define("reg", r#"{"type":"register"}"#).await;
    let parent = format!("{JSON}traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n");
    let path = "/v1/tables/reg/items/k";
    assert_eq!(running.call("PUT", path, &parent, "1").await.status, 201);
    let unsampled = format!("{JSON}traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\n");
    assert_eq!(running.call("PUT", path, &unsampled, "2").await.status, 200);
    assert_eq!(running.call("PUT", path, JSON, "{").await.status, 400);
    assert_eq!(running.get(path).await.status, 200);
    let spans = taking.until_stopped(running).await;

    let roots: Vec<_> = spans.iter().filter(|span| span.name.contains(' ')).collect();
    let names: Vec<_> = roots.iter().map(|span| span.name.as_str()).collect();
    let item = "PUT /v1/tables/{table}/items/{key}";
    assert_eq!(names, ["PUT /v1/tables/{table}", item, item], "no read, and none unsampled");

    let write = roots[1];
    assert_eq!(hex(&write.trace_id), TRACE);
    assert_eq!(hex(&write.parent_span_id), "b7ad6b7169203331");
    let below = |root: &Span| {
        let steps = spans.iter().filter(|span| span.parent_span_id == root.span_id);
        steps.cloned().collect::<Vec<_>>()
    };
    let steps = below(write);
    let names: Vec<_> = steps.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["parse", "mailbox", "decide", "journal", "reply"]);
    let mut at = write.start_time_unix_nano;
    for step in &steps {
        assert_eq!(step.trace_id, write.trace_id);
        assert_eq!(step.start_time_unix_nano, at, "{}", step.name);
        assert!(step.end_time_unix_nano >= at, "{}", step.name);
        at = step.end_time_unix_nano;
    }
    assert_eq!(at, write.end_time_unix_nano);

    let refused = roots[2];
    assert_eq!((refused.trace_id.len(), refused.parent_span_id.len()), (16, 0));
    assert_ne!(refused.trace_id, write.trace_id);
    assert_eq!(below(refused), []);
}

#[actix_rt::test]
async fn a_region_that_applies_a_traced_write_links_to_its_span() {
    let (here, there) = (Collector::listen(), Collector::listen());
    let (from_here, from_there) = (Taking::from(&here), Taking::from(&there));
    let eu_west = Running::start_as("eu-west", |settings| {
        settings.telemetry.otlp_endpoint = there.endpoint();
        settings.cluster.regions.insert(0, absent("us-east"));
    })
    .await;
    let us_east = Running::start_with(|settings| {
        settings.telemetry.otlp_endpoint = here.endpoint();
        let replication = eu_west.region().replication_address().into();
        settings.cluster.regions.push(Member { replication, ..absent("eu-west") });
    })
    .await;
    us_east.define("reg", r#"{"type":"register"}"#).await;
    let sampled = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n");
    let unsampled = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\n");
    for (trace, status) in [(&*sampled, 201), (&*unsampled, 200), ("", 200)] {
        // Answered when it is shown there.
        let path = "/v1/tables/reg/items/k?w=2";
        let reply = us_east.call("PUT", path, &format!("{JSON}{trace}"), "1").await;
        assert_eq!(reply.status, status, "{reply:?}");
    }
    let applied = from_there.until_stopped(eu_west).await;
    let written = from_here.until_stopped(us_east).await;

    let writes: Vec<_> = written.iter().filter(|span| span.name.contains("items")).collect();
    let [continued, begun] = &*writes else { panic!("{writes:?}") };
    assert_eq!(hex(&continued.trace_id), TRACE);
    assert_eq!(applied.len(), 2, "neither the unsampled one nor the definition: {applied:?}");
    for (apply, write) in applied.iter().zip([continued, begun]) {
        assert_eq!(apply.name, "apply");
        let [link] = &*apply.links else { panic!("{apply:?}") };
        assert_eq!((&link.trace_id, &link.span_id), (&write.trace_id, &write.span_id));
        assert_ne!(apply.trace_id, write.trace_id, "a trace of its own");
        assert_eq!(apply.parent_span_id, [0; 0]);
        assert!(apply.start_time_unix_nano <= apply.end_time_unix_nano);
        assert!(apply.attributes.iter().any(|attribute| attribute.key == "tombolo.change"));
    }
}

#[actix_rt::test]
async fn what_finds_the_queue_full_is_dropped_and_counted() {
    let collector = Collector::listen();
    let running = collector.region(1).await;
    running.define("reg", r#"{"type":"register"}"#).await;
    // The first trace is on its way and not answered: one more waits, the others do not.
    let stream = collector.accept().await;
    for key in 0..3 {
        let path = format!("/v1/tables/reg/items/{key}");
        assert_eq!(running.put(&path, "1").await.status, 201);
    }
    let page = call(running.admin, "GET", "/metrics", "", "").await;
    let dropped = "tombolo_traces_dropped_total{reason=\"queue_full\"} 2\n";
    assert!(page.text().contains(dropped), "{}", page.text());
    drop(stream);
    // Closed without an answer: not known to be taken, and not sent again.
    let stream = collector.accept().await;
    let page = call(running.admin, "GET", "/metrics", "", "").await;
    let dropped = "tombolo_traces_dropped_total{reason=\"not_taken\"} 1\n";
    assert!(page.text().contains(dropped), "{}", page.text());
    assert_eq!(actix_rt::task::spawn_blocking(move || take(&stream).len()).await.unwrap(), 6);
    running.stop().await;
}
