//! `tombolo members`: who takes part, listed, added and removed.

use serde::Deserialize;
use serde_json::json;

use super::Desk;
use crate::cli::{Format, MemberAction, Members};
use crate::client::{Call, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

#[derive(Debug, Deserialize)]
struct List {
    orderer: String,
    members: Vec<Member>,
    removed: Vec<Removed>,
}

/// The members of a member that a table has room for.
#[derive(Debug, Deserialize)]
struct Member {
    region: String,
    replication: String,
    unconfirmed_by: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Removed {
    region: String,
    unconfirmed_by: Vec<String>,
    behind: Vec<String>,
}

const COLUMNS: [&str; 4] = ["REGION", "STATE", "REPLICATION", "NOT YET CONFIRMED BY"];

impl Member {
    fn row(&self, orderer: &str) -> [String; 4] {
        let state = match (self.unconfirmed_by.as_slice(), self.region == orderer) {
            ([], true) => "orders",
            ([], false) => "member",
            _ => "being added",
        };
        let unconfirmed = plain(&self.unconfirmed_by.join(","));
        [plain(&self.region), state.to_owned(), plain(&self.replication), unconfirmed]
    }
}

impl Removed {
    fn row(&self) -> [String; 4] {
        let state = match (self.unconfirmed_by.as_slice(), self.behind.as_slice()) {
            ([], []) => "removed",
            ([], _) => "removed, the others level",
            _ => "being removed",
        };
        let unconfirmed = plain(&self.unconfirmed_by.join(","));
        [plain(&self.region), state.to_owned(), "-".to_owned(), unconfirmed]
    }
}

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Members) -> Result<(), Failure> {
    let admin = desk.asking.admin();
    let all = Resource::at("/v1/members");
    match arguments.action.as_ref().unwrap_or(&MemberAction::List) {
        MemberAction::List => {
            let reply = desk.client.ask(Call::new("GET", &admin, all))?;
            if desk.printer.format == Format::Json {
                return Ok(desk.printer.line(&reply.body)?);
            }
            let List { orderer, members, removed } = reply.read()?;
            let mut grid = Grid::new(COLUMNS);
            let members = members.iter().map(|member| member.row(&orderer));
            for row in members.chain(removed.iter().map(Removed::row)) {
                grid.row(row);
            }
            Ok(desk.printer.grid(&mut grid)?)
        }
        MemberAction::Add { region, replication } => {
            let body = json!({"region": region, "replication": replication}).to_string();
            let reply = desk.client.ask(Call::new("POST", &admin, all).json(body))?;
            match desk.printer.format {
                Format::Json => Ok(desk.printer.line(&reply.body)?),
                Format::Table => {
                    Ok(desk.printer.line(&format!("{} is a member", plain(region)))?)
                }
            }
        }
        MemberAction::Remove { region } => {
            desk.client.ask(Call::new("DELETE", &admin, all.below(region)))?;
            match desk.printer.format {
                Format::Json => {
                    let removed = json!({"region": region, "removed": true}).to_string();
                    Ok(desk.printer.line(&removed)?)
                }
                Format::Table => Ok(desk.printer.line(&format!("{} is removed", plain(region)))?),
            }
        }
    }
}
