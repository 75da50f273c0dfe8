//! `tombolo put TABLE --from FILE`: many items, several at a time.
//!
//! The items of one key are written one after the other, as they stand in the file; others overtake
//! each other. What is refused is told with its place and the rest goes on; where nobody is reached
//! any more, or an answer is missing, nothing further is begun. With a session all is written in the
//! order of the file, since each answer's token is what the next write goes on with.

mod source;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use indicatif::ProgressBar;
use serde_json::json;

use self::source::{Item, Source};
use super::Desk;
use crate::cli::{Format, Put};
use crate::client::{Address, Call, Client, Resource};
use crate::failure::{Failure, Place};

/// How many are written at a time.
pub(super) const JOBS: usize = 8;
/// How many wait for each that is under way.
const QUEUE: usize = 4;
/// How many failures are told in full.
const TOLD_MAX: u64 = 10;

/// The request that writes one item.
pub(super) fn put<'a>(
    url: &'a Address,
    arguments: &Put,
    key: &str,
    value: impl Into<Vec<u8>>,
) -> Call<'a> {
    let resource = Resource::item(&arguments.table, key);
    let resource = resource.with_all(&arguments.writing.parameters());
    Call::new("PUT", url, resource).headers(arguments.writing.headers()).json(value)
}

/// What has become of all so far.
#[derive(Debug)]
struct Ledger {
    bar: ProgressBar,
    seen: AtomicU64,
    created: AtomicU64,
    replaced: AtomicU64,
    failed: AtomicU64,
    /// The largest exit code of what was not written; 0 where all was.
    code: AtomicU8,
    is_over: AtomicBool,
}

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Put, file: &Path) -> Result<(), Failure> {
    let mut source = Source::open(file)?;
    let ledger = Ledger {
        bar: source.bar(),
        seen: AtomicU64::new(0),
        created: AtomicU64::new(0),
        replaced: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        code: AtomicU8::new(0),
        is_over: AtomicBool::new(false),
    };
    let jobs = if desk.asking.session.is_some() { 1 } else { JOBS };
    let (client, url) = (&desk.client, &desk.asking.url);
    let read = thread::scope(|scope| {
        let mut lanes = Vec::new();
        for _ in 0..jobs {
            let (lane, items) = sync_channel(QUEUE);
            lanes.push(lane);
            let ledger = &ledger;
            scope.spawn(move || write_all(client, url, arguments, &items, ledger));
        }
        hand_out(&mut source, &lanes, &ledger)
    });
    ledger.bar.finish_and_clear();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (seen, failed) = (count(&ledger.seen), count(&ledger.failed));
    let (created, replaced) = (count(&ledger.created), count(&ledger.replaced));
    let written = created + replaced;
    desk.printer.line(&match desk.printer.format {
        Format::Table => format!(
            "{written} written ({created} created, {replaced} replaced), {failed} not written"
        ),
        Format::Json => json!({
            "written": written, "created": created, "replaced": replaced, "not_written": failed
        })
        .to_string(),
    })?;
    read?;
    match ledger.code.load(Ordering::Relaxed) {
        0 => Ok(()),
        code => Err(Failure::Partly { failed, seen, code }),
    }
}

/// Gives every item to the lane of its key, for as long as there is any sense in it.
fn hand_out(
    source: &mut Source,
    lanes: &[SyncSender<Item>],
    ledger: &Ledger,
) -> Result<(), Failure> {
    while !ledger.is_over.load(Ordering::Relaxed) {
        let Some(item) = source.next_item()? else { break };
        ledger.seen.fetch_add(1, Ordering::Relaxed);
        match item {
            Ok(item) => {
                let mut hasher = DefaultHasher::new();
                item.key.hash(&mut hasher);
                let [.., low, last] = hasher.finish().to_be_bytes();
                let lane = usize::from(u16::from_be_bytes([low, last])) % lanes.len();
                if lanes[lane].send(item).is_err() {
                    break;
                }
            }
            Err(failure) => ledger.failed(None, &failure),
        }
    }
    Ok(())
}

fn write_all(
    client: &Client,
    url: &Address,
    arguments: &Put,
    items: &Receiver<Item>,
    ledger: &Ledger,
) {
    for Item { place, key, value } in items {
        if ledger.is_over.load(Ordering::Relaxed) {
            ledger.failed.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        match client.ask(put(url, arguments, &key, value.get().as_bytes())) {
            Ok(reply) => {
                let is_new = reply.status == 201;
                let counter = if is_new { &ledger.created } else { &ledger.replaced };
                counter.fetch_add(1, Ordering::Relaxed);
                ledger.bar.set_message(format!("{place}"));
            }
            Err(failure) => ledger.failed(Some(place), &failure),
        }
    }
}

impl Ledger {
    /// Takes in that an entry was not written. Failures of the file itself name their place.
    fn failed(&self, place: Option<Place>, failure: &Failure) {
        let told = self.failed.fetch_add(1, Ordering::Relaxed);
        self.code.fetch_max(failure.code(), Ordering::Relaxed);
        if !matches!(failure, Failure::Refused(_) | Failure::NoItem { .. }) {
            self.is_over.store(true, Ordering::Relaxed);
        }
        if told < TOLD_MAX {
            let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
            self.bar.suspend(|| {
                // With standard error gone there is nobody left to tell.
                writeln!(io::stderr(), "tombolo: {place}{failure}").ok();
            });
        }
    }
}
