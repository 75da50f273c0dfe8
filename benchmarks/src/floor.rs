//! The floor of the `write` benchmark: what is left of a store when everything is taken away but
//! the framework, the JSON and the disk.
//!
//! A PUT is parsed, goes to the journal thread and is answered when it is durable; a GET is
//! answered with a constant. Nothing is looked up, stamped, indexed, kept or ever read again. It
//! runs as a process of its own, as the store does, so that neither pays for the other's threads.

mod journal;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;

use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use clap::Args;
use serde_json::value::RawValue;

use crate::cluster::{Process, free_address};
use crate::{load, tether};
use journal::Journal;

/// How the floor's process is set up.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where it listens.
    #[arg(long)]
    address: SocketAddr,
    /// Its journal, which must not exist.
    #[arg(long)]
    journal: PathBuf,
    #[command(flatten)]
    answers: Answers,
}

/// The lengths of the floor's answers: those of the store's.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Answers {
    /// The body of the answer to a PUT.
    #[arg(long)]
    pub(crate) put_bytes: usize,
    /// The body of the answer to a GET.
    #[arg(long)]
    pub(crate) get_bytes: usize,
}

/// The floor as it runs.
#[derive(Debug)]
pub(crate) struct Floor {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) process: Process,
}

impl Floor {
    /// Starts it with its files in `folder`, and waits until it answers.
    pub(crate) async fn start(folder: &Path, answers: Answers) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command: Command = tether::command(&std::env::current_exe()?)?;
        command.args(["floor", "--address", &address.to_string()]);
        command.args(["--put-bytes", &answers.put_bytes.to_string()]);
        command.args(["--get-bytes", &answers.get_bytes.to_string()]);
        command.arg("--journal").arg(folder.join("floor.journal"));
        let mut process = Process::start("the floor", &mut command, folder.join("floor.log"))?;
        process.wait_ready(address, load::TABLE_PATH).await?;
        Ok(Self { address, process })
    }
}

/// Is the floor, until it is killed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async { Ok(server(options)?.await?) })
}

fn server(options: &Options) -> anyhow::Result<Server> {
    let journal = Journal::start(&options.journal)?;
    let answers = options.answers;
    let constant = Bytes::from(padded("{\"value\":\"", answers.get_bytes));
    let server = HttpServer::new(move || {
        let (journal, constant) = (journal.clone(), constant.clone());
        // The leanest way to be asked: no router, no middleware, no shared state to look up.
        App::new().default_service(web::to(move |request: HttpRequest, body: Bytes| {
            let (journal, constant) = (journal.clone(), constant.clone());
            async move {
                if request.method() == Method::GET {
                    return HttpResponse::Ok().content_type(ContentType::json()).body(constant);
                }
                put(&request, body, &journal, answers.put_bytes).await
            }
        }))
    });
    let workers = available_parallelism().map_or(1, NonZero::get);
    Ok(server.workers(workers).tcp_nodelay(true).bind(options.address)?.run())
}

async fn put(
    request: &HttpRequest,
    body: Bytes,
    journal: &Journal,
    answer_bytes: usize,
) -> HttpResponse {
    if serde_json::from_slice::<&RawValue>(&body).is_err() {
        return HttpResponse::BadRequest().finish();
    }
    let key = request.path().strip_prefix(load::ITEMS_PATH).unwrap_or_default();
    if !journal.append(body).await {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let answer = padded(&format!("{{\"key\":\"{key}\",\"version\":\""), answer_bytes);
    HttpResponse::Created().content_type(ContentType::json()).body(answer)
}

/// A JSON object of `bytes`, of which `start` is the start, up to its last string's content.
fn padded(start: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes.max(start.len() + 2));
    text.push_str(start);
    text.extend(std::iter::repeat_n('A', bytes.saturating_sub(start.len() + 2)));
    text.push_str("\"}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use crate::load::{Extent, Load, Work};

    #[test]
    fn a_load_on_the_floor_is_answered_to_the_last_request() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            address: free_address().unwrap(),
            journal: folder.path().join("journal"),
            answers: Answers { put_bytes: 80, get_bytes: 200 },
        };
        let load = |turn, work| {
            let extent = Extent::Requests(1_001);
            Load { server: options.address, connections: 8, turn, work, extent }
        };
        actix_web::rt::System::new().block_on(async {
            let server = server(&options).unwrap();
            let handle = server.handle();
            let running = actix_web::rt::spawn(server);

            let puts = load(1, Work::Put).run().await.unwrap();
            assert_eq!((puts.answered, puts.latency_ns.len()), (1_001, 1_001));
            assert_eq!(puts.written.len(), 8 * 8);
            let gets = load(2, Work::Get).run().await.unwrap();
            assert_eq!((gets.answered, gets.written.len()), (1_001, 0));

            let path = format!("{}k000001", load::ITEMS_PATH);
            let refused = http::call(options.address, "PUT", &path, Some("{")).await.unwrap_err();
            let shown = format!("{refused:#}");
            assert!(shown.contains("a request was refused:\nHTTP/1.1 400 Bad Request"), "{shown}");

            handle.stop(false).await;
            running.await.unwrap().unwrap();
        });
    }

    #[test]
    fn an_answer_is_json_of_the_length_that_was_asked() {
        let text = padded("{\"key\":\"k000001\",\"version\":\"", 64);
        assert_eq!(text.len(), 64);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["version"], "A".repeat(34));
        assert_eq!(padded("{\"a\":\"", 0), "{\"a\":\"\"}");
    }
}
