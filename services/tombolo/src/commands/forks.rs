//! `tombolo recover-fork`: the way out for a region whose peers know another history of it.

use serde_json::{Value, json};
use tombolo_actors::{LeftOver, recover_fork};
use tombolo_topology::Settings;

use super::Desk;
use crate::cli::{Format, RecoverFork};
use crate::failure::Failure;
use crate::output::{Grid, plain};

pub(super) fn recover(desk: &mut Desk<'_>, arguments: &RecoverFork) -> Result<(), Failure> {
    let settings = Settings::load(&arguments.config, std::env::vars_os());
    let settings = settings.map_err(Failure::Settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::Runtime)?;
    let recovered = runtime.block_on(recover_fork(&settings, &arguments.without))?;
    let set_aside = recovered.set_aside.display().to_string();
    if desk.printer.format == Format::Json {
        let left_over: Vec<_> = recovered.left_over.iter().map(as_json).collect();
        let line = json!({
            "replica": recovered.from.to_string(),
            "common_sequence": recovered.common,
            "heir": recovered.heir.to_string(),
            "reauthored_changes": recovered.reauthored,
            "carried_changes": recovered.carried,
            "left_over": left_over,
            "set_aside": set_aside,
        });
        return Ok(desk.printer.line(&line.to_string())?);
    }
    let mut grid = Grid::new(["WAS", "IN COMMON UP TO", "IS NOW", "CHANGES", "OLD DIRECTORY"]);
    grid.row([
        recovered.from.to_string(),
        recovered.common.to_string(),
        recovered.heir.to_string(),
        recovered.reauthored.to_string(),
        plain(&set_aside),
    ]);
    desk.printer.grid(&mut grid)?;
    for left_over in &recovered.left_over {
        desk.printer.line(&format!("not written anew: {}", plain(&in_words(left_over))))?;
    }
    Ok(())
}

fn in_words(left_over: &LeftOver) -> String {
    match left_over {
        LeftOver::Table { dot } => format!("what {dot} did to a table"),
        LeftOver::Members { dot } => format!("what {dot} did to the members"),
        LeftOver::OfTable { dot, item } => {
            format!("what {dot} wrote to {:?} of a table that only it has", item.key.as_str())
        }
        LeftOver::Total { dot, item, total } => format!(
            "what {dot} counted in {:?}, in all up to {} and down to {}: the log no longer tells \
             from where",
            item.key.as_str(),
            total.up,
            total.down
        ),
    }
}

fn as_json(left_over: &LeftOver) -> Value {
    match left_over {
        LeftOver::Table { dot } => json!({"kind": "table", "change": dot.to_string()}),
        LeftOver::Members { dot } => json!({"kind": "members", "change": dot.to_string()}),
        LeftOver::OfTable { dot, item } => json!({
            "kind": "item_of_table",
            "change": dot.to_string(),
            "table": item.table.to_string(),
            "key": item.key.as_str(),
        }),
        LeftOver::Total { dot, item, total } => json!({
            "kind": "counter_total",
            "change": dot.to_string(),
            "table": item.table.to_string(),
            "key": item.key.as_str(),
            "up": total.up.to_string(),
            "down": total.down.to_string(),
        }),
    }
}
