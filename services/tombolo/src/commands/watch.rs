//! `tombolo watch`: regions and their links, looked at again and again.
//!
//! Polls `/v1/region` and `/v1/links` of every region's admin listener; it follows no feed of
//! changes. A region that does not answer is shown as such and asked again the next time.

use std::thread;

use serde_json::{Value, json};

use super::{Desk, links, regions};
use crate::cli::{Format, Watch};
use crate::client::{Address, Client, Reply};
use crate::failure::Failure;
use crate::output::Grid;
use crate::signals::Signals;

/// What one region answered.
type Seen = Result<(Reply, Reply), Failure>;

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Watch) -> Result<(), Failure> {
    let admin = [desk.asking.admin()];
    let urls = if arguments.urls.is_empty() { &admin[..] } else { &arguments.urls };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::catch()?;
        let mut times = tokio::time::interval(arguments.interval_ms);
        times.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut left = arguments.count.unwrap_or(u64::MAX);
        while left > 0 {
            tokio::select! {
                biased;
                () = signals.next() => break,
                _ = times.tick() => {}
            }
            show(desk, urls, &look(&desk.client, urls))?;
            left -= 1;
        }
        Ok(())
    })
}

/// Asks all at the same time: one that is far or away holds up no other.
fn look(client: &Client, urls: &[Address]) -> Vec<Seen> {
    let ask = |url| Ok((regions::ask(client, url)?, links::ask(client, url)?));
    thread::scope(|scope| {
        let asked: Vec<_> = urls.iter().map(|url| scope.spawn(move || ask(url))).collect();
        let seen = asked.into_iter().map(thread::ScopedJoinHandle::join);
        seen.map(|seen| seen.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn show(desk: &mut Desk<'_>, urls: &[Address], seen: &[Seen]) -> Result<(), Failure> {
    if desk.printer.format == Format::Json {
        let mut list = Vec::new();
        for (url, seen) in urls.iter().zip(seen) {
            list.push(match seen {
                Ok((region, links)) => json!({
                    "url": url.to_string(),
                    "region": region.read::<Value>()?,
                    "links": links.read::<Value>()?["links"],
                }),
                Err(failure) => json!({"url": url.to_string(), "error": failure.to_string()}),
            });
        }
        desk.printer.line(&json!({"regions": list}).to_string())?;
        return Ok(desk.printer.flush()?);
    }
    let mut of_regions = Grid::new(regions::COLUMNS);
    let mut of_links = Grid::new(LINK_COLUMNS);
    let mut away = Vec::new();
    for seen in seen {
        let (region, links) = match seen {
            Ok(seen) => seen,
            Err(failure) => {
                away.push(failure.to_string());
                continue;
            }
        };
        let region: regions::Region<'_> = region.read()?;
        of_regions.row(region.row());
        for link in links::read(links)? {
            let [peer, state, lag, rtt, pending, breaker, reason] = link.row();
            of_links.row([region.name(), peer, state, lag, rtt, pending, breaker, reason]);
        }
    }
    if desk.printer.is_terminal() {
        desk.printer.clear()?;
    }
    desk.printer.grid(&mut of_regions)?;
    desk.printer.line("")?;
    desk.printer.grid(&mut of_links)?;
    desk.printer.line("")?;
    for failure in away {
        desk.printer.line(&failure)?;
    }
    Ok(desk.printer.flush()?)
}

/// A link's columns behind the region that sees it so.
const LINK_COLUMNS: [&str; 8] = {
    let [peer, state, lag, rtt, pending, breaker, reason] = links::COLUMNS;
    ["REGION", peer, state, lag, rtt, pending, breaker, reason]
};
