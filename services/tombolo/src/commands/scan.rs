//! `tombolo scan`: the items of a table, all pages of them, as they come.
//!
//! With `-o json` a line each, as `tombolo put --from` takes them.

use serde_json::value::RawValue;

use super::Desk;
use super::pages::Pages;
use super::shown::{self, Extent, ShownItem};
use crate::cli::{Format, Scan};
use crate::client::Resource;
use crate::failure::Failure;
use crate::output::progress;

/// How many items are asked for at once.
const PAGE_ITEMS: u64 = 1_000;

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Scan) -> Result<(), Failure> {
    let bounds = [("prefix", &arguments.prefix), ("from", &arguments.from), ("to", &arguments.to)];
    let mut resource = Resource::at("/v1/tables").below(&arguments.table).below("items");
    for (name, bound) in bounds {
        resource = bound.iter().fold(resource, |resource, bound| resource.with(name, bound));
    }
    let resource = resource.with_all(&arguments.reading.parameters());

    let mut grid = shown::items();
    // Beside a terminal that shows the items themselves a count would only be in their way.
    let bar = (!desk.printer.is_terminal()).then(|| progress(None));
    let mut seen = 0;
    let mut pages = Pages::new(resource, PAGE_ITEMS, arguments.limit);
    while let Some(page) = pages.next_page(&desk.client, &desk.asking.url)? {
        seen += page.len();
        for item in page {
            match desk.printer.format {
                Format::Json => desk.printer.line(item.get())?,
                Format::Table => grid.row(row(&item)?),
            }
        }
        if desk.printer.format == Format::Table {
            desk.printer.grid(&mut grid)?;
        }
        desk.printer.flush()?;
        if let Some(bar) = &bar {
            bar.set_message(format!("{seen} items"));
            bar.tick();
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(())
}

fn row(item: &RawValue) -> Result<[String; 4], Failure> {
    let shown = serde_json::from_str::<ShownItem<'_>>(item.get());
    let shown = shown.map_err(|error| Failure::Answer {
        url: "an item".to_owned(),
        detail: error.to_string(),
    })?;
    Ok(shown.row(Extent::Brief))
}
