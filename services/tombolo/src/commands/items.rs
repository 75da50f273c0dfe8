//! `tombolo get`, `put`, `patch`, `delete`: one item.

use serde::Deserialize;
use serde_json::json;

use super::shown::{self, Extent, ShownItem};
use super::{Desk, load, value};
use crate::cli::{Delete, Format, Get, Patch, Put};
use crate::client::{Call, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

/// What answers a write.
#[derive(Debug, Deserialize)]
struct Written {
    key: String,
    version: String,
}

pub(super) fn get(desk: &mut Desk<'_>, arguments: &Get) -> Result<(), Failure> {
    let resource = Resource::item(&arguments.table, &arguments.key);
    let resource = resource.with_all(&arguments.reading.parameters());
    let reply = desk.client.ask(Call::new("GET", &desk.asking.url, resource))?;
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    let mut grid = shown::items();
    grid.row(reply.read::<ShownItem<'_>>()?.row(Extent::Whole));
    Ok(desk.printer.grid(&mut grid)?)
}

pub(super) fn put(desk: &mut Desk<'_>, arguments: &Put) -> Result<(), Failure> {
    if let Some(file) = &arguments.from {
        return load::run(desk, arguments, file);
    }
    // The parser asks for both where there is no file.
    let (Some(key), Some(value)) = (&arguments.key, &arguments.value) else {
        let detail = "a key and a value, or --from FILE".to_owned();
        return Err(Failure::Usage { detail });
    };
    let value = value::read(value, arguments.string)?;
    let call = load::put(&desk.asking.url, arguments, key, value);
    let reply = desk.client.ask(call)?;
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    let Written { key, version } = reply.read()?;
    let done = if reply.status == 201 { "created" } else { "replaced" };
    Ok(desk.printer.line(&format!("{} {done}, version {}", plain(&key), plain(&version)))?)
}

pub(super) fn patch(desk: &mut Desk<'_>, arguments: &Patch) -> Result<(), Failure> {
    let Patch { table, key, operations, merge, writing } = arguments;
    let resource = Resource::item(table, key).with_all(&writing.parameters());
    let media = if *merge { "application/merge-patch+json" } else { "application/json" };
    let call = Call::new("PATCH", &desk.asking.url, resource)
        .headers(writing.headers())
        .body(media, value::read(operations, false)?);
    let reply = desk.client.ask(call)?;
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    // The answer does not say when and where: that is now and here.
    let [key, _, _, value] = reply.read::<ShownItem<'_>>()?.row(Extent::Whole);
    let mut grid = Grid::new(["KEY", "VALUE"]);
    grid.row([key, value]);
    Ok(desk.printer.grid(&mut grid)?)
}

pub(super) fn delete(desk: &mut Desk<'_>, arguments: &Delete) -> Result<(), Failure> {
    let Delete { table, key, writing } = arguments;
    let resource = Resource::item(table, key).with_all(&writing.parameters());
    let call = Call::new("DELETE", &desk.asking.url, resource).headers(writing.headers());
    desk.client.ask(call)?;
    let line = match desk.printer.format {
        Format::Json => json!({"key": key, "deleted": true}).to_string(),
        Format::Table => format!("{} deleted", plain(key)),
    };
    Ok(desk.printer.line(&line)?)
}
