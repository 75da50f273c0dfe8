//! `tombolo links`: the links of a region to the others, listed, paused, resumed and compared.

use serde::Deserialize;

use super::Desk;
use crate::cli::{Format, LinkAction, Links};
use crate::client::{Address, Call, Client, Reply, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

#[derive(Debug, Deserialize)]
struct List {
    links: Vec<Link>,
}

/// The members of a link that a table has room for.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    peer: String,
    state: String,
    reason: Option<String>,
    breaker: String,
    inbound_lag_ms: Option<u64>,
    outbound_pending_changes: u64,
    rtt_ms: Option<f64>,
}

/// The columns in which a link is shown.
pub(super) const COLUMNS: [&str; 7] =
    ["PEER", "STATE", "LAG MS", "RTT MS", "PENDING", "BREAKER", "REASON"];

impl Link {
    /// Its row.
    pub(super) fn row(self) -> [String; 7] {
        [
            plain(&self.peer),
            plain(&self.state),
            self.inbound_lag_ms.map_or_else(|| "-".to_owned(), |lag| lag.to_string()),
            self.rtt_ms.map_or_else(|| "-".to_owned(), |rtt| format!("{rtt:.1}")),
            self.outbound_pending_changes.to_string(),
            plain(&self.breaker),
            plain(&self.reason.unwrap_or_default()),
        ]
    }
}

/// Asks for the links at `admin`.
pub(super) fn ask(client: &Client, admin: &Address) -> Result<Reply, Failure> {
    client.ask(Call::new("GET", admin, Resource::at("/v1/links")))
}

/// The links in that answer.
pub(super) fn read(reply: &Reply) -> Result<Vec<Link>, Failure> {
    Ok(reply.read::<List>()?.links)
}

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Links) -> Result<(), Failure> {
    let admin = desk.asking.admin();
    let steer = |peer: &str, action| {
        let resource = Resource::at("/v1/links").below(peer).below(action);
        desk.client.ask(Call::new("POST", &admin, resource).json(""))
    };
    let (reply, is_list) = match arguments.action.as_ref().unwrap_or(&LinkAction::List) {
        LinkAction::List => (ask(&desk.client, &admin)?, true),
        LinkAction::Pause { peer } => (steer(peer, "pause")?, false),
        LinkAction::Resume { peer } => (steer(peer, "resume")?, false),
        LinkAction::Resync { peer } => (steer(peer, "resync")?, false),
    };
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    let links = if is_list { read(&reply)? } else { vec![reply.read()?] };
    let mut grid = Grid::new(COLUMNS);
    for link in links {
        grid.row(link.row());
    }
    Ok(desk.printer.grid(&mut grid)?)
}
