//! `tombolo regions`: who regions are, and how far each has come.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Desk;
use crate::cli::{Format, Regions};
use crate::client::{Address, Call, Client, Reply, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

/// The members of a region that a table has room for.
#[derive(Debug, Deserialize)]
pub(super) struct Region<'a> {
    #[serde(rename = "region")]
    name: String,
    members: Vec<String>,
    incarnation: String,
    pid: u32,
    version_vector: BTreeMap<String, u64>,
    #[serde(borrow)]
    exceptions: Vec<&'a RawValue>,
    clock: String,
    started_at: String,
}

/// The columns in which a region is shown.
pub(super) const COLUMNS: [&str; 8] =
    ["REGION", "MEMBERS", "CHANGES", "EXCEPTIONS", "CLOCK", "STARTED AT", "PID", "INCARNATION"];

impl Region<'_> {
    /// Its name, fit to be shown.
    pub(super) fn name(&self) -> String {
        plain(&self.name)
    }

    /// Its row. As many changes as all streams together have here: regions that are level have the
    /// same.
    pub(super) fn row(&self) -> [String; 8] {
        let changes =
            self.version_vector.values().fold(0, |sum: u64, seq| sum.saturating_add(*seq));
        [
            self.name(),
            plain(&self.members.join(",")),
            changes.to_string(),
            self.exceptions.len().to_string(),
            plain(&self.clock),
            plain(&self.started_at),
            self.pid.to_string(),
            plain(&self.incarnation),
        ]
    }
}

/// Asks who is at `address`, either listener.
pub(super) fn ask(client: &Client, address: &Address) -> Result<Reply, Failure> {
    client.ask(Call::new("GET", address, Resource::at("/v1/region")))
}

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Regions) -> Result<(), Failure> {
    let one = std::slice::from_ref(&desk.asking.url);
    let urls = if arguments.urls.is_empty() { one } else { &arguments.urls };
    let mut grid = Grid::new(COLUMNS);
    let mut list = Vec::new();
    let mut first = None;
    for url in urls {
        let asked = ask(&desk.client, url).and_then(|reply| {
            grid.row(reply.read::<Region<'_>>()?.row());
            list.push(reply.read::<Value>()?);
            Ok(())
        });
        match asked {
            Err(failure) if urls.len() > 1 => {
                // With standard error gone there is nobody left to tell.
                writeln!(io::stderr(), "tombolo: {failure}").ok();
                first.get_or_insert(failure.code());
            }
            asked => asked?,
        }
    }
    match desk.printer.format {
        Format::Json => desk.printer.line(&json!({"regions": list}).to_string())?,
        Format::Table => desk.printer.grid(&mut grid)?,
    }
    first.map_or(Ok(()), |code| Err(Failure::Some { code }))
}
