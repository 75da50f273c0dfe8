//! `tombolo conflicts`: the writes that lost against a concurrent one, listed and settled.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Desk;
use super::pages::Pages;
use crate::cli::{ConflictAction, Conflicts, Format};
use crate::client::{Call, Resource};
use crate::failure::Failure;
use crate::output::{Grid, brief, plain};

/// How many are asked for at once.
const PAGE_ITEMS: u64 = 100;

/// The members of a conflict that a table has room for.
#[derive(Deserialize)]
struct Conflict<'a> {
    id: String,
    table: String,
    key: String,
    #[serde(borrow)]
    kept: Side<'a>,
    #[serde(borrow)]
    lost: Side<'a>,
    state: String,
}

#[derive(Deserialize)]
struct Side<'a> {
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    region: Option<String>,
}

impl Side<'_> {
    /// What was written and where. A deletion has no value.
    fn cell(&self) -> String {
        let value = self.value.map_or_else(|| "-".to_owned(), |value| brief(value.get()));
        match &self.region {
            Some(region) => format!("{value} ({})", plain(region)),
            None => value,
        }
    }
}

fn grid() -> Grid<6> {
    Grid::new(["TABLE", "KEY", "KEPT", "LOST", "STATE", "ID"])
}

fn row(conflict: &RawValue) -> Result<[String; 6], Failure> {
    let read = serde_json::from_str::<Conflict<'_>>(conflict.get());
    let read = read.map_err(|error| Failure::Answer {
        url: "a conflict".to_owned(),
        detail: error.to_string(),
    })?;
    let Conflict { id, table, key, kept, lost, state } = read;
    Ok([plain(&table), plain(&key), kept.cell(), lost.cell(), plain(&state), plain(&id)])
}

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Conflicts) -> Result<(), Failure> {
    let (id, verb) = match &arguments.action {
        None => return list(desk, arguments),
        Some(ConflictAction::Restore { id }) => (id, "restore"),
        Some(ConflictAction::Undo { id }) => (id, "undo"),
        Some(ConflictAction::Dismiss { id }) => (id, "dismiss"),
    };
    let resource = Resource::at("/v1/conflicts").below(id).below(verb);
    let reply = desk.client.ask(Call::new("POST", &desk.asking.url, resource).json(""))?;
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    let mut grid = grid();
    grid.row(row(reply.read::<&RawValue>()?)?);
    Ok(desk.printer.grid(&mut grid)?)
}

/// With `-o json` a line each, as they come.
fn list(desk: &mut Desk<'_>, arguments: &Conflicts) -> Result<(), Failure> {
    let mut all = Resource::at("/v1/conflicts");
    let Conflicts { table, key, state, .. } = arguments;
    for (name, only) in [("table", table), ("key", key), ("state", state)] {
        all = only.iter().fold(all, |all, only| all.with(name, only));
    }
    let mut grid = grid();
    let mut pages = Pages::new(all, PAGE_ITEMS, arguments.limit);
    while let Some(page) = pages.next_page(&desk.client, &desk.asking.url)? {
        for conflict in page {
            match desk.printer.format {
                Format::Json => desk.printer.line(conflict.get())?,
                Format::Table => grid.row(row(&conflict)?),
            }
        }
        if desk.printer.format == Format::Table {
            desk.printer.grid(&mut grid)?;
        }
        desk.printer.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_shows_both_sides_and_where_they_were_written() {
        let conflict = r#"{"id":"c1","table":"users","key":"alice","path":null,
            "kept":{"value":"new","region":"eu-west","written_at":""},
            "lost":{"value":null,"region":"us-east","written_at":""},
            "resolver":"last_write_wins","reason":"later","state":"open"}"#;
        let conflict: &RawValue = serde_json::from_str(conflict).unwrap();
        let row = row(conflict).unwrap();
        assert_eq!(row, ["users", "alice", "\"new\" (eu-west)", "- (us-east)", "open", "c1"]);
    }
}
