//! `tombolo backup`, `tombolo restore`: a copy of a region, and a directory that goes on from one.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, json};
use tombolo_actors::restore as make_anew;
use tombolo_topology::Settings;

use super::Desk;
use crate::cli::{Backup, Format, Restore};
use crate::client::{Call, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

/// The members of a backup that a table has room for.
#[derive(Debug, Deserialize)]
struct Written {
    path: String,
    items: u64,
    bytes: u64,
    taken_at: String,
    duration_ms: u64,
}

pub(super) fn back_up(desk: &mut Desk<'_>, arguments: &Backup) -> Result<(), Failure> {
    let admin = desk.asking.admin();
    let body = json!({"path": arguments.path}).to_string();
    let call = Call::new("POST", &admin, Resource::at("/v1/backups")).json(body).patiently();
    let reply = desk.client.ask(call)?;
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    let Written { path, items, bytes, taken_at, duration_ms } = reply.read()?;
    let mut grid = Grid::new(["TAKEN AT", "ITEMS", "BYTES", "MS", "PATH"]);
    let numbers = [items, bytes, duration_ms].map(|number| number.to_string());
    let [items, bytes, duration_ms] = numbers;
    grid.row([plain(&taken_at), items, bytes, duration_ms, plain(&path)]);
    Ok(desk.printer.grid(&mut grid)?)
}

pub(super) fn restore(desk: &mut Desk<'_>, arguments: &Restore) -> Result<(), Failure> {
    let Restore { from, to, config, foreign } = arguments;
    let settings = config.as_ref().map(|file| Settings::load(file, std::env::vars_os()));
    let settings = settings.transpose().map_err(Failure::Settings)?;
    let of_settings = || settings.as_ref().map(|settings| settings.region.data_dir.clone());
    let to: PathBuf = to.clone().or_else(of_settings).unwrap_or_default();
    let (manifest, identity) = make_anew(from, &to, settings.as_ref(), *foreign)?;
    let replica = identity.replica;
    let taken_at = tombolo_api::rfc3339(manifest.taken_at_ms);
    if desk.printer.format == Format::Json {
        let seqs = manifest.vector.iter().map(|(replica, seq)| (replica.to_string(), json!(seq)));
        let line = json!({
            "data_dir": to.display().to_string(),
            "cluster": identity.cluster,
            "region": replica.region.as_str(),
            "incarnation": replica.incarnation.to_string(),
            "taken_at": taken_at,
            "items": manifest.items,
            "digest": manifest.digest.to_string(),
            "vector": seqs.collect::<Map<_, _>>(),
        });
        return Ok(desk.printer.line(&line.to_string())?);
    }
    let mut grid = Grid::new(["REGION", "INCARNATION", "AS OF", "ITEMS", "DATA DIRECTORY"]);
    grid.row([
        replica.region.to_string(),
        replica.incarnation.to_string(),
        taken_at,
        manifest.items.to_string(),
        plain(&to.display().to_string()),
    ]);
    Ok(desk.printer.grid(&mut grid)?)
}
